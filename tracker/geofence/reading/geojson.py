"""A GeoJSON Feature as bytes becomes a value. What would take long to read is refused before it is read."""

import re
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
import shapely

from tracker.errors import Invalid, Malformed, TooLarge
from tracker.geofence.reading.crs import check_crs

MAX_FEATURES: Final = 100_000  # in a collection
MAX_VERTICES: Final = 10_000
MAX_SIMPLIFIED: Final = 60_000  # vertices: simplifying more takes too long for a refusal
MAX_PROPERTIES: Final = 128 * 1024  # bytes; decoding holds all other threads up, 10 ms for so many
MAX_RINGS: Final = 10_000
TOLERANCES: Final = {"1 m": 1e-5, "10 m": 1e-4, "100 m": 1e-3, "1 km": 1e-2}  # degrees of latitude

PIECE: Final = 128 * 1024  # bytes of positions that are read at once: 1 ms in which no other thread runs
MISSING: Final = re.compile(r"Object missing required field `(.*)`")
SEAM: Final = re.compile(rb"\]\s*,\s*(?=\[)")

Ring = list[list[float]]


class Polygon(msgspec.Struct, frozen=True, tag_field="type"):
    coordinates: list[Ring]


class MultiPolygon(msgspec.Struct, frozen=True, tag_field="type"):
    coordinates: list[list[Ring]]


class Point(msgspec.Struct, frozen=True, tag_field="type"):
    coordinates: list[float]


class LineString(msgspec.Struct, frozen=True, tag_field="type"):
    coordinates: Ring


Geometry = Polygon | MultiPolygon | Point | LineString


class Feature(msgspec.Struct, frozen=True):
    """`properties` is kept whole: what we do not know is somebody else's."""

    geometry: Geometry
    properties: dict[str, Any]
    id: str | int | None = None


class RawFeature(msgspec.Struct, frozen=True):
    """A Feature whose parts have not been read."""

    type: Literal["Feature"]
    geometry: msgspec.Raw = msgspec.Raw(b"null")
    properties: msgspec.Raw = msgspec.Raw(b"null")
    id: str | int | None = None
    crs: Any = None


class Referenced(msgspec.Struct, frozen=True):
    """A geometry that may name its system."""

    crs: Any = None


class Unread(msgspec.Struct, frozen=True):
    """A geometry whose positions have not been read."""

    type: str
    coordinates: msgspec.Raw


def decode(text: bytes) -> Feature:
    """Raises Malformed, Invalid with the field, TooLarge."""
    envelope = decode_as(text, RawFeature, "")
    check_crs(envelope.crs)
    geometry = decode_geometry(check_geometry(envelope.geometry))
    return Feature(
        geometry,
        decode_as(check_properties(envelope.properties), dict[str, Any] | None, "properties") or {},
        envelope.id,
    )


def check_properties(properties: msgspec.Raw) -> bytes:
    text = bytes(properties)
    if len(text) > MAX_PROPERTIES:
        raise TooLarge(f"properties: {MAX_PROPERTIES // 1024} kB are allowed", field="properties")
    return text


def check_geometry(geometry: msgspec.Raw) -> bytes:
    """Not too large to be read, and in no system of its own."""
    text = bytes(geometry)
    if text == b"null":
        raise Invalid("geometry: there is none", field="geometry")
    if text.count(b"[") > MAX_SIMPLIFIED + 2 * MAX_RINGS:  # one for each position, each ring and each polygon
        what = f"over {MAX_SIMPLIFIED:,} vertices are more than the {MAX_VERTICES:,} allowed; simplify it first"
        raise TooLarge(what, field="geometry")
    if b'"crs"' in text:
        check_crs(decode_as(text, Referenced, "geometry").crs)
    return text


def decode_geometry(text: bytes) -> Any:
    if len(text) <= 2 * PIECE:
        return decode_as(text, Geometry, "geometry")
    unread = decode_as(text, Unread, "geometry")
    coordinates = bytes(unread.coordinates)
    match unread.type:
        case "Polygon":
            return Polygon(_rings(coordinates))
        case "MultiPolygon":
            parts = decode_as(coordinates, list[msgspec.Raw], "geometry.coordinates")
            return MultiPolygon([_rings(bytes(part)) for part in parts])
        case "LineString":
            return LineString(_positions(coordinates))
        case _:
            return decode_as(text, Geometry, "geometry")  # a point with much beside it, or refused by its name


def _rings(text: bytes) -> list[Ring]:
    return [_positions(bytes(ring)) for ring in decode_as(text, list[msgspec.Raw], "geometry.coordinates")]


def _positions(text: bytes) -> Ring:
    """Piece by piece, so that other threads have their turn."""
    found: Ring = []
    begin = 1
    try:
        while seam := SEAM.search(text, begin + PIECE):
            found += decode_as(b"[%b]" % text[begin : seam.start() + 1], Ring, "")
            begin = seam.end()
        found += decode_as(b"[" + text[begin:], Ring, "")
        return found
    except (Malformed, Invalid):  # what is wrong is said of the whole
        whole: Ring = decode_as(text, Ring, "geometry.coordinates")
        return whole


def decode_as(text: bytes, kind: Any, field: str) -> Any:
    """Raises Malformed, Invalid with the field."""
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError:
        raise Malformed("the feature is nested too deeply") from None
    except msgspec.ValidationError as error:
        raise make_refusal(error, field) from None
    except UnicodeDecodeError as error:
        where = f"the byte {error.object[error.start]:#x} in {error.object[:40]!r}"
        raise Malformed(f"the feature is not in UTF-8, for {where}: save the file in UTF-8") from None
    except msgspec.DecodeError as error:
        raise Malformed(f"the feature is no JSON: {error}") from None


def make_refusal(error: msgspec.ValidationError, inside: str) -> Invalid:
    """msgspec's message ends in the place, as in "Expected `float`, got `str` - at `$.coordinates[...]`"."""
    reason, _, place = str(error).partition(" - at `$")
    missing = MISSING.fullmatch(reason)  # the place is then that of the object which should have it
    parts = (inside, place.rstrip("`").lstrip("."), missing[1] if missing else "")
    field = ".".join(part for part in parts if part)
    if field == "geometry.type":
        reason += "; a geofence is a Polygon, a MultiPolygon, a Point with a radius or a LineString with a width"
    return Invalid(f"{field}: {reason}" if field else reason, field=field or None)


def check_vertices(vertices: int, shape: Callable[[], Any]) -> None:
    """TooLarge says what simplifying would give; `shape` makes the geometry, which only a refusal needs."""
    if vertices <= MAX_VERTICES:
        return
    message = f"{vertices:,} vertices are more than the {MAX_VERTICES:,} allowed"
    if vertices <= MAX_SIMPLIFIED:
        for metres, tolerance in TOLERANCES.items():
            left = int(shapely.get_num_coordinates(shapely.simplify(shape(), tolerance, preserve_topology=False)))
            if left <= MAX_VERTICES:
                raise TooLarge(f"{message}; simplified to {metres} there are {left:,}", field="geometry")
    raise TooLarge(f"{message}; simplify it first", field="geometry")
