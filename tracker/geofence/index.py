"""Which geofences cover which places: many places at once, against all geofences.

A place's cells, one on each level in use, are looked up in one sorted list of keys. An entry found there says that its
geofence covers the whole cell, or which edges must be asked. Most places need no edge at all.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from tracker.geofence.cells import FINEST, LEVEL_BITS, Floats, Ints, Longs, columns, morton, ragged, references, rows
from tracker.geofence.distance import feet, geodesic, roughly
from tracker.geofence.division import INSIDE, NEAR, ROUGH, WHOLE, Division, Piece, divide, joined, pieces
from tracker.geofence.parity import Bools, walks
from tracker.model.geofence import Geofence

Pairs = tuple[Ints, Ints]  # place index, piece or fence key


class Pieces(NamedTuple):
    """Geofences' pieces, by the number entries know them by. Numbers are not used again."""

    fence: Ints  # key
    reach: Floats  # m, NaN for a polygon
    shape: Any  # of shapely.Polygon or None


class Lookup(NamedTuple):
    """`order[offset[i]:offset[i + 1]]` are the entries of cell `cells[i]`; cells ascend and end in a sentinel."""

    cells: Longs
    offset: Ints
    order: Ints
    levels: Longs  # those in use, ascending


class FenceIndex:
    """Never changes; `changed` makes the next one."""

    def __init__(self, fences: dict[int, Geofence], known: Pieces, division: Division, lookup: Lookup) -> None:
        self.fences: Final = fences
        self._pieces: Final = known
        self._division: Final = division
        self._lookup: Final = lookup

    @classmethod
    def build(cls, fences: Iterable[Geofence]) -> "FenceIndex":
        by_key = {fence.key: fence for fence in fences}
        known, division = divided(by_key.values())
        order = np.argsort(division.key).astype(np.int32)
        return cls(by_key, known, division._replace(key=division.key[:0]), looked_up(division.key[order], order))

    def changed(self, removed: Collection[int], added: Iterable[Geofence]) -> "FenceIndex":
        """Without the removed ones and with the added, which replace those of the same key."""
        new = {fence.key: fence for fence in added}
        gone = (set(removed) | new.keys()) & self.fences.keys()
        fences = {key: fence for key, fence in self.fences.items() if key not in gone} | new
        keys = np.repeat(self._lookup.cells[:-1], np.diff(self._lookup.offset[:-1]))
        order = self._lookup.order
        if gone:
            stays = ~np.isin(self._pieces.fence, list(gone))[self._division.piece][order]
            keys, order = keys[stays], order[stays]
        known, division = divided(new.values(), len(self._pieces.fence), len(self._division.x))
        sorting = np.argsort(division.key)
        at = np.searchsorted(keys, division.key[sorting])
        order = np.insert(order, at, sorting + len(self._division.piece))
        keys = np.insert(keys, at, division.key[sorting])
        return FenceIndex(
            fences, Pieces(*(np.concatenate(pair) for pair in zip(self._pieces, known, strict=True))),
            joined([self._division, division._replace(key=division.key[:0])]), looked_up(keys, order),
        )  # fmt: skip

    def fence(self, key: int) -> Geofence:
        return self.fences[key]

    def __contains__(self, key: object) -> bool:
        return key in self.fences

    def __len__(self) -> int:
        return len(self.fences)

    def covering(self, lon: Floats, lat: Floats) -> Pairs:
        """(place index, fence key) of each pair where the fence covers the place, in no order; the border is inside.

        Degrees, -180 <= lon <= 180 and -90 <= lat <= 90: as those of a Fix are.
        """
        seam = np.flatnonzero(np.abs(lon) == 180.0)
        if len(seam):
            return self._covering_seam(lon, lat, seam)
        place, piece = self._covering(lon, lat)
        return place, self._pieces.fence[piece]

    def _covering_seam(self, lon: Floats, lat: Floats, seam: Longs) -> Pairs:
        """A place on the 180th meridian has two longitudes: ask for both."""
        both = np.concatenate((lon, -lon[seam]))
        place, piece = self._covering(both, np.concatenate((lat, lat[seam])))
        source = np.concatenate((np.arange(len(lon)), seam))[place]
        pairs = np.unique(np.stack((source, self._pieces.fence[piece])), axis=1).astype(np.int32)
        return pairs[0], pairs[1]

    def _covering(self, lon: Floats, lat: Floats) -> Pairs:
        column, row = columns(lon), rows(lat)
        place, level, entry = self._entries(morton(column, row))
        kind = self._division.kind[entry]
        whole = kind == WHOLE
        asked = np.flatnonzero(~whole)
        if not len(asked):
            return place, self._division.piece[entry]
        near = kind[asked] == NEAR
        inside = whole
        areas, lines = asked[~near], asked[near]
        if len(areas):
            at, high = place[areas], level[areas]
            shift = 2 * (FINEST - high)
            references_ = references(high, column[at] >> shift, row[at] >> shift)
            inside[areas] = self._in_area(lon[at], lat[at], entry[areas], *references_, kind[areas] == INSIDE)
        if len(lines):
            inside[lines] = self._in_reach(lon[place[lines]], lat[place[lines]], entry[lines])
        return place[inside], self._division.piece[entry[inside]]

    def _entries(self, number: Longs) -> tuple[Ints, Longs, Ints]:
        """(place index, level, entry) of every entry in the places' cells."""
        cells, offset, order, levels = self._lookup
        sorting = np.argsort(number)
        wanted = number[sorting] >> (4 * (FINEST - levels))[:, None] | (levels << LEVEL_BITS)[:, None]
        wanted = wanted.ravel()
        at = np.searchsorted(cells, wanted)
        hit = np.flatnonzero(cells[at] == wanted)
        at = at[hit]
        begin = offset[at]
        owner, turn = ragged(offset[at + 1] - begin)
        level, place = np.divmod(hit, max(1, len(number)))
        return sorting[place][owner].astype(np.int32), levels[level][owner], order[begin[owner] + turn]

    def _edges(self, entry: Ints) -> tuple[Longs, Longs, Ints]:
        """(where each entry's begin, which entry each is of, first vertex) of the entries' edges."""
        first = self._division.first
        begin = first[entry]
        count = first[entry + 1] - begin
        owner, turn = ragged(count)
        return np.cumsum(count) - count, owner, self._division.edges[begin[owner] + turn]

    def _in_area(self, lon: Floats, lat: Floats, entry: Ints, from_lon: Floats, from_lat: Floats, base: Bools) -> Bools:
        x, y = self._division.x, self._division.y
        begins, owner, edge = self._edges(entry)
        o_lon, o_lat = from_lon[owner], from_lat[owner]
        crosses, unsure = walks(
            (lon - from_lon)[owner], (lat - from_lat)[owner],
            x[edge] - o_lon, y[edge] - o_lat, x[edge + 1] - o_lon, y[edge + 1] - o_lat,
        )  # fmt: skip
        inside: Bools = np.logical_xor.reduceat(crosses, begins) ^ base
        if unsure.any():
            ask = np.flatnonzero(np.logical_or.reduceat(unsure, begins))
            inside[ask] = shapely.intersects_xy(self._pieces.shape[self._division.piece[entry[ask]]], lon[ask], lat[ask])
        return inside

    def _in_reach(self, lon: Floats, lat: Floats, entry: Ints) -> Bools:
        x, y = self._division.x, self._division.y
        begins, owner, edge = self._edges(entry)
        lons, lats = lon[owner], lat[owner]
        foot_lon, foot_lat = feet(lons, lats, np.column_stack((x[edge], y[edge], x[edge + 1], y[edge + 1])))
        metres = roughly(lons, lats, foot_lon, foot_lat)
        reach = self._pieces.reach[self._division.piece[entry]][owner]
        close = np.flatnonzero(np.abs(metres - reach) <= ROUGH * reach)
        metres[close] = geodesic(lons[close], lats[close], foot_lon[close], foot_lat[close])
        inside: Bools = np.logical_or.reduceat(metres <= reach, begins)
        return inside


def divided(fences: Iterable[Geofence], first_piece: int = 0, first_vertex: int = 0) -> tuple[Pieces, Division]:
    found: list[Piece] = [piece for fence in fences for piece in pieces(fence)]
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [piece.shape for piece in found]
    known = Pieces(
        np.array([piece.fence for piece in found], dtype=np.int32),
        np.array([piece.reach for piece in found], dtype=np.float64), shapes,
    )  # fmt: skip
    division = divide(found)
    return known, division._replace(piece=division.piece + first_piece, edges=division.edges + first_vertex)


def looked_up(keys: Longs, order: Ints) -> Lookup:
    """From all entries in the order of their cells' keys."""
    begins = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, np.int64)
    cells = np.append(keys[begins], np.iinfo(np.int64).max)
    offset = np.concatenate((begins, [len(keys)] * 2)).astype(np.int32)
    bounds = np.searchsorted(cells, np.arange(FINEST + 2, dtype=np.int64) << LEVEL_BITS)
    return Lookup(cells, offset, order, np.flatnonzero(np.diff(bounds)))
