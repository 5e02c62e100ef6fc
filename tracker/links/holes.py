"""Holes: what hides a place from the readers of a link.

A disc round the place itself falls to a circle fitted to the ends of many tracks, and so does a ragged border. The hole
is larger, and its middle lies beside the place by more than the place's own radius, in a direction that only the
installation knows and that is the same for every link: of two that differed, the overlap would lie nearer.
"""

import hashlib
import hmac
from collections.abc import Iterable
from math import cos, pi, radians, sin
from typing import Any, Final

import shapely
from shapely import affinity

from tracker.geo.distance import distance
from tracker.model.share import Hole

LEAST: Final = 100.0  # m: a smaller place is found by the noise of the fixes round it
WIDTH: Final = 2.5  # radii of the place
OFF_LEAST, OFF_MOST = (
    1.2,
    1.4,
)  # radii by which the middle lies off: the place stays in the hole, and away from its middle
DEGREE: Final = 111_195.0  # m of latitude


def make_hole(secret: bytes, zone: str, shape: Any) -> Hole:
    """Of the geofence with this id and this outline (shapely, degrees)."""
    lon, lat, radius = enclose(shape)
    drawn = hmac.digest(secret, zone.encode(), hashlib.sha256)
    turn = int.from_bytes(drawn[:8], "big") / (1 << 64)
    off = OFF_LEAST + (OFF_MOST - OFF_LEAST) * int.from_bytes(drawn[8:16], "big") / (1 << 64)
    east, north = off * radius * cos(2 * pi * turn), off * radius * sin(2 * pi * turn)
    return Hole(lon + east / (DEGREE * cos(radians(lat))), lat + north / DEGREE, WIDTH * radius)


def enclose(shape: Any) -> tuple[float, float, float]:
    """The smallest circle round it: lon, lat, and the radius in metres, which is LEAST at least."""
    middle = shapely.centroid(shape)
    narrow = max(cos(radians(middle.y)), 0.01)
    flat = affinity.scale(shape, narrow, 1.0, origin=(middle.x, middle.y))
    circle = shapely.minimum_bounding_circle(flat)
    lon, lat = middle.x + (circle.centroid.x - middle.x) / narrow, circle.centroid.y
    return float(lon), float(lat), max(float(shapely.minimum_bounding_radius(flat)) * DEGREE, LEAST)


def covers(holes: Iterable[Hole], lon: float, lat: float) -> bool:
    """Whether a place lies in any of them."""
    return any(distance(lon, lat, hole.lon, hole.lat) <= hole.metres for hole in holes)
