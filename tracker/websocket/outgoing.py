"""Outgoing: messages as picows or the transport takes them."""

from collections.abc import Sequence
from typing import Final

# Above 8,192 bytes picows gives the loop its own header buffer beside the message, and writes the next header into the
# same buffer, also where uvloop has not sent the first one yet: a slow reader then finds a wrong length. So it gets a
# buffer that is the message's alone. A character is four bytes at most.
COPIED: Final = 8_192 // 4
HEADER: Final = 14  # bytes before the message, for picows to write into
LONGEST: Final = 65_536 // 4  # characters of a text whose length fits two bytes
TEXT: Final = 0x81  # one frame that is the whole of a text


def with_room(message: str | bytes) -> bytearray:
    return bytearray(HEADER) + (message.encode() if isinstance(message, str) else message)


def join_frames(texts: Sequence[str]) -> bytes:
    """Texts of LONGEST at most, each as the frame a server sends."""
    return b"".join([header(payload) + payload for payload in [text.encode() for text in texts]])


def header(payload: bytes) -> bytes:
    size = len(payload)
    return bytes((TEXT, size)) if size < 126 else bytes((TEXT, 126)) + size.to_bytes(2)
