"""The same lookup place by place in plain Python: for a few places, NumPy's fixed cost is most of the time.

Everything here has its counterpart in index.py and lookup.py, and must give the same answers; a property test says so.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

import shapely

from tracker.geo.distance import distance
from tracker.geofence.index.cells import FINEST, HALF_BITS, LOW_HALF, PER_DEGREE, REFERENCE, SIZES, SPREAD
from tracker.geofence.index.division import ASK, INSIDE, NEAR, WHOLE, Division
from tracker.geofence.index.lookup import Lookup
from tracker.geofence.index.pieces import Pieces
from tracker.geofence.shape.distance import WGS84, edge_ends, to_edges

SPHERE: Final = 0.01  # more than distance() is wrong by, for it knows a sphere only
SPREAD_LIST: Final[list[int]] = SPREAD.tolist()
SIZE_LIST: Final[list[float]] = SIZES.tolist()
PER_DEGREE_FLOAT: Final = float(PER_DEGREE)


class Few:
    """Reads the index's arrays through memoryviews, whose items are plain numbers and three times as quick to get."""

    def __init__(self, pieces: Pieces, division: Division, lookup: Lookup) -> None:
        self.shape: Final = pieces.shape
        self.edges: Final = division.edges
        self.vertices: Final = division.vertices
        self.fence, self.reach, self.error = (pieces.fence.data, pieces.reach.data, pieces.error.data)
        self.piece, self.kind = division.piece.data, division.kind.data
        self.first, self.edge = division.first.data, division.edges.data
        self.degrees: Final[Any] = division.vertices.view("float64").data
        self.cells, self.offset, self.order = (lookup.cells.data, lookup.offset.data, lookup.order.data)
        self.levels: Final = [
            (level, shift, tag)
            for level, (shift,), (tag,) in zip(
                lookup.levels.tolist(), lookup.shift.tolist(), lookup.tag.tolist(), strict=True
            )
        ]

    def covering(self, lon: float, lat: float) -> Iterator[int]:
        """Keys of the fences that cover a place; one in parts may come more than once."""
        column, row = int((lon + 180.0) * PER_DEGREE_FLOAT), int((lat + 90.0) * PER_DEGREE_FLOAT)
        number = SPREAD_LIST[column & LOW_HALF] | SPREAD_LIST[row & LOW_HALF] << 1
        number |= (SPREAD_LIST[column >> HALF_BITS] | SPREAD_LIST[row >> HALF_BITS] << 1) << 2 * HALF_BITS
        begin = 0
        for level, shift, tag in self.levels:
            key = number >> shift | tag
            begin = bisect_left(self.cells, key, begin)
            if self.cells[begin] != key:
                continue
            for at in range(self.offset[begin], self.offset[begin + 1]):
                entry = self.order[at]
                fence = self.fence[self.piece[entry]]
                if fence >= 0 and self.covers(entry, lon, lat, level, column, row):
                    yield fence

    def covers(self, entry: int, lon: float, lat: float, level: int, column: int, row: int) -> bool:
        kind = self.kind[entry]
        if kind == WHOLE:
            return True
        if kind == NEAR:
            return self.near(entry, lon, lat)
        if kind == ASK:
            return self.asked(entry, lon, lat)
        shift = 2 * (FINEST - level)
        from_lon = ((column >> shift) + REFERENCE.real) * SIZE_LIST[level] - 180.0
        from_lat = ((row >> shift) + REFERENCE.imag) * SIZE_LIST[level] - 90.0
        found = self.walk(entry, lon - from_lon, lat - from_lat, from_lon, from_lat)
        if found is None:
            return self.asked(entry, lon, lat)
        return bool(found != (kind == INSIDE))

    def asked(self, entry: int, lon: float, lat: float) -> bool:
        return bool(shapely.intersects_xy(self.shape[self.piece[entry]], lon, lat))

    def walk(self, entry: int, x: float, y: float, from_lon: float, from_lat: float) -> bool | None:
        """Whether the walk to x, y crosses the border an odd number of times; None: too near to say."""
        odd, error, degrees = False, self.error[self.piece[entry]], self.degrees
        for at in range(self.first[entry], self.first[entry + 1]):
            vertex = 2 * self.edge[at]
            ax, ay = degrees[vertex] - from_lon, degrees[vertex + 1] - from_lat
            bx, by = degrees[vertex + 2] - from_lon, degrees[vertex + 3] - from_lat
            side_a, side_b, origin = x * ay - y * ax, x * by - y * bx, ax * by - ay * bx
            place = origin + side_a - side_b
            if min(abs(side_a), abs(side_b), abs(origin), abs(place)) <= error:
                return None
            odd ^= (side_a > 0) != (side_b > 0) and (origin > 0) != (place > 0)
        return odd

    def near(self, entry: int, lon: float, lat: float) -> bool:
        """A circle's one edge is its centre twice."""
        begin, end = self.first[entry], self.first[entry + 1]
        reach = self.reach[self.piece[entry]]
        vertex = 2 * self.edge[begin]
        a_lon, a_lat, b_lon, b_lat = self.degrees[vertex : vertex + 4].tolist()
        if (a_lon, a_lat) != (b_lon, b_lat):
            return to_edges(edge_ends(self.vertices, self.edges[begin:end]), lon, lat) <= reach
        metres = distance(lon, lat, a_lon, a_lat)
        if abs(metres - reach) <= SPHERE * reach:
            metres = WGS84.inv(lon, lat, a_lon, a_lat)[2]
        return bool(metres <= reach)
