"""Export: geofences leave as one collection, from a process that is last in line for the processor."""

from collections.abc import AsyncGenerator
from typing import Final

import msgspec

from tracker.model.sight import Sight
from tracker.readers.limits import MB, Allowance
from tracker.readers.process import read_pieces

LIMITS: Final = Allowance(768 * MB, 600)


class Export(msgspec.Struct, frozen=True):
    """What is asked of the process. `revision`: of the last change before it was begun; `rfc7946`: what runs past
    180 degrees is cut there."""

    database_url: str
    sight: Sight
    revision: int
    rfc7946: bool


def export_pieces(export: Export) -> AsyncGenerator[bytes, None]:
    """Of the collection. Raises as `read_pieces` does; what was sent is then no JSON, and its reader notices."""
    return read_pieces("tracker.readers.exporter", LIMITS, msgspec.json.encode(export), "an export failed")
