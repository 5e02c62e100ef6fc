"""Size: how broad an area is, and how many edges it is made of. What it costs is paid once, where the area is read."""

from typing import Any

import numpy as np
import shapely

from tracker.geofence.shape.arrays import Floats
from tracker.geofence.shape.distance import WGS84, in_pieces, pieces_of, ring_edges
from tracker.geofence.shape.rings import measure_parts, sum_by_owner
from tracker.model.geofence import Reach


def measure_breadth(shape: Any, reach: Reach | None) -> float:
    """Metres, roughly how deep a place in it can lie: the radius of a circle, half a corridor's width; for polygons
    twice the area by the length of the border, of the part where that is most."""
    if reach is not None:
        return reach.metres
    return float(np.max(2 * measure_parts(shape) / measure_lengths(shape)))


def measure_lengths(shape: Any) -> Floats:
    """Metres of each part's rings."""
    edges, ring = ring_edges(shape)
    _, part = shapely.get_rings(shapely.get_parts(shape), return_index=True)
    a_lon, a_lat, b_lon, b_lat = in_pieces(edges).T
    metres = WGS84.inv(a_lon, a_lat, b_lon, b_lat)[2]
    return sum_by_owner(np.repeat(part[ring], pieces_of(edges)), metres, int(part[-1]) + 1)


def count_edges(shape: Any) -> int:
    """How many there are when none is longer than a quarter of a degree: so many the fold has to ask about."""
    return int(pieces_of(ring_edges(shape)[0]).sum())
