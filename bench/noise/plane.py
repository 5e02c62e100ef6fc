"""The plane the truth lies in: metres east and north of a place in Berlin.

A few kilometres of plane differ from WGS 84 by less than a thousandth: by decimetres at the size of a geofence.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import E7, Fix

Floats = NDArray[np.float64]

LON, LAT = 13.40, 52.52
EAST_M, NORTH_M = 67_894.0, 111_265.0  # metres in a degree there, on WGS 84
BEGIN_MS: Final = 1_772_000_000_000  # any moment


def degrees(x: float, y: float) -> tuple[float, float]:
    return LON + x / EAST_M, LAT + y / NORTH_M


def fix(seconds: float, x: float, y: float, accuracy: float | None = None, speed: float | None = None) -> Fix:
    lon, lat = degrees(x, y)
    return Fix(BEGIN_MS + round(seconds * 1000), round(lon * E7), round(lat * E7), accuracy=accuracy, speed=speed)


def seconds(at: float) -> float:
    """Of a fix's or an event's `at`, in ms."""
    return (at - BEGIN_MS) / 1000
