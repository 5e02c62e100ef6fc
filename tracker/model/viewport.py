"""Viewport: the box of a map. West greater than east means that it crosses 180 degrees."""

from math import isfinite
from typing import Final

import msgspec

FARTHEST: Final = 3600.0  # degrees: ten turns, for a map that was dragged round the world


class Viewport(msgspec.Struct, frozen=True, array_like=True):
    west: float
    south: float
    east: float
    north: float

    @property
    def crosses_180(self) -> bool:
        return self.west > self.east


def unrolled(west: float, south: float, east: float, north: float) -> Viewport:
    """Longitudes may run past 180 either way. ValueError says what is wrong."""
    if not all(map(isfinite, (west, east))) or max(abs(west), abs(east)) > FARTHEST:
        raise ValueError("not a longitude")
    if not -90 <= south <= north <= 90:
        raise ValueError("south and north have to be from -90 to 90, south first")
    if east - west >= 360:
        return Viewport(-180.0, south, 180.0, north)
    return Viewport(_wrapped(west), south, _wrapped(east), north)


def _wrapped(lon: float) -> float:
    return lon if -180 <= lon <= 180 else (lon + 180) % 360 - 180


WORLD = Viewport(-180.0, -90.0, 180.0, 90.0)
