"""Frames into messages."""

import codecs
import io
from collections.abc import Callable
from typing import Final

PROTOCOL_ERROR: Final = 1002
INVALID_TEXT: Final = 1007
POLICY: Final = 1008
TOO_BIG: Final = 1009
NO_STATUS: Final = 1005
GONE: Final = 1006

_CODES_ON_THE_WIRE: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


class Violation(Exception):
    """The peer broke the protocol or a limit; `code` is what to close with."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Assembly:
    """A message that comes in fragments. Text is checked as it comes, so that bad text fails before its last frame."""

    __slots__ = ("_decode", "_limit", "_message", "_size")

    def __init__(self, *, text: bool, limit: int) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")().decode if text else None
        # A buffer, not a list of parts: 65,536 fragments of one byte would cost 50 times their size in a list.
        self._message: io.StringIO | io.BytesIO = io.StringIO() if text else io.BytesIO()
        self._limit = limit
        self._size = 0

    def add(self, payload: bytes, *, last: bool) -> str | bytes | None:
        """The whole message once its last fragment is there."""
        self._size += len(payload)
        if self._size > self._limit:
            raise Violation(TOO_BIG, "message too big")
        if isinstance(self._message, io.StringIO):
            assert self._decode is not None
            self._message.write(_decode_piece(self._decode, payload, last))
        else:
            self._message.write(payload)
        return self._message.getvalue() if last else None


def _decode_piece(decode: Callable[[bytes, bool], str], payload: bytes, last: bool) -> str:
    try:
        return decode(payload, last)
    except UnicodeDecodeError:
        raise Violation(INVALID_TEXT, "not UTF-8") from None


def read_close_code(payload: bytes) -> int:
    """The code of a close frame; NO_STATUS where it has none. Raises Violation where it may not be sent."""
    if not payload:
        return NO_STATUS
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not (code in _CODES_ON_THE_WIRE or 3000 <= code <= 4999):
        raise Violation(PROTOCOL_ERROR, "invalid close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise Violation(INVALID_TEXT, "not UTF-8") from None
    return code
