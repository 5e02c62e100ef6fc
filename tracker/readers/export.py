"""Export: geofences leave as one collection, from a process that is last in line for the processor."""

from collections.abc import AsyncGenerator
from typing import Final

import msgspec
import structlog

from tracker.errors import ReaderDied
from tracker.model.sight import Sight
from tracker.readers.limits import MB, Allowance
from tracker.readers.process import PIECE, start

LIMITS: Final = Allowance(768 * MB, 600)
LAST_WORDS: Final = 8_000  # bytes of a traceback that go to the log

logger = structlog.get_logger()


class Export(msgspec.Struct, frozen=True):
    """What is asked of the process. `revision`: of the last change before it was begun; `rfc7946`: what runs past
    180 degrees is cut there."""

    database_url: str
    sight: Sight
    revision: int
    rfc7946: bool


async def export_pieces(export: Export) -> AsyncGenerator[bytes, None]:
    """Of the collection. The process ends with this generator. Raises ReaderDied where it cannot be brought to its end:
    what was sent is then no JSON, and its reader notices."""
    async with start("tracker.readers.exporter", LIMITS, [msgspec.json.encode(export) + b"\n"]) as process:
        assert process.stdout is not None and process.stderr is not None
        while piece := await process.stdout.read(PIECE):
            yield piece
        words = await process.stderr.read(LAST_WORDS)
        code = await process.wait()
    if code:
        logger.error("an export failed", code=code, words=words.decode(errors="replace"))
        raise ReaderDied
