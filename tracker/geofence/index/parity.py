"""Parity: from a place known to be inside or outside, walk straight to another and count the borders crossed.

In plain floating point, with a bound on its error: what lies closer to zero than the bound is `unsure`, and is asked of
GEOS, whose arithmetic is exact. So the answers are GEOS's own, and on the border is inside.

Places are complex numbers, longitude + i latitude: half the memory accesses of two arrays.
"""

from typing import Final

import numpy as np

from tracker.geofence.index.cells import FINEST, SIZES
from tracker.geofence.shape.arrays import Bools, Complexes, Floats

# The products below are wrong by at most 5e-15 of the square of what they span. This is 8 times that.
ROUNDING: Final = 4e-14


def bound_error(bounds: tuple[float, float, float, float]) -> float:
    """Of the error for a polygon with these bounds, in its cells and those it may lie in a corner of."""
    west, south, east, north = bounds
    return ROUNDING * max(east - west, north - south, float(SIZES[FINEST])) ** 2


def walk(to: Complexes, a: Complexes, b: Complexes, error: Floats) -> tuple[Bools, Bools]:
    """(crosses, unsure) for walks from 0 to `to` and edges from a to b. Shapes broadcast.

    Each of the four is twice the area of a triangle; its sign says on which side of a line its third corner is.
    """
    x, y, ax, ay, bx, by = to.real, to.imag, a.real, a.imag, b.real, b.imag
    sides = np.empty((4, *np.broadcast_shapes(to.shape, a.shape)))
    np.subtract(x * ay, y * ax, out=sides[0])
    np.subtract(x * by, y * bx, out=sides[1])
    np.subtract(ax * by, ay * bx, out=sides[2])
    np.subtract(sides[0], sides[1], out=sides[3])
    sides[3] += sides[2]
    left = sides > 0
    crosses = (left[0] != left[1]) & (left[2] != left[3])
    return crosses, np.abs(sides, out=sides).min(axis=0) <= error
