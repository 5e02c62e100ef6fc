"""Encodings of JSON: what editors and other programs put before it, or write it in, is taken off before it is read."""

import codecs
from collections.abc import Mapping
from typing import Final

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Which of the first four bytes are zero: the first two letters are of ASCII in all that is read here (RFC 4627, 3).
UNMARKED: Final[Mapping[tuple[bool, ...], str]] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}


def make_plain(body: bytes) -> bytes:
    """The text in UTF-8 without a byte order mark (RFC 8259, 8.1: it may be ignored). ValueError where it is none."""
    for mark, encoding in MARKS:
        if body.startswith(mark):
            text = body[len(mark) :]
            return text if encoding == "utf-8" else text.decode(encoding).encode()
    unmarked = UNMARKED.get(tuple(byte == 0 for byte in body[:4]))
    return body if unmarked is None else body.decode(unmarked).encode()
