"""Takeout: all that is about one person, as a zip, written by a process that is last in line for the processor.

Nothing of it is stored on the way: a file that waits to be fetched would be one more place to erase.
"""

from collections.abc import AsyncGenerator
from typing import Final

import msgspec

from tracker.readers.limits import MB, Allowance
from tracker.readers.process import read_pieces

LIMITS: Final = Allowance(768 * MB, 3600)


class Takeout(msgspec.Struct, frozen=True):
    """What is asked of the process: `person` is the number."""

    database_url: str
    person: int


def zip_pieces(asked: Takeout) -> AsyncGenerator[bytes, None]:
    """Of the zip. Raises as `read_pieces` does; what was sent is then no zip, for its directory is at the end."""
    return read_pieces(
        "tracker.readers.packer", LIMITS, msgspec.json.encode(asked), "a person's data could not be packed"
    )
