"""The process from outside: started, read, and ended with its reader."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from tracker.dry_run.lines import ErrorLine, encode
from tracker.dry_run.request import Request
from tracker.errors import ReaderDied
from tracker.readers.limits import MB, Allowance
from tracker.readers.process import read_pieces

LIMITS: Final = Allowance(2048 * MB, 3600)


async def read_lines(request: Request) -> AsyncGenerator[bytes, None]:
    """Pieces of lines (see lines.py). The process ends with this generator."""
    last = b"\n"
    asked = msgspec.json.encode(request)
    try:
        async with aclosing(read_pieces("tracker.dry_run.run", LIMITS, asked, "a dry run failed")) as pieces:
            async for piece in pieces:
                yield piece
                last = piece[-1:]
    except ReaderDied:
        failed = encode(ErrorLine("Internal Server Error", 500, "Something went wrong on our side."))
        yield failed if last == b"\n" else b"\n" + failed
