"""Whether what came packed can be opened, and is not more than one can bear."""

import zlib
from typing import Final

LARGEST_OPENED: Final = 64 * 1024 * 1024  # bytes of a tile or a directory


def is_whole(data: bytes) -> bool:
    """Whether it is gzip to its end, checksum included, and of a bearable size."""
    opened = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        size = len(opened.decompress(data, LARGEST_OPENED))
    except zlib.error:
        return False
    return opened.eof and size < LARGEST_OPENED
