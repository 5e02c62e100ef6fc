"""The profile of several servers, each container run as its command stands, on other ports: no engine is needed."""

import copy
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from tests.faults.fleet import fleet
from tests.faults.watching import check, watching
from tests.integration.test_containers_run import make_secrets, service
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.proxied import SEARCH, until_up
from tests.running import RunningServer, running
from tracker.processes.nats import find_program

DEVICES: Final = 6
NO_OTHER_ACCOUNTS: Final = "#!/bin/sh\n"  # in place of chown, which takes root


@contextmanager
def started(command: list[str], folder: Path, port: int, path: str) -> Iterator[None]:
    """Until something listens there, and then as long as the block runs."""
    log = folder / f"{port}.log"
    environ = {"PATH": path, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=file, stderr=file)
    try:
        until_up(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the first container makes them."""
    programs, folder = tmp_path / "programs", tmp_path / "secrets"
    programs.mkdir()
    folder.mkdir()
    (programs / "chown").write_text(NO_OTHER_ACCOUNTS)
    (programs / "chown").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    make_secrets(folder)
    return folder


@contextmanager
def nats_container(secrets: Path) -> Iterator[str]:
    """The URL by which the servers know it."""
    port, monitor = free_port(), free_port()
    text = (secrets / "nats.conf").read_text()
    assert "0.0.0.0:4222" in text and "127.0.0.1:8222" in text
    here = secrets.parent / "nats.conf"
    here.write_text(text.replace("0.0.0.0:4222", f"127.0.0.1:{port}").replace(":8222", f":{monitor}"))
    program, *words = service("nats")["command"]
    assert (program, words[-1]) == ("nats-server", "/run/tracker/nats.conf")
    with started([find_program(), *words[:-1], str(here)], secrets.parent, port, SEARCH):
        health = service("nats")["healthcheck"]["test"][-1].replace(":8222", f":{monitor}")
        assert urllib.request.urlopen(health).status == 200
        yield (secrets / "nats_url").read_text().replace("@nats:4222", f"@127.0.0.1:{port}")


@contextmanager
def server_container(name: str, folder: Path, database_url: str, nats_url: str) -> Iterator[RunningServer]:
    """With its environment; only the addresses in the files are others."""
    files = {"database_url": database_url, "nats_url": nats_url}
    environment = service(name)["environment"]
    for file, text in files.items():
        (folder / file).write_text(text)
        assert environment[f"TRACKER_{file.upper()}_FILE"] == f"/run/tracker/{file}"
        environment[f"TRACKER_{file.upper()}_FILE"] = str(folder / file)
    with running(database_url, **environment) as server:
        yield server


@contextmanager
def balancer_container(folder: Path, servers: dict[str, RunningServer]) -> Iterator[RunningServer]:
    """One of the servers as it is reached through the balancer."""
    if shutil.which("caddy", path=SEARCH) is None:
        pytest.skip("no caddy here: Debian has it as caddy")
    port = free_port()
    [script] = service("balancer")["command"]
    assert ":8000 {" in script and "/tmp/Caddyfile" in script
    here = re.sub(r"^:8000 {", f"http://127.0.0.1:{port} {{\n  bind 127.0.0.1", script, flags=re.MULTILINE)
    for name, server in servers.items():
        here = here.replace(f"{name}:8000", server.address)
    here = here.replace("/tmp/Caddyfile", str(folder / "Caddyfile"))
    with started([*service("balancer")["entrypoint"], here], folder, port, SEARCH):
        behind = copy.copy(next(iter(servers.values())))
        behind.address = f"127.0.0.1:{port}"
        yield behind


async def test_two_servers_behind_the_balancer_and_one_of_them_dies(
    database_url: str, conn: asyncpg.Connection, secrets: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        nats_url = stack.enter_context(nats_container(secrets))
        servers = {}
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            container = server_container(name, tmp_path / name, database_url, nats_url)
            servers[name] = stack.enter_context(container)
        behind = stack.enter_context(balancer_container(tmp_path, servers))
        async with fleet(behind, DEVICES, most_fixes=5, pause_s=0.05) as driving, watching([behind], 2) as watchers:
            await driving.more_acks(4 * DEVICES)
            servers["first"].kill()
            await driving.more_acks(4 * DEVICES)
            await check(conn, driving, watchers)
