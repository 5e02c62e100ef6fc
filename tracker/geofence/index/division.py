"""Division: geofences cut into cells that are wholly inside, or on the border with the edges that pass through.

Top down and many geofences at once: a cell that the border touches is cut into sixteen, its edges are dealt out to
them, and what is inside follows from the parent's place of reference by counting crossings. GEOS is asked once a piece.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from tracker.geofence.index import cells
from tracker.geofence.index.cells import (
    CHILD_COLUMN,
    CHILD_CORNER,
    CHILD_ROW,
    CHILDREN,
    FINEST,
    MIDDLE,
    REFERENCE,
    SIZES,
)
from tracker.geofence.index.parity import bound_error, walk
from tracker.geofence.index.pieces import Piece, Pieces, cut_pieces
from tracker.geofence.shape.arrays import Bools, Complexes, Floats, Growing, Ints, Longs, ends, runs
from tracker.geofence.shape.distance import ROUGH, bend, space
from tracker.model.geofence import Geofence

ACROSS: Final = 7  # cells of the finest level a piece has at least, from side to side; at most four times that
FIRST_ACROSS: Final = 3  # cells of its coarsest level
MANY_EDGES: Final = 16  # a cell with more is cut further, by at most FURTHER levels
FURTHER: Final = 2
ASK_FROM: Final = 64  # edges
FEW_EDGES: Final = 500  # of a polygon, that cannot pass through too many cells
AT_ONCE: Final = 2_000  # edges divided together: what then is made of them stays in the processor's cache
AT_MOST: Final = 50_000  # edges in cells cut at once: bounds the memory of one geofence
SLICES: Final = 64  # in which edges are put in order: bounds the memory of that
MARGIN: Final = 1e-6  # of a cell: who grazes it touches it
LONGEST: Final = 100_000  # cells of its finest level that a piece's border may pass through
METRES_PER_DEGREE: Final = 111_700.0  # of latitude at the poles, where it is longest

WHOLE: Final = 0
OUTSIDE: Final = 1  # a border cell of a polygon whose place of reference is outside
INSIDE: Final = 2  # the same, inside
NEAR: Final = 3  # a border cell of a circle or a corridor
ASK: Final = 4  # a border cell of a polygon with so many edges that GEOS is quicker


class Division(NamedTuple):
    """Entries, one for each piece in a cell. Entry i's edges begin at the vertices `edges[first[i]:first[i + 1]]`."""

    key: Longs  # of the cell, ascending; only until it is looked up
    piece: Ints
    kind: Any  # int8
    first: Ints
    edges: Ints
    vertices: Complexes  # lon + i lat

    def join(self, more: "Division") -> "Division":
        """With entries of pieces and vertices that are numbered on from these."""
        first = np.concatenate((self.first, more.first[1:] + self.first[-1]))
        pairs = zip(self, more, strict=True)
        return Division(*map(np.concatenate, pairs))._replace(key=self.key, first=first)


# As in a Division, but for the counts of edges in place of `first`.
Entries = tuple[Longs, Ints, Any, Ints, Ints, Complexes]
TYPES: Final = (np.int64, np.int32, np.int8, np.int32, np.int32, np.complex128)


class Front(NamedTuple):
    """The border cells of one level, with their edges."""

    piece: Longs
    column: Longs
    row: Longs
    inside: Bools  # whether the place of reference is
    first: Longs
    edges: Longs


def divide(fences: Iterable[Geofence], first_piece: int = 0, first_vertex: int = 0) -> tuple[Pieces, Division]:
    """Every piece's entries in the order of their cells, so that what is asked together lies together in memory.

    Pieces and vertices are numbered from the given ones on.
    """
    known = [Pieces.of([], 0)]
    columns = [Growing(dtype) for dtype in TYPES]
    vertices = first_vertex
    for bunch in gather_bunches(fences):
        known.append(Pieces.of(bunch, vertices))
        for column, more in zip(columns, Divider(bunch).find_entries(first_piece, vertices), strict=True):
            column.add(more)
        first_piece, vertices = first_piece + len(bunch), first_vertex + len(columns[-1].rows)
    return Pieces(*map(np.concatenate, zip(*known, strict=True))), sort_by_cell(*(column.rows for column in columns))


