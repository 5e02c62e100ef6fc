"""Near: whether a border is further than so many metres, in a plane where that can tell: in a few microseconds.

Who stands or drives along a border is asked with every fix, and mostly the exact distance does not matter.
"""

from math import cos, radians, sin
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from tracker.geofence.border.depth import SQUARED_ECCENTRICITY, depth
from tracker.geofence.border.kept import VERTEX_BYTES, Kept
from tracker.geofence.shape.distance import WGS84
from tracker.model.geofence import Geofence

LARGEST: Final = 10_000.0  # m from the middle, up to which a plane is right to 1 %
NORTHERNMOST: Final = 75.0  # degrees, north and south
WRONG: Final = 0.01
ROUNDED: Final = 0.05  # m
ROOM: Final = 128 * 1024 * 1024  # bytes of planes


class Plane(NamedTuple):
    """Metres east and north of the middle of a geofence. `border` is prepared."""

    lon: float
    lat: float
    east: float  # m in a degree
    north: float
    border: Any


def is_further(fence: Geofence, lon: float, lat: float, metres: float) -> bool:
    """Whether the border is so far from a place, or further, inside or outside. -180 <= lon <= 180."""
    plane = plane_of(fence) if fence.reach is None else None
    if plane is not None:
        x, y = (lon - plane.lon) * plane.east, (lat - plane.lat) * plane.north
        if abs(x) < LARGEST and abs(y) < LARGEST:
            place = shapely.points(x, y)
            surely = metres * (1 - WRONG) - ROUNDED
            if surely > 0 and shapely.dwithin(plane.border, place, surely):
                return False
            if not shapely.dwithin(plane.border, place, metres * (1 + WRONG) + ROUNDED):
                return True
    return abs(depth(fence, lon, lat)) >= metres


def plane_of(fence: Geofence) -> Plane | None:
    """None where it is too large, or lies at 180 degrees or near a pole."""
    return _planes.of(fence)


def prepare_plane(fence: Geofence) -> None:
    """In a thread, so that the first fix need not."""
    if fence.reach is None and _planes.prepared(fence):
        lon, lat = shapely.get_coordinates(fence.shape)[0].tolist()
        is_further(fence, lon, lat, 1.0)


def drawn(fence: Geofence) -> Plane | None:
    """None where it is too large, or lies at 180 degrees or near a pole."""
    west, south, east, north = shapely.bounds(fence.shape)
    lon, lat = (west + east) / 2, (south + north) / 2
    if west <= -180.0 or east >= 180.0 or abs(lat) > NORTHERNMOST:
        return None
    degree_east, degree_north = degrees_at(lat)
    if max((east - west) * degree_east, (north - south) * degree_north) > LARGEST:
        return None
    scale = np.array((degree_east, degree_north))
    border = shapely.transform(shapely.boundary(fence.shape), lambda places: (places - (lon, lat)) * scale)
    shapely.prepare(border)
    return Plane(lon, lat, degree_east, degree_north, border)


def degrees_at(lat: float) -> tuple[float, float]:
    """Metres in a degree, to the east and to the north."""
    phi = radians(lat)
    bend = 1.0 - SQUARED_ECCENTRICITY * sin(phi) ** 2
    east = WGS84.a * cos(phi) / bend**0.5
    north = WGS84.a * (1.0 - SQUARED_ECCENTRICITY) / bend**1.5
    return radians(east), radians(north)


def size(plane: Plane | None) -> int:
    return 0 if plane is None else VERTEX_BYTES * int(shapely.get_num_coordinates(plane.border))


_planes: Final = Kept(drawn, size, ROOM)
