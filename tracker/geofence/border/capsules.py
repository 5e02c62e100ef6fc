"""Capsules: what lies within reach of one edge of a corridor, cut by a way so short that the earth is a plane."""

from math import cos, radians, sin, sqrt, tan
from typing import Final

import numpy as np

from tracker.geo.distance import EARTH_RADIUS
from tracker.geofence.shape.arrays import Floats
from tracker.geofence.shape.distance import WGS84
from tracker.geofence.shape.way import Stretch, Way

PLANE: Final = 0.01  # m by which the plane may be wrong
NEVER: Final = 1e-300  # in place of 0: a way that runs along is inside from ever to ever, or nowhere


def is_plane(way: Way, reach: float) -> bool:
    """Whether distances up to `reach` from the way may be taken in the plane of its middle."""
    steepest = min(89.0, max(abs(way.lat), abs(way.lat + way.d_lat)))
    return 0.0 < reach * (way.metres / 2 + reach) * (tan(radians(steepest)) + 0.02) < PLANE * EARTH_RADIUS


def find_capsule_stretches(edges: Floats, way: Way, reach: float) -> list[Stretch]:
    """For each edge (n x 4 degrees) the way comes within reach of, from where to where; in order of where from. A
    capsule is convex: its part is from the first to the last of those in its two discs and in the strip between."""
    ax, ay, bx, by, x, y = in_plane(edges, way)  # of the way's begin as seen from a; the way is (x, y)
    along_x, along_y = bx - ax, by - ay
    length = np.maximum(np.hypot(along_x, along_y), 1e-9)
    along_x /= length
    along_y /= length
    far, near = slab(-ax * along_x - ay * along_y, x * along_x + y * along_y, 0.0, length)
    left, right = slab(ax * along_y - ay * along_x, along_x * y - along_y * x, -reach, reach)
    strip_begin, strip_end = np.maximum(far, left), np.minimum(near, right)
    none = strip_begin > strip_end
    strip_begin[none], strip_end[none] = np.inf, -np.inf
    a_begin, a_end = disc(ax, ay, x, y, reach)
    b_begin, b_end = disc(bx, by, x, y, reach)
    begin = np.maximum(np.minimum(np.minimum(a_begin, b_begin), strip_begin), 0.0)
    end = np.minimum(np.maximum(np.maximum(a_end, b_end), strip_end), 1.0)
    met = begin <= end
    return sorted(zip(begin[met].tolist(), end[met].tolist(), strict=True))


def in_plane(edges: Floats, way: Way) -> tuple[Floats, Floats, Floats, Floats, float, float]:
    """(ax, ay, bx, by, x, y): metres east and north of the edges' ends from the begin of the way, and of its end."""
    sine = sin(radians(way.lat + way.d_lat / 2))
    w = 1.0 - WGS84.es * sine * sine
    east = radians(1.0) * WGS84.a / sqrt(w) * cos(radians(way.lat + way.d_lat / 2))
    north = radians(1.0) * WGS84.a * (1.0 - WGS84.es) / (w * sqrt(w))
    lon = way.lon + 360.0 * np.round((edges[:, 0] - way.lon) / 360.0)
    ax, bx = (edges[:, 0] - lon) * east, (edges[:, 2] - lon) * east
    ay, by = (edges[:, 1] - way.lat) * north, (edges[:, 3] - way.lat) * north
    return ax, ay, bx, by, way.d_lon * east, way.d_lat * north


def slab(begin: Floats, change: Floats, low: float, high: float | Floats) -> tuple[Floats, Floats]:
    """From where to where `begin + t * change` lies between two numbers."""
    change = np.where(change == 0.0, NEVER, change)
    one, other = (low - begin) / change, (high - begin) / change
    return np.minimum(one, other), np.maximum(one, other)


def disc(lon: Floats, lat: Floats, x: float, y: float, reach: float) -> tuple[Floats, Floats]:
    """From where to where the way (x, y) lies within reach of places, metres from its begin."""
    length2 = x * x + y * y
    middle = (lon * x + lat * y) / length2
    off2 = (reach * reach - (lon * y - lat * x) ** 2 / length2) / length2
    half = np.where(off2 >= 0.0, np.sqrt(np.maximum(off2, 0.0)), -np.inf)
    return middle - half, middle + half
