"""Crossings: how often the edges of rings meet, counted up to so many, for a repair costs what it has to cut."""

from typing import Any, Final

import numpy as np
import shapely

from tracker.geofence.shape.distance import ring_edges

MAX_CROSSINGS: Final = 10_000  # that are mended or joined: two seconds
AT_ONCE: Final = 64  # edges held against all others: of ten thousand a few megabytes of pairs


def crossings(parts: list[Any], most: int) -> int:
    """Pairs of edges that meet, but for neighbours; some number above `most` where there are more. About one second for
    ten thousand edges that hardly meet, less for those that do."""
    edges = ring_edges(np.array(parts, dtype=object))[0]
    lines = shapely.linestrings(edges.reshape(-1, 2, 2))
    tree = shapely.STRtree(lines)
    found = 0
    for begin in range(0, len(lines), AT_ONCE):
        asked = lines[begin : begin + AT_ONCE]
        found += tree.query(asked, predicate="intersects").shape[1] - 3 * len(asked)  # itself and its neighbours
        if found > 2 * most:
            break
    return max(0, found) // 2
