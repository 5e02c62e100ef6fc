"""A disk so full that PostgreSQL's own log cannot grow: it panics, cannot start, and is back when there is room."""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pytest

from tests.lines import read_lines
from tests.patience import PATIENCE_S
from tests.running import RunningServer, Talk
from tracker.model.moment import format_ms, now_ms
from tracker.postgis.cluster import Cluster
from tracker.postgis.postmaster import running_pid

SIZE: Final = 220  # MB: a new cluster has 90
FULL: Final = "the disk with PostgreSQL's data is full"


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small file system of its own."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-"))
    folder.chmod(0o711)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=711", "tmpfs", folder], capture_output=True, check=False
    )
    try:
        if made.returncode:
            pytest.skip("a file system can be mounted by root only, where that is allowed")
        yield folder
        subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()


@asynccontextmanager
async def served(disk: Path) -> AsyncIterator[RunningServer]:
    server = RunningServer("", TRACKER_DATA=str(disk / "data"))
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.stop)
        server.end()


def fill(disk: Path) -> Path:
    """What takes all that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 10))
    return filler


async def panic(disk: Path) -> None:
    """The next write needs a segment that there is no room for."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        conn = await asyncpg.connect(Cluster(disk / "data").url)
        for _ in range(3):
            await conn.execute("select pg_switch_wal()")
            await conn.execute("select pg_logical_emit_message(true, 'test', 'x')")


async def until(condition: Callable[[], object], within: float = PATIENCE_S) -> None:
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def reasons(server: RunningServer) -> str:
    answer = httpx2.get(f"{server.url}/readyz", timeout=PATIENCE_S)
    return answer.text if answer.status_code == 503 else ""


def lines_about(server: RunningServer, event: str) -> int:
    return sum(f'"event": "{event}' in line for line in read_lines(server.log))


async def send(device: Talk, seqs: range) -> None:
    for seq in seqs:
        assert (await device.fixes(seq, fix(seq)))["stored"] == 1


def fix(seq: int) -> dict[str, object]:
    """No two of them in the same millisecond, which would be a conflict."""
    return {"at": format_ms(now_ms() // 1000 * 1000 + seq), "lon": 24.9 + seq / 1e5, "lat": 60.2}


async def count_fixes(disk: Path) -> int:
    conn = await asyncpg.connect(Cluster(disk / "data").url)
    try:
        return int(await conn.fetchval("select count(*) from fix"))
    finally:
        await conn.close()


async def test_the_log_cannot_grow(disk: Path) -> None:
    async with served(disk) as server:
        token = server.new_device("van")
        async with server.device("van", token) as device, server.viewer() as viewer:
            await send(device, range(1, 21))
            filler = fill(disk)
            await panic(disk)
            await device.say(type="fixes", seq=21, fixes=[fix(21)])
            await until(lambda: running_pid(disk / "data/pgdata") is None)
            await until(lambda: FULL in reasons(server))
            assert httpx2.get(f"{server.url}/livez", timeout=PATIENCE_S).status_code == 200
            await until(lambda: lines_about(server, "PostgreSQL cannot be started"))
            with pytest.raises(TimeoutError):
                await device.hear("ack", within=3)
            assert lines_about(server, "PostgreSQL cannot be started") == 1
            assert lines_about(server, "the database still does not answer") <= 1

            filler.unlink()
            assert (await device.hear("ack"))["seq"] == 21
            await send(device, range(22, 31))
            await until(lambda: not reasons(server))
            while (await viewer.hear("positions"))["positions"][0]["lon"] != round(24.9 + 30 / 1e5, 7):
                pass
        assert await count_fixes(disk) == 30


async def test_a_server_that_is_started_meanwhile(disk: Path) -> None:
    async with served(disk) as server:
        token = server.new_device("van")
        async with server.device("van", token) as device:
            await send(device, range(1, 6))
        filler = fill(disk)
        await panic(disk)
        await until(lambda: running_pid(disk / "data/pgdata") is None)
        await asyncio.to_thread(server.kill)
        starting = asyncio.ensure_future(asyncio.to_thread(server.start))
        await until(lambda: lines_about(server, "PostgreSQL cannot be started"))
        assert not starting.done()
        filler.unlink()
        await starting
        async with server.device("van", token) as device:
            assert device.welcome["acked"] in range(6)
            await send(device, range(6, 8))
        assert await count_fixes(disk) == 7
