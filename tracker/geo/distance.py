"""Plane and sphere arithmetic the pipeline needs a million times a second; WGS 84 exactness lives in geofence/."""

from math import asin, cos, radians, sin, sqrt
from typing import Final

EARTH_RADIUS: Final = 6_371_008.8  # m, IUGG mean radius R1


def distance(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Great-circle metres (haversine; within 0.56 % of the WGS 84 geodesic). Degrees in, across 180 too."""
    half_lat = sin(radians(lat_b - lat_a) / 2)
    half_lon = sin(radians(lon_b - lon_a) / 2)
    chord = half_lat * half_lat + cos(radians(lat_a)) * cos(radians(lat_b)) * half_lon * half_lon
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(chord)))