def sort_by_cell(key: Longs, piece: Ints, kind: Any, count: Ints, edges: Ints, vertices: Complexes) -> Division:
    order = np.argsort(key)
    begin, count = ends(count)[:-1].astype(np.int32)[order], count[order]
    slices = zip(np.array_split(begin, SLICES), np.array_split(count, SLICES), strict=True)
    edges = np.concatenate([edges[runs(*each)[1]] for each in slices])
    return Division(key[order], piece[order], kind[order], ends(count).astype(np.int32), edges, vertices.copy())


def gather_bunches(fences: Iterable[Geofence]) -> Iterator[list[Piece]]:
    bunch, waiting = list[Piece](), 0
    for fence in fences:
        for piece in cut_pieces(fence):
            bunch.append(piece)
            waiting += len(piece.edges)
        if waiting >= AT_ONCE:
            yield bunch
            bunch, waiting = [], 0
    if bunch:
        yield bunch


class Divider:
    """Divides one bunch of pieces, level by level."""

    def __init__(self, bunch: list[Piece]) -> None:
        self.shapes: Final = np.array([piece.shape for piece in bunch], dtype=object)
        self.reach: Final = np.array([piece.reach for piece in bunch])
        self.is_line: Final = np.isfinite(self.reach)
        counts = np.array([len(piece.vertices) for piece in bunch])
        begins = np.cumsum(counts) - counts
        self.error: Final = np.array([bound_error(piece.bounds) for piece in bunch])
        self.vertices: Final = np.vstack([piece.vertices for piece in bunch]).view(np.complex128)[:, 0]
        if self.is_line.any():
            self.space: Final = space(self.vertices.real, self.vertices.imag)
            self.slack: Final = measure_bend(self.vertices, self.space)
        self.edge_count: Final = np.array([len(piece.edges) for piece in bunch])
        self.edge_begin: Final = np.cumsum(self.edge_count) - self.edge_count
        self.edges: Final = np.concatenate([piece.edges + at for piece, at in zip(bunch, begins, strict=True)])
        self.bounds: Final = [piece.bounds for piece in bunch]
        self.first_level, self.last_level, self.finest_level = choose_levels(bunch)
        self.found: Final[list[tuple[Longs, Longs, Any, Longs, Longs]]] = []

    def find_entries(self, first_piece: int, first_vertex: int) -> Entries:
        front = None
        for level in range(FINEST + 1):
            front = join(front, self.begin_at(level))
            if front is not None:
                front = self.cut(level, front)
        key, piece, kind, count, edges = (np.concatenate(column) for column in zip(*self.found, strict=True))
        return (
            key,
            (piece + first_piece).astype(np.int32),
            kind.astype(np.int8),
            count.astype(np.int32),
            (edges + first_vertex).astype(np.int32),
            self.vertices,
        )

    def begin_at(self, level: int) -> Front | None:
        """The cells of pieces that begin at this level, each with all edges of its piece."""
        new = np.flatnonzero(self.first_level == level)
        found = [(piece, *cell) for piece in new.tolist() for cell in find_covered_cells(self.bounds[piece], level)]
        if not found:
            return None
        piece, column, row = np.array(found, dtype=np.int64).T
        inside = np.zeros(len(found), dtype=bool)
        areas = ~self.is_line[piece]
        place = cells.find_references(level, column[areas], row[areas])
        inside[areas] = shapely.contains_xy(self.shapes[piece[areas]], place.real, place.imag)
        count = self.edge_count[piece]
        _, edge = runs(self.edge_begin[piece], count)
        return Front(piece, column, row, inside, ends(count), self.edges[edge])

    def cut(self, level: int, front: Front) -> Front | None:
        """Emits the cells that need no more cutting, and cuts the others."""
        if len(front.edges) > AT_MOST and len(front.piece) > 1:
            low = np.arange(len(front.piece)) < len(front.piece) // 2
            return join(self.cut(level, choose(front, low)), self.cut(level, choose(front, ~low)))
        count = np.diff(front.first)
        enough = (level >= self.last_level[front.piece]) & (count <= MANY_EDGES)
        done = enough | (level >= self.finest_level[front.piece])
        self.emit_border(level, choose(front, done))
        front = choose(front, ~done)
        lines = self.is_line[front.piece]
        areas, near = choose(front, ~lines), choose(front, lines)
        return join(self.cut_areas(level + 1, areas), self.cut_lines(level + 1, near))

    def emit_border(self, level: int, front: Front) -> None:
        count = np.diff(front.first)
        crowded = (count > ASK_FROM) & ~self.is_line[front.piece]
        shapely.prepare(self.shapes[np.unique(front.piece[crowded])])
        kind = np.where(self.is_line[front.piece], NEAR, np.where(front.inside, INSIDE, OUTSIDE))
        kind[crowded] = ASK
        edges = front.edges[np.repeat(~crowded, count)]
        key = cells.make_keys(level, front.column, front.row)
        self.found.append((key, front.piece, kind, np.where(crowded, 0, count), edges))

    def emit_whole(self, level: int, piece: Longs, column: Longs, row: Longs) -> None:
        none = np.zeros(len(piece), dtype=np.int64)
        self.found.append((cells.make_keys(level, column, row), piece, none + WHOLE, none, none[:0]))

    def cut_areas(self, level: int, front: Front) -> Front | None:
        """The parent's place of reference and the edges decide the child's; untouched children are whole or nothing."""
        if not len(front.piece):
            return None
        size = SIZES[level]
        owner = np.repeat(np.arange(len(front.piece)), np.diff(front.first))
        origin = cells.find_references(level - 1, front.column, front.row)[owner]
        a, b = (self.vertices[front.edges] - origin)[:, None], (self.vertices[front.edges + 1] - origin)[:, None]
        to = (CHILD_CORNER - 3 * REFERENCE) * size
        crosses, unsure = walk(to, a, b, self.error[front.piece][owner][:, None])
        begins = front.first[:-1]
        inside = np.logical_xor.reduceat(crosses, begins, axis=0) ^ front.inside[:, None]
        self.ask(level, front, inside, np.logical_or.reduceat(unsure, begins, axis=0))
        touched = touches((CHILD_CORNER - 4 * REFERENCE + MIDDLE) * size, size, a, b)
        border = np.logical_or.reduceat(touched, begins, axis=0)
        cell, child = np.nonzero(~border & inside)
        self.emit_whole(level, front.piece[cell], *find_children(front, cell, child))
        return deal(front, owner, touched, border, inside)

    def ask(self, level: int, front: Front, inside: Bools, unsure: Bools) -> None:
        """A child's place of reference in line with a vertex, or too near an edge: GEOS knows."""
        cell, child = np.nonzero(unsure)
        if len(cell):
            place = cells.find_references(level, *find_children(front, cell, child))
            inside[cell, child] = shapely.contains_xy(self.shapes[front.piece[cell]], place.real, place.imag)

    def cut_lines(self, level: int, front: Front) -> Front | None:
        """The distance of a child's middle, more or less half its diagonal, decides."""
        if not len(front.piece):
            return None
        size = SIZES[level]
        owner = np.repeat(np.arange(len(front.piece)), np.diff(front.first))
        lon = (4 * front.column[:, None] + CHILD_COLUMN + 0.5) * size - 180.0
        lat = (4 * front.row[:, None] + CHILD_ROW + 0.5) * size - 90.0
        flattest = np.cos(np.radians(np.clip(np.abs(lat) - size / 2, 0.0, 90.0)))
        half = np.hypot(1.0, flattest) * METRES_PER_DEGREE * size / 2
        metres, slack = self.measure(space(lon, lat)[:, owner], front.edges)
        reach = self.reach[front.piece][:, None]
        least = (metres - slack) * (1 - ROUGH) - half[owner]
        begins = front.first[:-1]
        most = np.minimum.reduceat(metres + slack, begins, axis=0) * (1 + ROUGH) + half
        touched = least <= np.minimum(reach, most)[owner]  # beyond `most` they are nearest to no place in the cell
        inside = most <= reach
        border = np.logical_or.reduceat(touched, begins, axis=0) & ~inside
        cell, child = np.nonzero(inside)
        self.emit_whole(level, front.piece[cell], *find_children(front, cell, child))
        return deal(front, owner, touched & border[owner], border, inside)

    def measure(self, place: Floats, edges: Longs) -> tuple[Floats, Floats]:
        """From places (3 x m x 16) to the chords of their edges (m), and how far an edge may leave its chord."""
        start = self.space[:, edges, None]
        chord = self.space[:, edges + 1, None] - start
        off = place - start
        t = np.clip(np.sum(off * chord, axis=0) / np.maximum(np.sum(chord * chord, axis=0), 1e-12), 0.0, 1.0)
        off -= t * chord
        return bend(np.sqrt(np.sum(off * off, axis=0))), self.slack[edges][:, None]


