"""Bodies: what stands in one, whatever it is written in, packed with or called. Nothing in here raises."""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tracker.model.encoding import make_plain
from tracker.phones.commas import settle

LARGEST: Final = 10_000_000  # bytes of what was packed; the rest is not looked at
FAIR: Final = 20  # times as many bytes as it was packed in: what a phone says over and over packs to no less
ANYWAY: Final = 1_000_000  # bytes that a small one may become
MOST_VALUES: Final = 1_000  # JSON values behind each other
GZIP: Final = b"\x1f\x8b"
MOST_MEMBERS: Final = 100  # of one gzip body: each costs a copy of all that is behind it
MOST_PARTS: Final = 200  # of a form
NAME: Final = re.compile(r'\bname="?([^";\n]{1,200})')
HEAD: Final = 1_000  # characters of a part's head in which its name is looked for
BLANK: Final = " \t\r\n,;\x1e"  # between JSON values that follow each other, as lines or as a text sequence
READER: Final = json.JSONDecoder(strict=False)


def may_be_packed(body: bytes) -> bool:
    """Whether it may become many more bytes than it is. By what it is, as the header that says so may be missing, or be
    there without being true. Deflate without the head of zlib has no mark of its own, but it is never text."""
    return is_packed(body) or read_plain(body) is None


def is_packed(body: bytes) -> bool:
    return body[:2] == GZIP or (body[:1] == b"\x78" and len(body) > 2 and int.from_bytes(body[:2]) % 31 == 0)


def read_text(body: bytes) -> str:
    return read_body(body)[0]


def read_body(body: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Its text, and what cannot be read behind it, as (why, what came). Bytes that are no UTF-8 are some other
    alphabet: what is wrong with a name must not cost the fix."""
    unpacked = unpack(body, zlib.MAX_WBITS | 32) if is_packed(body) else None
    if unpacked is None and read_plain(body) is None:
        unpacked = unpack(body, -zlib.MAX_WBITS)  # deflate as some wrote it, without the head of zlib
    body, lost = unpacked or (body, 0)
    text = read_plain(body)
    faults = (("the rest of what is packed cannot be read", f"{lost} bytes"),) if lost else ()
    return body.decode("latin-1") if text is None else text, faults


def read_plain(body: bytes) -> str | None:
    try:
        return make_plain(body).decode()
    except ValueError:
        return None


def unpack(body: bytes, window: int) -> tuple[bytes, int] | None:
    """With how many bytes behind it cannot be read. None where it is not packed so, or not to its end. Several members
    of gzip behind each other are one text (RFC 1952, 2.2). More than is fair is cut."""
    left = min(LARGEST, max(ANYWAY, FAIR * len(body)))
    pieces: list[bytes] = []
    for _ in range(MOST_MEMBERS):
        packed = zlib.decompressobj(window)
        try:
            piece = packed.decompress(body, left)
        except zlib.error:
            break
        left -= len(piece)
        if left > 0 and not packed.eof:
            break
        pieces.append(piece)
        body = packed.unused_data
        if left <= 0 or body[:2] != GZIP:
            return b"".join(pieces), 0
    return (b"".join(pieces), len(body)) if pieces else None


def read_values(text: str) -> tuple[list[Any], str]:
    """The JSON in it: one value, or several behind each other, as an app writes whose body was doubled; and what stands
    behind the last that is read. NaN, for which JSON has no word, costs its own value and not the rest. No value where
    something else stands there, too."""
    try:
        return [msgspec.json.decode(text.encode("utf-8", "replace"))], ""
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
        return [], text
    return found, text[at:]


def read_parts(text: str) -> Mapping[str, str] | None:
    """The fields of a form in parts (RFC 7578), by name in small letters. None where it is no such form."""
    if not text.startswith("--"):
        return None
    text = "\n" + text.replace("\r\n", "\n")
    boundary = text.split("\n", 2)[1].rstrip()
    fields: dict[str, str] = {}
    for part in text.split("\n" + boundary, MOST_PARTS)[1:]:
        head, _, value = part.partition("\n\n")
        if (name := NAME.search(head[:HEAD])) is not None:
            fields.setdefault(name[1].lower(), value.strip())
    return settle(fields) or None
