"""A process from outside: started with its limits, given what it needs, and ended with who asked."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

import tracker
from tracker.errors import ReaderDied
from tracker.readers.limits import Allowance

STARTING: Final = "5"  # niceness
PIECE: Final = 64 * 1024  # bytes read at once, and all that is held here for a slow reader
LAST_WORDS: Final = 8_000  # bytes of a traceback that go to the log

logger = structlog.get_logger()


@asynccontextmanager
async def start(module: str, limits: Allowance, given: bytes | int) -> AsyncIterator[Process]:
    """`main` of the module, `given` on its standard input: there nobody sees the database's password. So many bytes as
    a pipe holds, or the descriptor of a file. Killed at the end of the block, whatever it is doing: it changes nothing.
    It stands back for the live path from its first moment, and is last in line once it reads: at that already, Python
    would not come to start where a machine is busy."""
    bound = f"from tracker.readers.limits import bind; bind({limits.memory}, {limits.seconds})"
    program = f"{bound}; from {module} import main; main()"
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", STARTING, sys.executable, "-c", program),
        stdin=given if isinstance(given, int) else PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=PIECE,
        env=make_environment(),
    )
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # it ended early; its exit code says so
            if process.stdin is not None and isinstance(given, bytes):
                process.stdin.write(given)
                await process.stdin.drain()
                process.stdin.close()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def read_pieces(module: str, limits: Allowance, asked: bytes, failed: str) -> AsyncGenerator[bytes, None]:
    """What such a process writes about one line it was given. It ends with this generator. Raises ReaderDied, and says
    in the log what `failed`, where it came to no end: what was sent is then not whole."""
    async with start(module, limits, asked + b"\n") as process:
        assert process.stdout is not None and process.stderr is not None
        while piece := await process.stdout.read(PIECE):
            yield piece
        words = await process.stderr.read(LAST_WORDS)
        code = await process.wait()
    if code:
        logger.error(failed, code=code, words=words.decode(errors="replace"))
        raise ReaderDied


def make_environment() -> dict[str, str]:
    """Ours, and where this program lies: the server may have been started from anywhere. One thread for linear algebra,
    of which there is none: each would reserve 40 MB of the address space."""
    home = str(Path(tracker.__file__).parent.parent)
    found = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": found, "OPENBLAS_NUM_THREADS": "1"}