def measure_bend(vertices: Complexes, places: Floats) -> Floats:
    """How far from its chord each edge's middle is, and a half more: from the earth's bend and the parallels'."""
    middle = (vertices[1:] + vertices[:-1]) / 2
    off = space(middle.real, middle.imag) - (places[:, 1:] + places[:, :-1]) / 2
    return np.append(1.5 * np.sqrt(np.sum(off * off, axis=0)), 0.0)


def choose_levels(bunch: list[Piece]) -> tuple[Longs, Longs, Longs]:
    """The level a piece begins at, the one its border is drawn at, and the one it is at most if it has many edges."""
    bounds = np.array([piece.bounds for piece in bunch])
    extent = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    fine, least = extent / ACROSS, np.zeros(len(bunch))
    for index, piece in enumerate(bunch):
        if piece.shape is None:  # a corridor: as fine as it is wide, but not for ever
            fine[index] = np.clip(4 * piece.reach / ACROSS / METRES_PER_DEGREE, fine[index] / 40, fine[index])
        if piece.shape is None or len(piece.edges) > FEW_EDGES:
            least[index] = np.abs(np.diff(piece.vertices, axis=0)).max(axis=1, initial=0).sum() / LONGEST
    finest = np.clip(np.searchsorted(-SIZES, -least, side="right") - 1, 0, FINEST)
    last = np.minimum(np.searchsorted(-SIZES, -fine), finest)
    first = np.minimum(np.clip(np.searchsorted(-SIZES, -extent / FIRST_ACROSS) - 1, 0, FINEST), last)
    return first, last, np.minimum(finest, last + FURTHER)


