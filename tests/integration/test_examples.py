"""The examples, each in its language: what they are given is stored, once each, whatever becomes of the server."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import pytest

from tests.databases import Databases, copied
from tests.running import ROOT, RunningServer, running
from tracker.setup.web import node_environ

EXAMPLES: Final = ROOT / "examples"
WITHIN_S: Final = 90.0  # a busy machine starts a server in many seconds
COUNT: Final = 900  # fixes: more frames than the window holds
Fix = dict[str, object]


def python(folder: Path) -> list[str]:
    return [sys.executable, str(EXAMPLES / "device.py")]


def javascript(folder: Path) -> list[str]:
    node = shutil.which("node", path=node_environ()["PATH"])
    assert node, "Node belongs to the environment"
    known = subprocess.run([node, "-p", "typeof WebSocket"], capture_output=True, text=True, check=True).stdout.strip()
    return [node, *(["--experimental-websocket"] if known == "undefined" else []), str(EXAMPLES / "device.mjs")]


def c(folder: Path) -> list[str] | str:
    if not (
        shutil.which("cc") and Path("/usr/include/libwebsockets.h").exists() and Path("/usr/include/cjson").exists()
    ):
        return "no compiler with libwebsockets here: Debian has them as gcc, libwebsockets-dev and libcjson-dev"
    program = str(folder / "device")
    sources = ["-Wall", "-Werror", str(EXAMPLES / "device.c"), "-lwebsockets", "-lcjson"]
    subprocess.run(["cc", "-o", program, *sources], check=True, timeout=600)
    return [program]


def go(folder: Path) -> list[str] | str:
    library = Path("/usr/share/gocode/src/github.com/gorilla/websocket")
    if not (shutil.which("go") and library.exists()):
        return "no Go with gorilla/websocket here: Debian has them as golang-go and golang-github-gorilla-websocket-dev"
    program = str(folder / "device")
    debian = {"GOPATH": "/usr/share/gocode", "GO111MODULE": "off", "GOCACHE": str(folder / "cache")}
    command = ["go", "build", "-o", program, str(EXAMPLES / "device.go")]
    subprocess.run(command, env=os.environ | debian, check=True, timeout=600)  # Go compiles what it links
    return [program]


def perl(folder: Path) -> list[str] | str:
    known = shutil.which("perl") and subprocess.run(
        ["perl", "-MProtocol::WebSocket::Frame", "-MJSON::PP", "-e", "1"], capture_output=True, check=False
    )
    if not known or known.returncode:
        return "no Perl with Protocol::WebSocket here: Debian has it as libprotocol-websocket-perl"
    return ["perl", str(EXAMPLES / "device.pl")]


BUILDS: Final[dict[str, Callable[[Path], list[str] | str]]] = {
    "Python": python,
    "JavaScript": javascript,
    "C": c,
    "Go": go,
    "Perl": perl,
}


@dataclass(frozen=True)
class Told:
    """What became of one example."""

    lost: bytes  # its first line after the kill
    code: int
    refusal: bytes  # what it said of a token that is none
    refused: int  # and its exit code
    stored: list[tuple[datetime, int]]


class Run:
    """One device, whose program reads what a test writes."""

    def __init__(self, command: list[str], server: RunningServer) -> None:
        self.command = command
        self.url = f"ws://{server.address}/ws/device"
        self.process: asyncio.subprocess.Process

    async def start(self, id: str, token: str) -> None:
        dash = ["-"] if self.command[-1].endswith(".py") else []
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            *self.command, id, token, self.url, *dash, stdin=pipe, stderr=pipe
        )

    async def write(self, fixes: list[Fix]) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"".join(msgspec.json.encode(fix) + b"\n" for fix in fixes))
        await self.process.stdin.drain()

    async def complaints(self) -> bytes:
        assert self.process.stderr
        return await self.process.stderr.read()

    async def complaint(self) -> bytes:
        assert self.process.stderr
        return await self.process.stderr.readline()

    def kill(self) -> None:
        if hasattr(self, "process") and self.process.returncode is None:
            self.process.kill()

    async def end(self) -> int:
        assert self.process.stdin
        self.process.stdin.close()
        return await self.process.wait()


def make_fixes(count: int) -> list[Fix]:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=count)
    times = (began + timedelta(seconds=each) for each in range(count))
    return [{"at": at.isoformat(), "lon": 24.9 + each * 1e-5, "lat": 60.17} for each, at in enumerate(times)]


FIXES: Final = make_fixes(COUNT)


async def write(runs: dict[str, Run], fixes: list[Fix]) -> None:
    for run in runs.values():
        await run.write(fixes)


async def until_stored(conn: asyncpg.Connection, fix: Fix, devices: int) -> None:
    """Until all have it, or a later one. Others may be lost, which is for the test to say."""
    query = "select count(distinct device) from fix where at >= $1"
    at = datetime.fromisoformat(str(fix["at"]))
    while await conn.fetchval(query, at) < devices:  # noqa: ASYNC110  # a database tells nobody
        await asyncio.sleep(0.05)


async def run_all(server: RunningServer, database_url: str, commands: dict[str, list[str]]) -> dict[str, Told]:
    """All at once, for most of the time is waiting: a server killed while frames are under way, and started again."""
    tokens = {name: server.new_device(name) for name in commands}
    runs = {name: Run(command, server) for name, command in commands.items()}
    strangers = {name: Run(command, server) for name, command in commands.items()}
    everyone = [*runs.values(), *strangers.values()]
    conn = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(WITHIN_S):
            for name in commands:
                await strangers[name].start(name, "no token")
                await runs[name].start(name, tokens[name])
            refusals = {name: await run.complaints() for name, run in strangers.items()}
            await write(runs, FIXES[:10])
            await until_stored(conn, FIXES[0], len(runs))
            await write(runs, FIXES[10 : COUNT // 2])
            server.kill()  # frames are under way
            lost = {name: await run.complaint() for name, run in runs.items()}
            await write(runs, FIXES[COUNT // 2 : -10])
            await asyncio.to_thread(server.start)
            await until_stored(conn, FIXES[-11], len(runs))
            await write(runs, FIXES[-10:])
            codes = {name: await run.end() for name, run in runs.items()}
            refused = {name: await run.end() for name, run in strangers.items()}
        query = "select at, lon_e7 from fix join device on fix.device = device.key where device.id = $1 order by at"
        rows = {name: [(row["at"], row["lon_e7"]) for row in await conn.fetch(query, name)] for name in commands}
    finally:
        for run in everyone:
            run.kill()
        await conn.close()
    return {name: Told(lost[name], codes[name], refusals[name], refused[name], rows[name]) for name in commands}


@pytest.fixture(scope="module")
def told(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told | str]]:
    """Of each example; of one whose tools are not here, the reason."""
    built = {name: build(tmp_path_factory.mktemp(name)) for name, build in BUILDS.items()}
    commands = {name: command for name, command in built.items() if isinstance(command, list)}
    missing = {name: reason for name, reason in built.items() if isinstance(reason, str)}
    with copied(databases) as url, running(url) as server:
        yield asyncio.run(run_all(server, url, commands)) | missing


@pytest.mark.parametrize("language", BUILDS)
def test_exactly_what_it_was_given_is_stored_though_the_server_is_killed(
    told: dict[str, Told | str], language: str
) -> None:
    done = told[language]
    if isinstance(done, str):
        pytest.skip(done)
    assert b"closed: 1006" in done.lost
    assert done.code == 0
    expected = [(datetime.fromisoformat(str(fix["at"])), round(float(str(fix["lon"])) * 1e7)) for fix in FIXES]
    assert done.stored == expected
    assert done.refused == 1 and f"the server refuses {language}: 4".encode() in done.refusal
