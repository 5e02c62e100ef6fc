"""Geometries of several parts become those of geofences: all polygons together one, of lines and points each one. The
same for GeoJSON and KML."""

from collections.abc import Sequence
from typing import Final

import msgspec

from tracker.errors import Invalid
from tracker.geofence.reading.geojson import (
    Geometry,
    LineString,
    MultiPolygon,
    Point,
    Polygon,
    Ring,
    decode_as,
    decode_geometry,
)
from tracker.geofence.reading.positions import mend_positions

DEEPEST: Final = 16  # collections in collections
SEVERAL: Final = (b'"GeometryCollection"', b'"MultiPoint"', b'"MultiLineString"')


class MultiPoint(msgspec.Struct, frozen=True, tag_field="type"):
    coordinates: list[list[float]]


class MultiLineString(msgspec.Struct, frozen=True, tag_field="type"):
    coordinates: list[Ring]


class GeometryCollection(msgspec.Struct, frozen=True, tag_field="type"):
    geometries: list[msgspec.Raw]


class Typed(msgspec.Struct, frozen=True):
    type: str


Parts = tuple[list[Geometry], list[str]]  # and what is to be said of them


def read_geometries(text: bytes) -> Parts:
    """Of a GeoJSON geometry. Raises as `decode` does."""
    try:
        return _read(text)
    except Invalid:
        mended, notes = mend_positions(text)
        if not notes:
            raise
        parts, more = _read(mended)
        return parts, [*notes, *more]


def _read(text: bytes) -> Parts:
    if not any(name in text for name in SEVERAL):
        return [decode_geometry(text)], []
    return assemble(_parts(text, 0))


def _parts(text: bytes, depth: int) -> list[Geometry]:
    if depth > DEEPEST:
        raise Invalid("geometry: a GeometryCollection in more than 16 others", field="geometry")
    match decode_as(text, Typed, "geometry").type:
        case "MultiPoint":
            return [Point(place) for place in decode_as(text, MultiPoint, "geometry").coordinates]
        case "MultiLineString":
            return [
                LineString(line)
                for line in join_lines(decode_as(text, MultiLineString, "geometry").coordinates)
                if line
            ]
        case "GeometryCollection":
            inner = decode_as(text, GeometryCollection, "geometry").geometries
            return [part for each in inner for part in _parts(bytes(each), depth + 1)]
        case _:
            return [decode_geometry(text)]


def join_lines(lines: Sequence[Ring]) -> list[Ring]:
    """A line that was cut at 180 degrees (RFC 7946, 3.1.9) is one again."""
    found: list[Ring] = []
    for line in lines:
        if found and found[-1] and line and _goes_on(found[-1][-1], line[0]):
            found[-1] = found[-1] + line[1:]
        else:
            found.append(line)
    return found


def _goes_on(end: list[float], begin: list[float]) -> bool:
    return len(end) > 1 and len(begin) > 1 and end[1] == begin[1] and abs(end[0]) == 180.0 and end[0] == -begin[0]


def assemble(parts: Sequence[Geometry]) -> Parts:
    """Invalid where there are none. A point beside an area or a line is where its label stands."""
    polygons = [rings for part in parts for rings in _polygons(part)]
    lines = [part for part in parts if isinstance(part, LineString)]
    points = [part for part in parts if isinstance(part, Point)]
    if not parts or (not polygons and not lines and not points):
        raise Invalid("geometry: there is none", field="geometry")
    area: list[Geometry] = []
    if polygons:
        area.append(Polygon(polygons[0]) if len(polygons) == 1 else MultiPolygon(polygons))
    if not area and not lines:
        return list(points), _tell_parts(len(points))
    labels = _tell_labels(len(points), "area" if area else "line")
    return area + lines, [*labels, *_tell_parts(len(area + lines))]


def _tell_labels(count: int, beside: str) -> list[str]:
    if count == 1:
        return [f"a point beside the {beside} is passed over, as the place of its label"]
    return [f"{count} points beside the {beside} are passed over, as places of labels"] if count else []


def _tell_parts(count: int) -> list[str]:
    return [f"geometry: has {count} parts, each of which is a geofence"] if count > 1 else []


def _polygons(part: Geometry) -> list[list[Ring]]:
    match part:
        case Polygon(coordinates):
            return [coordinates]
        case MultiPolygon(coordinates):
            return coordinates
    return []
