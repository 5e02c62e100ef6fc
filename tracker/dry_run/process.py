"""The process from outside: started, read, and ended with its reader."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import structlog

import tracker
from tracker.dry_run.lines import Failed, encode
from tracker.dry_run.request import Request

PROGRAM: Final = "from tracker.dry_run.run import main; main()"
PIECE: Final = 64 * 1024  # bytes read at once, and all that is held here for a slow reader
LAST_WORDS: Final = 8_000  # bytes of a traceback that go to the log

logger = structlog.get_logger()


async def lines(request: Request) -> AsyncGenerator[bytes, None]:
    """Pieces of lines (see lines.py). The process ends with this generator."""
    async with started(request) as process:
        assert process.stdout is not None and process.stderr is not None
        last = b"\n"
        while piece := await process.stdout.read(PIECE):
            yield piece
            last = piece[-1:]
        words = await process.stderr.read(LAST_WORDS)
        code = await process.wait()
    if code:
        logger.error("a dry run failed", code=code, words=words.decode(errors="replace"))
        failed = encode(Failed("Internal Server Error", 500, "Something went wrong on our side."))
        yield failed if last == b"\n" else b"\n" + failed


@asynccontextmanager
async def started(request: Request) -> AsyncIterator[Process]:
    """Killed at the end of the block, whatever it is doing: it changes nothing."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=PIECE, env=environment()
    )
    try:
        assert process.stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):  # it ended early; its exit code says so
            process.stdin.write(msgspec.json.encode(request) + b"\n")
            await process.stdin.drain()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def environment() -> dict[str, str]:
    """Ours, and where this program lies: the server may have been started from anywhere."""
    home = str(Path(tracker.__file__).parent.parent)
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}
