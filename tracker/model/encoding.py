"""Encodings of JSON: what editors and other programs put before it, or write it in, is taken off before it is read."""

import codecs
from typing import Final

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
)


def make_plain(body: bytes) -> bytes:
    """The text in UTF-8 without a byte order mark (RFC 8259, 8.1: it may be ignored). ValueError where it is none."""
    for mark, encoding in MARKS:
        if body.startswith(mark):
            text = body if mark.strip(b"\0") == b"{" else body[len(mark) :]
            return text if encoding == "utf-8" else text.decode(encoding).encode()
    return body
