"""What each container runs, run here as it stands in the container files: no engine is needed."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.integration.test_containers import COMPOSE, DOCKERFILE, ROOT, compose
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.running import RunningServer

ROOTLESS = "gives files to other accounts, which takes root"


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(compose(COMPOSE, "--format", "json", profile="several").stdout)["services"][name]
    return found


def make_secrets(folder: Path) -> None:
    """As the container does it, where this account may."""
    secrets = service("secrets")
    command = [*secrets["entrypoint"], *(each.replace("$$", "$") for each in secrets["command"])]
    subprocess.run(command, cwd=folder, check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason=ROOTLESS)
def test_the_secrets_are_made_once_and_each_is_for_one_account(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    password, other = made["database_password"], made["nats_password"]
    assert password != other and all(re.fullmatch("[0-9a-f]{48}", each) for each in (password, other))
    assert made["database_url"] == f"postgresql://tracker:{password}@database/tracker"
    assert made["nats_url"] == f"nats://tracker:{other}@nats:4222"
    assert f'user: tracker, password: "{other}"' in made["nats.conf"]
    make_secrets(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == made
    assert (tmp_path / "database_password").owner() == "postgres"
    owners = {path.name: path.stat().st_uid for path in tmp_path.iterdir() if path.name != "database_password"}
    assert owners == {"nats_password": os.geteuid(), "database_url": 10001, "nats_url": 10001, "nats.conf": 10002}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o400 for path in tmp_path.iterdir())


def test_who_needs_the_secrets_waits_for_them_and_cannot_change_them() -> None:
    for name in ("server", "first", "second", "nats", "database"):
        assert service(name)["depends_on"]["secrets"]["condition"] == "service_completed_successfully"
        mounted = next(each for each in service(name)["volumes"] if each["source"] == "secrets")
        named = service(name).get("environment", {}).items()
        files = [value for key, value in named if key.endswith("_FILE")] or service(name)["command"][-1:]
        assert mounted["read_only"] and {str(Path(file).parent) for file in files} == {mounted["target"]}


def instruction(name: str) -> str:
    """The last one of this name, as the image has it."""
    found: str = re.findall(rf"^{name} (.*(?:\\\n.*)*)$", DOCKERFILE.read_text(), re.M)[-1]
    return found


def test_the_image_serves_is_healthy_and_gives_a_link(empty_database_url: str, tmp_path: Path) -> None:
    """As the image is laid out, without uv.lock; only paths, ports and the database are this machine's."""
    image = tmp_path / "app"
    image.mkdir()
    for name in ("sql", "docs", "tracker"):
        shutil.copytree(ROOT / name, image / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "database_url").write_text(empty_database_url + "\n")
    port = free_port()
    given = dict(each.split("=", 1) for each in instruction("ENV").split()) | service("server")["environment"]
    environ = given | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(image),
        "TRACKER_BIND": given["TRACKER_BIND"].replace("8000", str(port)),
        "TRACKER_DATABASE_URL_FILE": str(tmp_path / "database_url"),
        "TRACKER_DATA": "/proc/nothing",  # as on the read-only file system of the container
    }
    entry, health = json.loads(instruction("ENTRYPOINT")), json.loads(instruction("HEALTHCHECK").split("CMD ")[1])
    server = subprocess.Popen([*entry, *json.loads(instruction("CMD"))], cwd=image, env=environ, stderr=subprocess.PIPE)
    try:
        assert server.stderr
        said = b""
        while b"listening on" not in said:
            said += (line := server.stderr.readline())
            assert line, said
        assert b"no sign-in link was written" in said and b"`tracker sign-in` makes one" in said
        assert subprocess.run(health, cwd=image, env=environ, check=False).returncode == 0
        link = subprocess.run([*entry, "sign-in"], cwd=image, env=environ, capture_output=True, text=True, check=True)
        assert link.stdout.startswith("http://127.0.0.1:8000/#link=")
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE_S)
    assert subprocess.run(health, cwd=image, env=environ, capture_output=True, check=False).returncode == 1


def test_health_is_asked_by_https_where_the_server_speaks_it(database_url: str, tmp_path: Path) -> None:
    trustme.CA().issue_cert("tracker.example").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    tls = {"TRACKER_TLS_CERTIFICATE": str(tmp_path / "both.pem"), "TRACKER_TLS_KEY": str(tmp_path / "both.pem")}
    server = RunningServer(database_url, **tls)
    server.start(until_ready=False)
    environ = {"PATH": os.environ["PATH"], "TRACKER_BIND": server.address}
    command = [sys.executable, "-m", "tracker.health"]
    try:
        assert subprocess.run(command, cwd=ROOT, env=environ | tls, check=False).returncode == 0
        assert subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False).returncode == 1
    finally:
        server.end()


def test_a_server_that_stands_by_is_healthy(server: RunningServer) -> None:
    """It is not ready, and an orchestrator that ended it for that would take away what it is for."""
    second = RunningServer(server.database_url)
    second.start(until_ready=False)
    environ = {"PATH": os.environ["PATH"], "TRACKER_BIND": second.address}
    try:
        assert not second.is_ready()
        command = [sys.executable, "-m", "tracker.health"]
        assert subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0
    finally:
        second.end()
