"""Lines: a track thinned to what can be seen of it."""

from math import cos, radians
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

ROUNDS: Final = 24  # halvings: the tolerance is then found to a part in 16 million


def continuous(lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitudes that run on past 180 instead of jumping to -180, so that a line is drawn the short way."""
    return np.unwrap(lon, period=360.0)


def thin_line(lon: NDArray[np.float64], lat: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """The indices to keep, at most `most` (2 or more) and both ends among them: Douglas and Peucker's, with the finest
    tolerance that is coarse enough. `lon` is continuous. Takes milliseconds for a real track of 10,000.
    """
    if len(lon) <= most:
        return np.arange(len(lon))
    scale = max(0.01, cos(radians(float(np.mean(lat)))))  # a degree of longitude is shorter
    line = shapely.linestrings(np.column_stack([lon * scale, lat, np.arange(len(lon))]))
    fine, coarse = 0.0, 400.0
    kept = np.array([0, len(lon) - 1])
    for _ in range(ROUNDS):
        tolerance = (fine * coarse) ** 0.5 if fine else coarse / 1000
        found = _find_kept(line, tolerance)
        if len(found) <= most:
            coarse, kept = tolerance, found
        else:
            fine = tolerance
        if coarse < 1e-9 or len(found) == most:
            break
    return kept


def _find_kept(line: shapely.LineString, tolerance: float) -> NDArray[np.int64]:
    """The index of each vertex travels as its height, which simplifying leaves alone."""
    simple = shapely.simplify(line, tolerance, preserve_topology=False)
    kept: NDArray[np.int64] = shapely.get_coordinates(simple, include_z=True)[:, 2].astype(np.int64)
    return kept
