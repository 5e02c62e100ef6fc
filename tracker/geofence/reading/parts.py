"""Geometries of several parts become those of geofences: all polygons together one, of lines and points each one. The
same for GeoJSON and KML."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from tracker.errors import Invalid
from tracker.geofence.reading.geojson import (
    MAX_VERTICES,
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
from tracker.geofence.shape.crossings import MAX_CROSSINGS, crossings

DEEPEST: Final = 16  # collections in collections
MIN_RING: Final = 3  # places; one that is not closed is closed
MAX_PLAIN: Final = 180.0  # degrees
MOST_NUMBERS: Final = 4  # of a place: more are several that became one
EMPTY: Final = "geometry: rings without places are left out"
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
        notes = list[str]()
        return [_without_empty(decode_geometry(text), notes)], notes
    parts = _parts(text, 0, notes := list[str]())
    found, more = assemble(parts)
    return found, [*notes, *more]


def _without_empty(geometry: Geometry, notes: list[str]) -> Geometry:
    """Holes and parts without a place, as programs leave that have cut them away. What has no other is told as ever."""
    given = _polygons(geometry)
    if any(not rings[0] and any(rings) for rings in given if rings):
        return geometry  # a hole of nothing, whose places would be gone with it
    kept = [[rings[0], *filter(None, rings[1:])] for rings in given if rings and rings[0]]
    if not kept or kept == given:
        return geometry
    if EMPTY not in notes:
        notes.append(EMPTY)
    return Polygon(kept[0]) if isinstance(geometry, Polygon) else MultiPolygon(kept)


def _parts(text: bytes, depth: int, notes: list[str]) -> list[Geometry]:
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
            return [part for each in inner for part in _parts(bytes(each), depth + 1, notes)]
        case _:
            return [_without_empty(decode_geometry(text), notes)]


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
    joined = _join_areas(polygons) if len([part for part in parts if _polygons(part)]) > 1 else None
    lines = [part for part in parts if isinstance(part, LineString)]
    points = [part for part in parts if isinstance(part, Point)]
    if not parts or (not polygons and not lines and not points):
        raise Invalid("geometry: there is none", field="geometry")
    area: list[Geometry] = [_make_area(joined or polygons)] if polygons else []
    if not area and not lines:
        return list(points), _tell_parts(len(points))
    labels = _tell_labels(len(points), "area" if area else "line")
    return area + lines, [*_tell_joined(joined), *labels, *_tell_parts(len(area + lines))]


def _make_area(polygons: list[list[Ring]]) -> Polygon | MultiPolygon:
    return Polygon(polygons[0]) if len(polygons) == 1 else MultiPolygon(polygons)


def _join_areas(polygons: list[list[Ring]]) -> list[list[Ring]] | None:
    """Areas beside each other may lie over each other or share an edge in KML and in a GeometryCollection, those of a
    geofence may not. None where they need not be joined, or where more is wrong with them or they run past 180: of that
    it is told as of any other."""
    if sum(len(ring) for rings in polygons for ring in rings) > MAX_VERTICES:
        return None
    try:
        shapes = [shapely.Polygon(_plain(rings[0]), [_plain(hole) for hole in rings[1:]]) for rings in polygons]
    except (IndexError, ValueError):
        return None
    if not all(shape.is_valid and shape.length > 0 for shape in shapes) or shapely.MultiPolygon(shapes).is_valid:
        return None
    if crossings(shapes, MAX_CROSSINGS) > MAX_CROSSINGS:  # a union has as many places as there are crossings
        return None
    try:
        whole = shapely.union_all(np.array(shapes, dtype=object))
    except shapely.errors.GEOSException:
        return None
    return [_rings(part) for part in shapely.get_parts(whole)]


def _plain(ring: Ring) -> list[list[float]]:
    """ValueError for what is no ring or would be drawn across 180 degrees."""
    if len(ring) < MIN_RING or any(not 2 <= len(place) <= MOST_NUMBERS for place in ring):
        raise ValueError
    west, east = min(place[0] for place in ring), max(place[0] for place in ring)
    if not (-MAX_PLAIN <= west <= east <= MAX_PLAIN and east - west < MAX_PLAIN):
        raise ValueError
    return [place[:2] for place in ring]


def _rings(polygon: Any) -> list[Ring]:
    return [shapely.get_coordinates(ring).tolist() for ring in shapely.get_rings(polygon)]


def _tell_joined(joined: list[list[Ring]] | None) -> list[str]:
    return ["geometry: areas that lie over each other or share an edge are joined"] if joined else []


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
