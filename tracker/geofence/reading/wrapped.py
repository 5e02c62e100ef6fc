"""GeoJSON that is no FeatureCollection and means one: a Feature or a geometry alone, an array of features, or one in
each line (RFC 8142, newline-delimited GeoJSON)."""

from contextlib import suppress
from typing import Final

import msgspec

from tracker.geofence.reading.mended import mend

LARGEST_ALONE: Final = 5 * 1024 * 1024  # bytes: more is in a collection, whose type nobody reads twice
BLANK: Final = b" \t\r\n\x1e"  # with the record separator of RFC 8142
GEOMETRIES: Final = frozenset(
    ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
)
HEAD, TAIL = b'{"type":"FeatureCollection","features":[', b"]}"


class TypeOnly(msgspec.Struct, frozen=True):
    type: str = ""


def wrap(body: bytes) -> bytes:
    """The same as a FeatureCollection; what is none of these is given back as it is."""
    text = body.strip(BLANK)
    if text.startswith(b"[") and not text[1:].lstrip().startswith(b"]"):
        return HEAD[:-1] + text + TAIL[1:]
    lines = _find_lines(text)
    if len(lines) > 1:
        return HEAD + b",".join(lines) + TAIL
    kind = find_type(text) if len(text) <= LARGEST_ALONE else None
    if kind == "Feature":
        return HEAD + text + TAIL
    if kind in GEOMETRIES:
        return HEAD + b'{"type":"Feature","properties":{},"geometry":' + text + b"}" + TAIL
    return text if b"\x1e" in body else body


def _find_lines(text: bytes) -> list[bytes]:
    """Those that are a feature each; a file that is laid out over lines begins with one that is no JSON."""
    separator = b"\x1e" if b"\x1e" in text else b"\n"
    first = text.partition(separator)[0]
    if len(first) == len(text) or len(first) > LARGEST_ALONE or find_type(first) != "Feature":
        return []
    return [line for each in text.split(separator) if (line := each.strip(BLANK))]


def find_type(text: bytes) -> str | None:
    with suppress(msgspec.DecodeError, ValueError, RecursionError):
        return msgspec.json.decode(text, type=TypeOnly).type
    with suppress(msgspec.DecodeError, ValueError, RecursionError):
        return msgspec.json.decode(mend(text)[0], type=TypeOnly).type
    return None
