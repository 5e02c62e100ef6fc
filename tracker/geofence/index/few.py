"""The same lookup place by place in plain Python: for a few places, NumPy's fixed cost is most of the time.

Everything here has its counterpart in index.py and lookup.py, and must give the same answers; a property test says so.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import shapely

from tracker.geo.distance import distance
from tracker.geofence.index.cells import FINEST, HALF_BITS, LEVEL_BITS, LOW_HALF, PER_DEGREE, REFERENCE, SIZES, SPREAD
from tracker.geofence.index.division import INSIDE, NEAR, OUTSIDE, WHOLE, Division
from tracker.geofence.index.lookup import CellTable
from tracker.geofence.index.pieces import Pieces
from tracker.geofence.shape.distance import WGS84, edge_ends, to_edges

SPHERE: Final = 0.01  # more than distance() is wrong by, for it knows a sphere only
SPREAD_LIST: Final[list[int]] = SPREAD.tolist()
SIZE_LIST: Final[list[float]] = SIZES.tolist()
COARSEST: Final = 7  # the level of the coarsest tiles: 600 m of latitude
COLUMN_BITS: Final = 24
MOST_KEPT: Final = 65_536  # tiles: 10 MB; a city of 40 by 40 km among a thousand fences has 30,000
MOST_EDGES: Final = 100_000  # in them: 30 MB
PER_DEGREE_FLOAT: Final = float(PER_DEGREE)


@lru_cache(maxsize=100_000)
def make_single(key: int) -> frozenset[int]:
    """Most places that lie in a fence lie in one, and many of them in the same."""
    return frozenset((key,))


def find_number(column: int, row: int) -> int:
    """The Morton number of one cell: `cells.interleave` of plain numbers."""
    low = SPREAD_LIST[column & LOW_HALF] | SPREAD_LIST[row & LOW_HALF] << 1
    return (SPREAD_LIST[column >> HALF_BITS] | SPREAD_LIST[row >> HALF_BITS] << 1) << 2 * HALF_BITS | low


class CellBorder(NamedTuple):
    """An entry in a cell that a place has to be held against. `base`: whether its place of reference, from which one
    walks, is inside; `edges`: both ends as seen from there, and twice the area of the triangle of the three."""

    fence: int
    kind: int
    entry: int
    base: bool
    lon: float
    lat: float
    error: float
    edges: list[tuple[float, float, float, float, float]]


class CellContents(NamedTuple):
    """What lies in one cell, on its own level and all coarser ones. `whole`: the fences that cover all of it. Where
    there is more on finer levels it `is_divided`: a tile of one of those has to be asked, and this one is empty."""

    whole: frozenset[int]
    borders: tuple[CellBorder, ...]
    is_divided: bool


DIVIDED: Final = CellContents(frozenset(), (), True)
EMPTY: Final = CellContents(frozenset(), (), False)


class Few:
    """Reads the index's arrays through memoryviews, whose items are plain numbers and three times as quick to get.

    Tiles are kept: where a device is now it mostly is next, and where it drives others do. One of the coarsest tiles
    answers for 600 m where no border is near; to keep only the finest cells would be one dictionary, and a device that
    drives is in a new one with each fix."""

    def __init__(self, pieces: Pieces, division: Division, lookup: CellTable) -> None:
        self.shape: Final = pieces.shape
        self.edges: Final = division.edges
        self.vertices: Final = division.vertices
        self.fence, self.reach, self.error = (pieces.fence.data, pieces.reach.data, pieces.error.data)
        self.piece, self.kind = division.piece.data, division.kind.data
        self.first, self.edge = division.first.data, division.edges.data
        self.degrees: Final[Any] = division.vertices.view("float64").data
        self.cells, self.offset, self.order = (lookup.cells.data, lookup.offset.data, lookup.order.data)
        self.levels: Final = lookup.levels.tolist()  # those in use, ascending
        self.tiers: Final[list[tuple[int, int, dict[int, CellContents]]]] = [
            (level, 2 * (FINEST - level), {}) for level in range(COARSEST, FINEST + 1)
        ]
        self.kept = 0  # tiles of all tiers; bound: MOST_KEPT, then all anew
        self.drawn = 0  # edges of all borders in them; bound: MOST_EDGES, then all anew
        self.known: Final[dict[int, CellBorder]] = {}  # by entry; bound: cleared with the tiles

    def find_covering(self, lon: float, lat: float) -> frozenset[int]:
        """Keys of the fences that cover a place."""
        column, row = int((lon + 180.0) * PER_DEGREE_FLOAT), int((lat + 90.0) * PER_DEGREE_FLOAT)
        tile = EMPTY
        for level, shift, tiles in self.tiers:
            number = (column >> shift) << COLUMN_BITS | row >> shift
            known = tiles.get(number)
            if known is None:
                known = self.keep(tiles, number, self.make_tile(level, column >> shift, row >> shift))
            tile = known
            if not tile.is_divided:
                break
        whole, borders, _ = tile
        for border in borders:
            if self.covers(border, lon, lat):
                whole |= make_single(border.fence)
        return whole

    def keep(self, tiles: dict[int, CellContents], number: int, tile: CellContents) -> CellContents:
        if self.kept >= MOST_KEPT or self.drawn >= MOST_EDGES:
            for _, _, each in self.tiers:
                each.clear()
            self.known.clear()
            self.kept = self.drawn = 0
        self.kept += 1
        tiles[number] = tile
        return tile

    def make_tile(self, level: int, column: int, row: int) -> CellContents:
        """`column` and `row` of this level."""
        number = find_number(column, row)
        if self.is_divided(level, number):
            return DIVIDED
        whole: list[int] = []
        borders: list[CellBorder] = []
        begin = 0
        for coarser in self.levels:
            if coarser > level:
                break
            shift = level - coarser
            key = number >> 4 * shift | coarser << LEVEL_BITS
            begin = bisect_left(self.cells, key, begin)
            if self.cells[begin] != key:
                continue
            for at in range(self.offset[begin], self.offset[begin + 1]):
                entry = self.order[at]
                if (fence := self.fence[self.piece[entry]]) < 0:
                    continue
                if self.kind[entry] == WHOLE:
                    whole.append(fence)
                else:
                    borders.append(self.find_border(entry, coarser, column >> 2 * shift, row >> 2 * shift))
        return CellContents(frozenset(whole), tuple(borders), False) if whole or borders else EMPTY

    def is_divided(self, level: int, number: int) -> bool:
        """Whether there are cells of finer levels in a cell of this one."""
        for finer in self.levels:
            if finer > level:
                begin = number << 4 * (finer - level) | finer << LEVEL_BITS
                if self.cells[bisect_left(self.cells, begin)] < begin + (1 << 4 * (finer - level)):
                    return True
        return False

    def find_border(self, entry: int, level: int, column: int, row: int) -> CellBorder:
        found = self.known.get(entry)
        if found is None:
            found = self.known[entry] = self.make_border(entry, level, column, row)
            self.drawn += len(found.edges)
        return found

    def make_border(self, entry: int, level: int, column: int, row: int) -> CellBorder:
        piece, kind = self.piece[entry], self.kind[entry]
        lon, lat = (
            (column + REFERENCE.real) * SIZE_LIST[level] - 180.0,
            (row + REFERENCE.imag) * SIZE_LIST[level] - 90.0,
        )
        edges = [*self.find_edges(entry, lon, lat)] if kind in (INSIDE, OUTSIDE) else []
        return CellBorder(self.fence[piece], kind, entry, kind == INSIDE, lon, lat, self.error[piece], edges)

    def find_edges(self, entry: int, lon: float, lat: float) -> Iterator[tuple[float, float, float, float, float]]:
        for at in range(self.first[entry], self.first[entry + 1]):
            vertex = 2 * self.edge[at]
            ax, ay = self.degrees[vertex] - lon, self.degrees[vertex + 1] - lat
            bx, by = self.degrees[vertex + 2] - lon, self.degrees[vertex + 3] - lat
            yield ax, ay, bx, by, ax * by - ay * bx

    def covers(self, border: CellBorder, lon: float, lat: float) -> bool:
        """By a walk from the place of reference, where there is one: it is inside if that is, and the walk crosses the
        border an even number of times. An edge whose ends lie clearly on one side of the walk is not crossed, and most
        are such; of the others all four distances have to be clear."""
        _, kind, entry, odd, from_lon, from_lat, error, edges = border
        if not edges:
            return self.is_near(entry, lon, lat) if kind == NEAR else self.ask(entry, lon, lat)
        x, y = lon - from_lon, lat - from_lat
        for ax, ay, bx, by, origin in edges:
            side_a, side_b = x * ay - y * ax, x * by - y * bx
            if (side_a > error and side_b > error) or (side_a < -error and side_b < -error):
                continue
            place = origin + side_a - side_b
            if -error <= side_a <= error or -error <= side_b <= error:
                return self.ask(entry, lon, lat)
            if -error <= place <= error or -error <= origin <= error:
                return self.ask(entry, lon, lat)
            if (origin > 0) != (place > 0):
                odd = not odd
        return odd

    def ask(self, entry: int, lon: float, lat: float) -> bool:
        return bool(shapely.intersects_xy(self.shape[self.piece[entry]], lon, lat))

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
