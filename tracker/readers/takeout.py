"""Takeout: all that is about one person, as a zip, written by a process that is last in line for the processor.

Nothing of it is stored on the way: a file that waits to be fetched would be one more place to erase.
"""

from collections.abc import AsyncGenerator
from typing import Final

import msgspec
import structlog

from tracker.errors import ReaderDied
from tracker.readers.limits import MB, Allowance
from tracker.readers.process import PIECE, start

LIMITS: Final = Allowance(768 * MB, 3600)
LAST_WORDS: Final = 8_000  # bytes of a traceback that go to the log

logger = structlog.get_logger()


class Takeout(msgspec.Struct, frozen=True):
    """What is asked of the process: `person` is the number."""

    database_url: str
    person: int


async def zip_pieces(asked: Takeout) -> AsyncGenerator[bytes, None]:
    """Of the zip. The process ends with this generator. Raises ReaderDied where it cannot be brought to its end: what
    was sent is then no zip, for its directory is at the end."""
    async with start("tracker.readers.packer", LIMITS, [msgspec.json.encode(asked) + b"\n"]) as process:
        assert process.stdout is not None and process.stderr is not None
        while piece := await process.stdout.read(PIECE):
            yield piece
        words = await process.stderr.read(LAST_WORDS)
        code = await process.wait()
    if code:
        logger.error("a person's data could not be packed", code=code, words=words.decode(errors="replace"))
        raise ReaderDied
