"""Near: whether a border is further than so many metres, in a plane where that can tell: in a few microseconds.

Who stands or drives along a border is asked with every fix, and mostly the exact distance does not matter.
"""

from itertools import count
from math import cos, hypot, radians, sin
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from tracker.geofence.border.depth import SQUARED_ECCENTRICITY, measure_depth
from tracker.geofence.border.kept import VERTEX_BYTES, Kept
from tracker.geofence.shape.distance import WGS84
from tracker.model.geofence import Geofence

LARGEST: Final = 10_000.0  # m from the middle, up to which a plane is right to 1 %
NORTHERNMOST: Final = 75.0  # degrees, north and south
WRONG: Final = 0.01
ROUNDED: Final = 0.05  # m
STEADY: Final = 1e-6  # m: more than what is added up here is wrong by
ROOM: Final = 128 * 1024 * 1024  # bytes of planes
CELL: Final = 16.0  # m: who is in the same one is mostly told by what was found for the last
MEASURED: Final = 512  # vertices of a border up to which its distance costs no more than asking whether it is nearer
MOST_KNOWN: Final = 16_384  # clearances, 4 MB


class Plane(NamedTuple):
    """Metres east and north of the middle of a geofence. `border` is prepared; `number` is the plane's own."""

    number: int
    is_measured: bool
    lon: float
    lat: float
    east: float  # m in a degree
    north: float
    border: Any


class Clearance(NamedTuple):
    """How far from the border a place of a plane is."""

    x: float
    y: float
    metres: float


def is_further(fence: Geofence, lon: float, lat: float, metres: float) -> bool:
    """Whether the border is so far from a place, or further, inside or outside. -180 <= lon <= 180."""
    plane = find_plane(fence) if fence.reach is None else None
    if plane is not None:
        x, y = (lon - plane.lon) * plane.east, (lat - plane.lat) * plane.north
        if abs(x) < LARGEST and abs(y) < LARGEST:
            told = tell(plane, x, y, metres * (1 - WRONG) - ROUNDED, metres * (1 + WRONG) + ROUNDED)
            if told is not None:
                return told
    return abs(measure_depth(fence, lon, lat)) >= metres


def tell(plane: Plane, x: float, y: float, nearer: float, further: float) -> bool | None:
    """Whether a place is further from the border than `further`; None where it is not nearer than `nearer` either.

    Who is so far from a place that the border cannot have come near, or not so far that it can have gone, need not ask
    again: the distance changes by no more than the way between the two."""
    if not plane.is_measured:
        return ask(plane, x, y, nearer, further)
    cell = plane.number, int(x // CELL), int(y // CELL)
    known = _clearances.get(cell)
    if known is not None:
        way = hypot(x - known.x, y - known.y) + STEADY
        if known.metres - way > further:
            return True
        if known.metres + way <= nearer:
            return False
    found = float(shapely.distance(plane.border, shapely.points(np.array((x, y)))))
    if len(_clearances) >= MOST_KNOWN:
        _clearances.clear()
    _clearances[cell] = Clearance(x, y, found)
    return False if found <= nearer else True if found > further else None


def ask(plane: Plane, x: float, y: float, nearer: float, further: float) -> bool | None:
    """The same for a border that takes long to measure: a prepared plane says whether it is near, and nothing exact."""
    place = shapely.points(np.array((x, y)))
    if nearer > 0 and shapely.dwithin(plane.border, place, nearer):
        return False
    return None if shapely.dwithin(plane.border, place, further) else True


def find_plane(fence: Geofence) -> Plane | None:
    """None where it is too large, or lies at 180 degrees or near a pole."""
    return _planes.of(fence)


def prepare_plane(fence: Geofence) -> None:
    """Draw the plane ahead, in a thread: drawn when it is first asked for, it would hold up the fix that asks."""
    if fence.reach is None and _planes.prepared(fence):
        lon, lat = shapely.get_coordinates(fence.shape)[0].tolist()
        is_further(fence, lon, lat, 1.0)


def draw_plane(fence: Geofence) -> Plane | None:
    """None where it is too large, or lies at 180 degrees or near a pole."""
    west, south, east, north = shapely.bounds(fence.shape)
    lon, lat = (west + east) / 2, (south + north) / 2
    if west <= -180.0 or east >= 180.0 or abs(lat) > NORTHERNMOST:
        return None
    degree_east, degree_north = find_degrees(lat)
    if max((east - west) * degree_east, (north - south) * degree_north) > LARGEST:
        return None
    scale = np.array((degree_east, degree_north))
    border = shapely.transform(shapely.boundary(fence.shape), lambda places: (places - (lon, lat)) * scale)
    shapely.prepare(border)
    is_measured = int(shapely.get_num_coordinates(border)) <= MEASURED
    return Plane(next(_numbers), is_measured, lon, lat, degree_east, degree_north, border)


def find_degrees(lat: float) -> tuple[float, float]:
    """Metres in a degree, to the east and to the north."""
    phi = radians(lat)
    bend = 1.0 - SQUARED_ECCENTRICITY * sin(phi) ** 2
    east = WGS84.a * cos(phi) / bend**0.5
    north = WGS84.a * (1.0 - SQUARED_ECCENTRICITY) / bend**1.5
    return radians(east), radians(north)


def size(plane: Plane | None) -> int:
    return 0 if plane is None else VERTEX_BYTES * int(shapely.get_num_coordinates(plane.border))


_numbers: Final = count()
_clearances: Final[dict[tuple[int, int, int], Clearance]] = {}  # by plane and cell; bound: MOST_KNOWN, then all anew
_planes: Final = Kept(draw_plane, size, ROOM)
