"""`tracker stream`: a computer with a receiver is a device; what its receiver said is stored once, whatever ends."""

import asyncio
import os
import pty
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import asyncpg
import pytest

from tests.nmea import read_bus, write, write_epoch
from tests.ports import free_port
from tests.running import ROOT, RunningServer
from tracker.model.fix import Fix

FIXES: Final = read_bus(300)
WITHIN_S: Final = 60.0
GPSD: Final = shutil.which("gpsd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
ROWS: Final = (
    "select at, lon_e7, lat_e7 from fix join device on fix.device = device.key where device.id = $1 order by at"
)
Row = tuple[datetime, int, int]


def rows_of(fixes: Sequence[Fix]) -> list[Row]:
    return [(datetime.fromtimestamp(fix.at / 1000, UTC), fix.lon_e7, fix.lat_e7) for fix in fixes]


class Program:
    """One `tracker stream`; it ends with the block."""

    def __init__(self, url: str, device: str, token: str, buffer: Path) -> None:
        self._words = ["--url", url, "--device", device, "--buffer", str(buffer), "--interval", "0"]
        self._environ = os.environ | {"TRACKER_DEVICE_TOKEN": token}
        self.process: asyncio.subprocess.Process

    async def start(self, *words: str) -> None:
        command = [sys.executable, "-c", "from tracker.cli import main; main()", "stream", *words, *self._words]
        self.process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=self._environ, stderr=subprocess.PIPE
        )

    async def end(self) -> tuple[int, str]:
        """Its code and all that it said."""
        async with asyncio.timeout(WITHIN_S):
            _, said = await self.process.communicate()
        return self.process.returncode or 0, said.decode()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if hasattr(self, "process") and self.process.returncode is None:
            self.kill()
            await self.process.wait()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()


@pytest.fixture
def server(lodging: RunningServer) -> RunningServer:
    return lodging


@pytest.fixture
async def conn(server: RunningServer) -> AsyncIterator[asyncpg.Connection]:
    found = await asyncpg.connect(server.database_url)
    yield found
    await found.close()


async def read_rows(conn: asyncpg.Connection, device: str) -> list[Row]:
    return [tuple(row) for row in await conn.fetch(ROWS, device)]


async def until_stored(conn: asyncpg.Connection, device: str, count: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while len(await read_rows(conn, device)) < count:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.02)


async def test_a_file_of_nmea_is_stored_as_the_receiver_said_it(
    server: RunningServer, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "bus.nmea"
    file.write_bytes(write(FIXES) + b"$GPRMC,torn")
    async with Program(server.url, "bus", server.new_device("bus"), tmp_path / "kept") as program:
        await program.start("--nmea", str(file))
        code, said = await program.end()
        assert code == 0, said
        assert f"bus: {len(FIXES)} stored, 1 damaged sentences" in said
        assert await read_rows(conn, "bus") == rows_of(FIXES)
        await program.start("--nmea", str(file))
        code, said = await program.end()
        assert f"bus: {len(FIXES)} already there" in said
        assert await read_rows(conn, "bus") == rows_of(FIXES)


@asynccontextmanager
async def serial_line() -> AsyncIterator[tuple[int, str]]:
    """Where a receiver writes, and the path that is read."""
    master, slave = pty.openpty()
    try:
        yield master, os.ttyname(slave)
    finally:
        os.close(slave)
        with suppress(OSError):
            os.close(master)


def held(buffer: Path) -> int:
    """How many fixes it keeps, once the program that locked it is gone."""
    with closing(sqlite3.connect(buffer)) as file:
        return int(file.execute("select count(*) from fix").fetchone()[0])


def pages_written(buffer: Path) -> int:
    """To the journal's own journal, while the program has it: each fix is one at least."""
    log = Path(f"{buffer}-wal")
    return log.stat().st_size // 4096 if log.exists() else 0


async def test_what_was_not_sent_outlives_the_program(
    server: RunningServer, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    """A serial line, no server, kill -9; then the server is there, and so is all of it, once."""
    token = server.new_device("tractor")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        async with serial_line() as (receiver, path), Program(url, "tractor", token, tmp_path / "kept") as away:
            await away.start("--nmea", path, "--baud", "9600")
            assert away.process.stderr is not None
            await away.process.stderr.readline()  # from here on it will soon listen
            written = 0
            async with asyncio.timeout(WITHIN_S):
                while pages_written(tmp_path / "kept") < 70:
                    if written < 200:
                        os.write(receiver, write_epoch(FIXES[written]))
                        written += 1
                    await asyncio.sleep(0.02)
    kept = held(tmp_path / "kept")
    assert kept >= 50
    again = Program(server.url, "tractor", token, tmp_path / "kept")
    async with serial_line() as (receiver, path), again as program:
        await program.start("--nmea", path)
        await until_stored(conn, "tractor", kept)
        for fix in FIXES[written : written + 20]:
            os.write(receiver, write_epoch(fix))
        await until_stored(conn, "tractor", kept + 20)
    stored = await read_rows(conn, "tractor")
    assert len(stored) == len(set(stored)) == kept + 20
    assert set(stored) <= set(rows_of(FIXES[: written + 20]))


async def test_a_device_of_ones_own_in_twenty_lines(server: RunningServer, conn: asyncpg.Connection) -> None:
    url = server.url.replace("http", "ws") + "/ws/device"
    program = await asyncio.create_subprocess_exec(
        *[sys.executable, str(ROOT / "examples/own_source.py"), url, "cart"],
        cwd=ROOT,
        env=os.environ | {"TRACKER_DEVICE_TOKEN": server.new_device("cart"), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
    )
    async with asyncio.timeout(WITHIN_S):
        await program.communicate(b"24.94 60.17\n24.95 60.18\n")
    assert program.returncode == 0
    assert (await read_rows(conn, "cart"))[-1][1:] == (249500000, 601800000)


async def test_a_device_that_is_not_known_is_told_so(server: RunningServer, tmp_path: Path) -> None:
    stranger = Program(server.url, "nobody", "no-such-token", tmp_path / "kept")
    async with serial_line() as (_, path), stranger as program:
        await program.start("--nmea", path)
        code, said = await program.end()
    assert code == 1
    assert "nobody: 4501" in said
    assert "Traceback" not in said


@pytest.mark.skipif(GPSD is None or not shutil.which("gpsfake"), reason="gpsd and gpsfake are not installed")
async def test_gpsd_is_heard(server: RunningServer, conn: asyncpg.Connection, tmp_path: Path) -> None:
    file = tmp_path / "bus.nmea"
    file.write_bytes(write(FIXES[:100]))
    port = free_port()
    boat = Program(server.url, "boat", server.new_device("boat"), tmp_path / "kept")
    fake = await asyncio.create_subprocess_exec(
        *["gpsfake", "-c", "0.02", "-P", str(port), "-q", str(file)],
        env=os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with boat as program:
            await program.start("--gpsd", f"127.0.0.1:{port}")
            await until_stored(conn, "boat", 90)
    finally:
        os.killpg(fake.pid, signal.SIGKILL)
        await fake.wait()
    places = {(lon, lat) for _, lon, lat in rows_of(FIXES[:100])}
    stored = await read_rows(conn, "boat")
    near = [any(abs(lon - x) <= 2 and abs(lat - y) <= 2 for x, y in places) for _, lon, lat in stored]
    assert all(near)
    assert len({at for at, _, _ in stored}) == len(stored)