def find_covered_cells(bounds: tuple[float, float, float, float], level: int) -> list[tuple[int, int]]:
    """Columns and rows of a level that bounds touch, a little more than less. Past 180 goes on at -180."""
    size, turn = SIZES[level], 4 ** (level + 1)
    west, south, east, north = bounds
    lowest, highest = int((south + 90.0) / size - MARGIN), int((north + 90.0) / size + MARGIN)
    begin, end = int(np.floor((west + 180.0) / size - MARGIN)), int(np.floor((east + 180.0) / size + MARGIN))
    columns = set(range(max(0, begin), min(turn, end) + 1))  # `turn` is the column of 180 itself
    if west < -180.0 or east > 180.0:
        columns |= {column % turn for column in range(begin, end + 1)} | {turn}
    return [(column, row) for row in range(max(0, lowest), highest + 1) for column in sorted(columns)]


def touches(middle: Complexes, size: float, a: Complexes, b: Complexes) -> Bools:
    """Whether an edge meets a square: neither their shadows on the axes nor the edge's two sides part them."""
    half = size / 2 * (1 + MARGIN)
    span, off = b - a, (a + b) / 2 - middle
    width, height = np.abs(span.real), np.abs(span.imag)
    found: Bools = (np.abs(off.real) <= half + width / 2) & (np.abs(off.imag) <= half + height / 2)
    found &= np.abs((np.conj(span) * off).imag) <= half * (width + height)
    return found


def find_children(front: Front, cell: Longs, child: Longs) -> tuple[Longs, Longs]:
    return 4 * front.column[cell] + CHILD_COLUMN[child], 4 * front.row[cell] + CHILD_ROW[child]


def deal(front: Front, owner: Longs, touched: Bools, border: Bools, inside: Bools) -> Front:
    """The border children, each with the edges of its parent that touch it."""
    cell, child = np.nonzero(border)
    pair, pair_child = np.nonzero(touched)
    order = np.argsort(owner[pair] * CHILDREN + pair_child, kind="stable")
    count = np.add.reduceat(touched.astype(np.int64), front.first[:-1], axis=0)[cell, child]
    first = ends(count)
    return Front(
        front.piece[cell], *find_children(front, cell, child), inside[cell, child], first, front.edges[pair[order]]
    )


def choose(front: Front, mask: Bools) -> Front:
    count = np.diff(front.first)
    kept = (front.piece[mask], front.column[mask], front.row[mask], front.inside[mask])
    return Front(*kept, ends(count[mask]), front.edges[np.repeat(mask, count)])


def join(one: Front | None, other: Front | None) -> Front | None:
    if one is None or other is None:
        return one if other is None else other
    joint = [np.concatenate(pair) for pair in zip(one, other, strict=True)]
    return Front(*joint)._replace(first=np.concatenate((one.first, other.first[1:] + one.first[-1])))
