"""The same lookup place by place in plain Python: for a few places, NumPy's fixed cost is most of the time.

Everything here has its counterpart in index.py and lookup.py, and must give the same answers; a property test says so.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import shapely

from tracker.geo.distance import distance
from tracker.geofence.index.cells import FINEST, HALF_BITS, LOW_HALF, PER_DEGREE, REFERENCE, SIZES, SPREAD
from tracker.geofence.index.division import ASK, INSIDE, NEAR, OUTSIDE, WHOLE, Division
from tracker.geofence.index.lookup import CellTable
from tracker.geofence.index.pieces import Pieces
from tracker.geofence.shape.distance import WGS84, edge_ends, to_edges

SPHERE: Final = 0.01  # more than distance() is wrong by, for it knows a sphere only
SPREAD_LIST: Final[list[int]] = SPREAD.tolist()
SIZE_LIST: Final[list[float]] = SIZES.tolist()
MOST_VISITED: Final = 16_384  # cells of 10 m, with the edges in them: 30 MB where fences lie thick
PER_DEGREE_FLOAT: Final = float(PER_DEGREE)


class CellEntry(NamedTuple):
    """An entry in a cell. `lon`, `lat`: from where one walks."""

    fence: int
    kind: int
    entry: int
    lon: float
    lat: float


class Few:
    """Reads the index's arrays through memoryviews, whose items are plain numbers and three times as quick to get."""

    def __init__(self, pieces: Pieces, division: Division, lookup: CellTable) -> None:
        self.shape: Final = pieces.shape
        self.edges: Final = division.edges
        self.vertices: Final = division.vertices
        self.fence, self.reach, self.error = (pieces.fence.data, pieces.reach.data, pieces.error.data)
        self.piece, self.kind = division.piece.data, division.kind.data
        self.first, self.edge = division.first.data, division.edges.data
        self.degrees: Final[Any] = division.vertices.view("float64").data
        self.cells, self.offset, self.order = (lookup.cells.data, lookup.offset.data, lookup.order.data)
        self.visited: Final[dict[int, tuple[CellEntry, ...]]] = {}  # by finest cell; bound: MOST_VISITED, then all anew
        self.walks: Final[dict[int, list[tuple[float, ...]]]] = {}  # by entry; bound: cleared with `visited`
        self.levels: Final = [
            (level, shift, tag)
            for level, (shift,), (tag,) in zip(
                lookup.levels.tolist(), lookup.shift.tolist(), lookup.tag.tolist(), strict=True
            )
        ]

    def find_covering(self, lon: float, lat: float) -> list[int]:
        """Keys of the fences that cover a place; one in parts may come more than once."""
        column, row = int((lon + 180.0) * PER_DEGREE_FLOAT), int((lat + 90.0) * PER_DEGREE_FLOAT)
        number = SPREAD_LIST[column & LOW_HALF] | SPREAD_LIST[row & LOW_HALF] << 1
        number |= (SPREAD_LIST[column >> HALF_BITS] | SPREAD_LIST[row >> HALF_BITS] << 1) << 2 * HALF_BITS
        here = self.visited.get(number)
        if here is None:
            here = self.visit(number, column, row)
        return [found.fence for found in here if found.kind == WHOLE or self.covers(found, lon, lat)]

    def visit(self, number: int, column: int, row: int) -> tuple[CellEntry, ...]:
        """What lies in a cell of the finest level, on all levels. Kept: where a device is now it mostly is next, and
        where it drives others do."""
        if len(self.visited) >= MOST_VISITED:
            self.visited.clear()
            self.walks.clear()
        here = self.visited[number] = tuple(self.find(number, column, row))
        return here

    def find(self, number: int, column: int, row: int) -> Iterator[CellEntry]:
        begin = 0
        for level, shift, tag in self.levels:
            key = number >> shift | tag
            begin = bisect_left(self.cells, key, begin)
            if self.cells[begin] != key:
                continue
            for at in range(self.offset[begin], self.offset[begin + 1]):
                entry = self.order[at]
                fence, kind = self.fence[self.piece[entry]], self.kind[entry]
                if fence >= 0:
                    yield CellEntry(fence, kind, entry, *self.find_start(kind, level, column, row))

    def find_start(self, kind: int, level: int, column: int, row: int) -> tuple[float, float]:
        """The place of reference, where there is a walk from it."""
        if kind not in (INSIDE, OUTSIDE):
            return 0.0, 0.0
        shift = 2 * (FINEST - level)
        lon = ((column >> shift) + REFERENCE.real) * SIZE_LIST[level] - 180.0
        return lon, ((row >> shift) + REFERENCE.imag) * SIZE_LIST[level] - 90.0

    def covers(self, found: CellEntry, lon: float, lat: float) -> bool:
        if found.kind == NEAR:
            return self.is_near(found.entry, lon, lat)
        if found.kind == ASK:
            return self.ask(found.entry, lon, lat)
        odd = self.walk(found, lon - found.lon, lat - found.lat)
        if odd is None:
            return self.ask(found.entry, lon, lat)
        return odd != (found.kind == INSIDE)

    def ask(self, entry: int, lon: float, lat: float) -> bool:
        return bool(shapely.intersects_xy(self.shape[self.piece[entry]], lon, lat))

    def walk(self, found: CellEntry, x: float, y: float) -> bool | None:
        """Whether the walk to x, y crosses the border an odd number of times; None: too near to say."""
        edges = self.walks.get(found.entry)
        if edges is None:
            edges = self.walks[found.entry] = [*self.find_edges(found)]
        odd, error = False, self.error[self.piece[found.entry]]
        for ax, ay, bx, by, origin in edges:
            side_a, side_b = x * ay - y * ax, x * by - y * bx
            place = origin + side_a - side_b
            if -error <= side_a <= error or -error <= side_b <= error:
                return None
            if -error <= place <= error or -error <= origin <= error:
                return None
            if (side_a > 0) != (side_b > 0) and (origin > 0) != (place > 0):
                odd = not odd
        return odd

    def find_edges(self, found: CellEntry) -> Iterator[tuple[float, float, float, float, float]]:
        """Both ends as seen from the place of reference, and twice the area of the triangle of the three."""
        for at in range(self.first[found.entry], self.first[found.entry + 1]):
            vertex = 2 * self.edge[at]
            ax, ay = self.degrees[vertex] - found.lon, self.degrees[vertex + 1] - found.lat
            bx, by = self.degrees[vertex + 2] - found.lon, self.degrees[vertex + 3] - found.lat
            yield ax, ay, bx, by, ax * by - ay * bx

    def is_near(self, entry: int, lon: float, lat: float) -> bool:
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
