"""A stored feature as RFC 7946 wants it: rings closed, the outer ones counterclockwise, and cut at 180 degrees; and the
frame of a collection that is written piece by piece."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from tracker.geofence.shape import rings

Positions = list[list[float]]
Written = Callable[[bytes], bytes]  # a feature as it leaves
END: Final = b"\n]}\n"
WORLD: Final = shapely.box(-180.0, -90.0, 180.0, 90.0)


def begin_collection(members: dict[str, str | int | None]) -> bytes:
    """With these beside the features; then b"\\n" and pieces of `join_features` with b",\\n" between them, then END."""
    return msgspec.json.encode({"type": "FeatureCollection"} | members)[:-1] + b',"features":['


def join_features(features: Iterable[bytes], written: Written) -> bytes:
    return b",\n".join(map(written, features))


def publish(feature: bytes, *, cut: bool = True) -> bytes:
    """Without `cut` what runs past 180 degrees stays whole, and keeps its heights."""
    read = msgspec.json.decode(feature)
    geometry = read["geometry"]
    made = _cut(geometry) if cut and _is_past_180(geometry["coordinates"]) else _turn(geometry)
    if made == geometry:
        return feature
    return msgspec.json.encode(read | {"geometry": made})


def _is_past_180(coordinates: Any) -> bool:
    """Also where an edge jumps by more than 180 degrees, which is the short way across."""
    if not coordinates or isinstance(coordinates[0], int | float):
        return bool(coordinates) and abs(coordinates[0]) > 180.0
    if isinstance(coordinates[0][0], int | float):
        lon = np.array([position[0] for position in coordinates])
        return bool(np.abs(lon).max() > 180.0 or (np.abs(np.diff(lon)) > 180.0).any())
    return any(map(_is_past_180, coordinates))


def _turn(geometry: dict[str, Any]) -> dict[str, Any]:
    match geometry["type"]:
        case "Polygon":
            return geometry | {"coordinates": _wind(geometry["coordinates"])}
        case "MultiPolygon":
            return geometry | {"coordinates": [_wind(part) for part in geometry["coordinates"]]}
    return geometry


def _wind(part: list[Positions]) -> list[Positions]:
    """The outer ring counterclockwise, the others the other way."""
    found = []
    for number, ring in enumerate(part):
        closed = ring if ring[0] == ring[-1] else [*ring, ring[0]]
        turns_left = shapely.is_ccw(shapely.LinearRing(rings.coordinates(closed, "")))
        found.append(closed if turns_left == (number == 0) else closed[::-1])
    return found


def _cut(geometry: dict[str, Any]) -> dict[str, Any]:
    match geometry["type"]:
        case "Point":
            lon, *rest = geometry["coordinates"]
            return geometry | {"coordinates": [(lon + 180.0) % 360.0 - 180.0, *rest]}
        case "LineString":
            return _as_geojson(_cut_line(rings.coordinates(geometry["coordinates"], "")))
        case "Polygon":
            parts = [geometry["coordinates"]]
        case _:
            parts = geometry["coordinates"]
    shape = rings.cut_at_180([rings.polygon(part, "") for part in parts])
    return _turn(_as_geojson(shape))


def _cut_line(points: Any) -> Any:
    turns = range(*(int(np.floor((lon + 180.0) / 360.0)) for lon in (points[:, 0].min(), points[:, 0].max() + 360.0)))
    pieces = []
    for turn in turns:
        moved = shapely.LineString(np.column_stack((rings.turn_longitudes(points[:, 0], -float(turn)), points[:, 1])))
        inside = shapely.intersection(moved, WORLD)
        pieces += [part for part in shapely.get_parts(inside) if part.geom_type == "LineString" and part.length > 0]
    return pieces[0] if len(pieces) == 1 else shapely.MultiLineString(pieces)


def _as_geojson(shape: Any) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.json.decode(shapely.to_geojson(shape))
    return made
