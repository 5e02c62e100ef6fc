"""Which geofences cover which places: many places at once, against all geofences.

A place's cells, one on each level in use, are looked up in one sorted list of keys. An entry found there says that its
geofence covers the whole cell, or which edges must be asked. Most places need no edge at all.
"""

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import shapely

from tracker.geofence.cells import FINEST, Floats, Ints, Longs, columns, morton, ragged, references, rows
from tracker.geofence.distance import feet, geodesic, roughly
from tracker.geofence.division import INSIDE, NEAR, ROUGH, WHOLE, Division, Pieces, divide, joined, pieces
from tracker.geofence.lookup import Lookup, look_up
from tracker.geofence.parity import Bools, walks
from tracker.model.geofence import Geofence

Pairs = tuple[Ints, Ints]  # place index, fence key
SWEEP_FROM: Final = 256  # removed pieces that may stay, and then half of all: a sweep costs as much as 10 edits


class FenceIndex:
    """Never changes; `changed` makes the next one."""

    def __init__(self, fences: dict[int, Geofence], known: Pieces, division: Division, lookup: Lookup) -> None:
        self.fences: Final = fences
        self._pieces: Final = known
        self._division: Final = division
        self._lookup: Final = lookup
        self._removed: Final = int(np.count_nonzero(known.fence < 0))
        self._in_parts: Final = len(known.fence) - self._removed > len(fences)

    @classmethod
    def build(cls, fences: Iterable[Geofence]) -> "FenceIndex":
        by_key = {fence.key: fence for fence in fences}
        found = [piece for fence in by_key.values() for piece in pieces(fence)]
        division = divide(found)
        return cls(by_key, Pieces.of(found, 0), division._replace(key=division.key[:0]), look_up(division.key))

    def changed(self, removed: Collection[int], added: Iterable[Geofence]) -> "FenceIndex":
        """Without the removed ones and with the added, which replace those of the same key."""
        new = {fence.key: fence for fence in added}
        gone = (set(removed) | new.keys()) & self.fences.keys()
        fences = {key: fence for key, fence in self.fences.items() if key not in gone} | new
        known = self._pieces.without(gone)
        found = [piece for fence in new.values() for piece in pieces(fence)]
        if not found:
            return FenceIndex(fences, known, self._division, self._lookup)
        more = divide(found)
        more = more._replace(piece=more.piece + len(known.fence), edges=more.edges + len(self._division.x))
        entry = np.arange(len(more.key), dtype=np.int32) + len(self._division.piece)
        lookup = self._lookup.with_entries(more.key, entry)
        known = Pieces(*map(np.concatenate, zip(known, Pieces.of(found, len(self._division.x)), strict=True)))
        return FenceIndex(fences, known, joined([self._division, more._replace(key=more.key[:0])]), lookup)

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
        if not len(seam):
            return self._covering(lon, lat)
        # A place on the 180th meridian has two longitudes: ask for both.
        place, key = self._covering(np.concatenate((lon, -lon[seam])), np.concatenate((lat, lat[seam])))
        return once(np.concatenate((np.arange(len(lon)), seam))[place], key)

    def _covering(self, lon: Floats, lat: Floats) -> Pairs:
        column, row = columns(lon), rows(lat)
        place, level, entry = self._lookup.find(morton(column, row))
        kind = self._division.kind[entry]
        inside, touched = kind == WHOLE, False
        asked = np.flatnonzero(~inside)
        if len(asked):
            near = kind[asked] == NEAR
            areas, lines = asked[~near], asked[near]
            at, high = place[areas], level[areas]
            shift = 2 * (FINEST - high)
            origin = references(high, column[at] >> shift, row[at] >> shift)
            inside[areas], touched = self._in_area(lon[at], lat[at], entry[areas], *origin, kind[areas] == INSIDE)
            inside[lines] = self._in_reach(lon[place[lines]], lat[place[lines]], entry[lines])
            place, entry = place[inside], entry[inside]
        key = self._pieces.fence[self._division.piece[entry]]
        if self._removed:
            known = key >= 0
            place, key = place[known], key[known]
        return once(place, key) if touched and self._in_parts else (place, key)

    def _edges(self, entry: Ints) -> tuple[Longs, Longs, Ints]:
        """(where each entry's begin, which entry each is of, first vertex) of the entries' edges."""
        first = self._division.first
        begin = first[entry]
        count = first[entry + 1] - begin
        owner, turn = ragged(count)
        return np.cumsum(count) - count, owner, self._division.edges[begin[owner] + turn]

    def _in_area(
        self, lon: Floats, lat: Floats, entry: Ints, from_lon: Floats, from_lat: Floats, base: Bools
    ) -> tuple[Bools, bool]:
        """Whether inside, and whether any place was so near a border that two parts of a fence may both claim it."""
        if not len(entry):
            return base, False
        x, y = self._division.x, self._division.y
        begins, owner, edge = self._edges(entry)
        o_lon, o_lat = from_lon[owner], from_lat[owner]
        crosses, unsure = walks(
            (lon - from_lon)[owner], (lat - from_lat)[owner],
            x[edge] - o_lon, y[edge] - o_lat, x[edge + 1] - o_lon, y[edge + 1] - o_lat,
        )  # fmt: skip
        inside: Bools = np.logical_xor.reduceat(crosses, begins) ^ base
        if not unsure.any():
            return inside, False
        ask = np.flatnonzero(np.logical_or.reduceat(unsure, begins))
        inside[ask] = shapely.intersects_xy(self._pieces.shape[self._division.piece[entry[ask]]], lon[ask], lat[ask])
        return inside, True

    def _in_reach(self, lon: Floats, lat: Floats, entry: Ints) -> Bools:
        if not len(entry):
            return np.zeros(0, dtype=bool)
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


def once(place: Longs | Ints, key: Ints) -> Pairs:
    """Each pair once."""
    pairs = np.unique(place.astype(np.int64) << 32 | key)
    return (pairs >> 32).astype(np.int32), pairs.astype(np.int32)
