"""Where the fixes of a receiver come from: a gpsd, a serial line, a file, a pipe."""

import asyncio
import os
import stat
import termios
import tty
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing, suppress
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from tracker.client.backoff import Ending, choose_wait
from tracker.errors import Invalid, TrackerError
from tracker.model.fix import Fix
from tracker.receiver import gpsd
from tracker.receiver.nmea import Nmea

CHUNK: Final = 4096
CONNECT_S: Final = 10.0
LONGEST_REPORT: Final = 1 << 20  # of gpsd's: a list of all satellites has some thousand bytes
BAUD_RATES: Final = {
    rate: getattr(termios, f"B{rate}") for rate in (4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800)
}

Say = Callable[[str], None]  # to the person at the terminal


class NoReceiver(TrackerError):
    """What should be read cannot be opened."""


class GpsdAddress(NamedTuple):
    """Of a gpsd."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(text: str) -> GpsdAddress:
    """`HOST:PORT`, `[::1]:2947`, or only a host. Raises Invalid."""
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, "2947"
    if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise Invalid(f"gpsd: expected HOST:PORT, not {text}", field="gpsd")
    return GpsdAddress(host.strip("[]"), int(port))


async def watch_gpsd(address: GpsdAddress, say: Say, rng: Random) -> AsyncGenerator[Fix]:
    """For ever: a gpsd that is away is tried again. Of several receivers only the first that is heard counts, for a
    device is in one place."""
    device, failures = "", 0
    while True:
        reason = "it closed the connection"
        try:
            async with aclosing(_converse(address)) as reports:
                async for report in reports:
                    fix = gpsd.read_fix(report)
                    if fix is not None and (device or report.device) == report.device:
                        device, failures = report.device, 0
                        yield fix
        except (OSError, TimeoutError, asyncio.LimitOverrunError, ValueError) as error:
            reason = str(error) or type(error).__name__
        if failures == 0:  # once, not every half minute
            say(f"gpsd at {address}: {reason}; trying again")
        failures += 1
        await asyncio.sleep(choose_wait(Ending(1006), failures, rng))


async def _converse(address: GpsdAddress) -> AsyncGenerator[gpsd.Tpv]:
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_connection(*address, limit=LONGEST_REPORT)
    with closing(writer):
        writer.write(gpsd.WATCH)
        while line := await reader.readline():
            if report := gpsd.decode(line):
                yield report


async def read_nmea(path: Path, nmea: Nmea, baud: int | None) -> AsyncGenerator[Fix]:
    """Until the file ends: a serial line when it is unplugged, a pipe when it is closed. Raises NoReceiver."""
    try:
        descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_NOCTTY)
    except OSError as error:
        raise NoReceiver(f"{path}: {error.strerror}") from error
    try:
        if os.isatty(descriptor):
            _set_line(descriptor, baud)
        async with aclosing(_chunks(descriptor)) as chunks:
            async for chunk in chunks:
                for fix in nmea.feed(chunk):
                    yield fix
    finally:
        os.close(descriptor)
    for fix in nmea.finish():
        yield fix


def _set_line(descriptor: int, baud: int | None) -> None:
    """Bytes as they come; the speed stays as it is set unless one is named."""
    tty.setraw(descriptor, termios.TCSANOW)  # not its default, which throws away what came already
    if baud is not None:
        line = termios.tcgetattr(descriptor)
        line[4] = line[5] = BAUD_RATES[baud]
        termios.tcsetattr(descriptor, termios.TCSANOW, line)


async def _chunks(descriptor: int) -> AsyncGenerator[bytes]:
    """A disk's file is always ready, and a loop cannot wait for one; all else is waited for."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        while chunk := os.read(descriptor, CHUNK):
            yield chunk
        return
    os.set_blocking(descriptor, False)
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        while True:
            await ready.wait()
            ready.clear()
            with suppress(BlockingIOError):
                if not (chunk := _read_or_end(descriptor)):
                    return
                yield chunk
    finally:
        loop.remove_reader(descriptor)


def _read_or_end(descriptor: int) -> bytes:
    """A terminal whose other end is gone says so by an error, not by an end."""
    try:
        return os.read(descriptor, CHUNK)
    except BlockingIOError:
        raise
    except OSError:
        return b""
