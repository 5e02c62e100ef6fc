"""The process from outside: started, read, and ended with its reader."""

from collections.abc import AsyncGenerator
from typing import Final

import msgspec
import structlog

from tracker.dry_run.lines import ErrorLine, encode
from tracker.dry_run.request import Request
from tracker.readers.limits import MB, Allowance
from tracker.readers.process import PIECE, start

LIMITS: Final = Allowance(2048 * MB, 3600)
LAST_WORDS: Final = 8_000  # bytes of a traceback that go to the log

logger = structlog.get_logger()


async def read_lines(request: Request) -> AsyncGenerator[bytes, None]:
    """Pieces of lines (see lines.py). The process ends with this generator."""
    async with start("tracker.dry_run.run", LIMITS, [msgspec.json.encode(request) + b"\n"]) as process:
        assert process.stdout is not None and process.stderr is not None
        last = b"\n"
        while piece := await process.stdout.read(PIECE):
            yield piece
            last = piece[-1:]
        words = await process.stderr.read(LAST_WORDS)
        code = await process.wait()
    if code:
        logger.error("a dry run failed", code=code, words=words.decode(errors="replace"))
        failed = encode(ErrorLine("Internal Server Error", 500, "Something went wrong on our side."))
        yield failed if last == b"\n" else b"\n" + failed
