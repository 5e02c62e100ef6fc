"""Bodies: what stands in one, whatever it is written in, packed with or called. Nothing in here raises."""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tracker.model.encoding import make_plain

LARGEST: Final = 10_000_000  # bytes of what was packed; the rest is not looked at
MOST_VALUES: Final = 1_000  # JSON values behind each other
GZIP: Final = b"\x1f\x8b"
PART: Final = re.compile(
    r'form-data;[^\n]*?\bname="?([^";\r\n]{1,200})"?[^\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)\r?\n--', re.DOTALL
)
BLANK: Final = " \t\r\n,;\x1e"  # between JSON values that follow each other, as lines or as a text sequence
READER: Final = json.JSONDecoder(strict=False)


def is_packed(body: bytes) -> bool:
    """By its first bytes, as the header that says so may be missing, or be there without being true."""
    return body[:2] == GZIP or (body[:1] == b"\x78" and len(body) > 2 and int.from_bytes(body[:2]) % 31 == 0)


def read_text(body: bytes) -> str:
    """Bytes that are no UTF-8 are some other alphabet: what is wrong with a name must not cost the fix."""
    if is_packed(body):
        body = unpack(body, zlib.MAX_WBITS | 32) or body
    try:
        return make_plain(body).decode()
    except ValueError:
        pass
    if (text := unpack(body, -zlib.MAX_WBITS)) is not None:  # deflate as some wrote it, without the head of zlib
        body = text
    try:
        return make_plain(body).decode()
    except ValueError:
        return body.decode("latin-1")


def unpack(body: bytes, window: int) -> bytes | None:
    """None where it is not packed so, or not to its end. More than the largest is cut."""
    packed = zlib.decompressobj(window)
    try:
        text = packed.decompress(body, LARGEST)
    except zlib.error:
        return None
    return text if packed.eof or len(text) >= LARGEST else None


def read_values(text: str) -> list[Any] | None:
    """The JSON in it: one value, or several behind each other, as an app writes whose body was doubled. NaN, for which
    JSON has no word, costs its own value and not the rest. None where something else stands there, too."""
    try:
        return [msgspec.json.decode(text.encode("utf-8", "replace"))]
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    found: list[Any] = []
    at = 0
    try:
        while at < len(text) and len(found) < MOST_VALUES:
            value, at = READER.raw_decode(text, at)
            found.append(value)
            while at < len(text) and text[at] in BLANK:
                at += 1
    except (ValueError, RecursionError):
        return None
    return found or None


def read_parts(text: str) -> Mapping[str, str] | None:
    """The fields of a form in parts (RFC 7578), by name in small letters. None where it is no such form."""
    if not text.startswith("--"):
        return None
    fields: dict[str, str] = {}
    for name, value in PART.findall(text):
        fields.setdefault(name.lower(), value.strip())
    return fields or None
