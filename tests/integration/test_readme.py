"""The README's story, pasted block by block into a shell in the order it stands there, against a real server."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.patience import PATIENCE_S, soon
from tests.ports import free_port
from tests.running import RunningServer

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 90.0  # the van needs seven seconds to the geofence, and five inside; the rest is for a busy machine
EVENT = re.compile(r"^event: enter\n(?:id: .*\n)?data: .*van-12", re.M)


def blocks() -> list[str]:
    """Those of the story, without the ones that begin again with other devices."""
    story = (ROOT / "README.md").read_text().split("## What next")[1].split("Or let others move")[0]
    return re.findall(r"^```\n(.*?)^```$", story, re.M | re.S)


@pytest.fixture
def port() -> int:
    """The README's own may be taken here."""
    return free_port()


async def test_the_story_works_as_pasted_and_shows_an_event(empty_database_url: str, tmp_path: Path, port: int) -> None:
    serve, *rest = [block.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for block in blocks()]
    assert "serve" in serve and len(rest) >= 4
    # The device's own default address is the README's; here it is told another.
    rest = [block.replace("$DEVICE_TOKEN &", f"$DEVICE_TOKEN ws://127.0.0.1:{port}/ws/device &") for block in rest]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")} | {
        "TRACKER_DATABASE_URL": empty_database_url,
        "TRACKER_DATA": str(tmp_path / "data"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # python3 is the one we were made for
    }
    with pasted(serve, environ, tmp_path / "server") as heard:
        wait(heard, re.compile("^listening on", re.M))
        with pasted("".join(rest), environ, tmp_path / "story") as story:
            wait(story, EVENT)
    conn = await asyncpg.connect(empty_database_url)
    assert await conn.fetchval("select count(*) from fix") >= 7
    await conn.close()


@contextmanager
def pasted(text: str, environ: dict[str, str], out: Path) -> Iterator[Path]:
    """A shell that reads `text` as if it was typed; ended with all that it started."""
    with out.open("wb") as said:
        shell = subprocess.Popen(
            ["bash", "-s"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    assert shell.stdin
    shell.stdin.write(text.encode())
    shell.stdin.close()
    try:
        yield out
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        shell.wait(PATIENCE_S)


def wait(out: Path, wanted: re.Pattern[str]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not wanted.search(out.read_text()):
        assert time.monotonic() < deadline, out.read_text()
        time.sleep(0.1)


async def test_the_example_loses_nothing_while_the_server_is_away(
    server: RunningServer, database_url: str, tmp_path: Path
) -> None:
    token, said = server.new_device("van-12"), tmp_path / "device"
    line = f"exec {sys.executable} examples/device.py van-12 {token} ws://{server.address}/ws/device"
    conn = await asyncpg.connect(database_url)
    with pasted(line, dict(os.environ), said):
        await until(conn, "select count(*) >= 2 from fix")
        server.kill()
        wait(said, re.compile("(closed: 1006.*\\s+){2}"))  # it has tried again at least once, and measured meanwhile
        stored = await conn.fetchval("select count(*) from fix")
        server.start()
        await until(conn, f"select count(*) >= {stored + 3} from fix")
    gaps = await conn.fetch("select at - lag(at) over (order by at) as gap from fix")
    await conn.close()
    assert max(row["gap"].total_seconds() for row in gaps if row["gap"]) < soon(3.0), "a hole in the track"


def test_the_example_ends_where_the_server_refuses_it(server: RunningServer) -> None:
    command = [sys.executable, "examples/device.py", "van-12", "no token", f"ws://{server.address}/ws/device"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert "refuses van-12: 401" in done.stderr.splitlines()[-1]


async def until(conn: asyncpg.Connection, query: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not await conn.fetchval(query):
        assert time.monotonic() < deadline, query
        await asyncio.sleep(0.1)
