"""Which geofences cover which places: many places at once, against all geofences.

A place's cells, one on each level in use, are looked up in one sorted list of keys. An entry found there says that its
geofence covers the whole cell, or which edges must be asked. Most places need no edge at all.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

import numpy as np
import shapely

from tracker.geofence.index.cells import FINEST, find_columns, find_references, find_rows, interleave
from tracker.geofence.index.division import ASK, INSIDE, NEAR, WHOLE, Division, divide
from tracker.geofence.index.few import Few
from tracker.geofence.index.lookup import CellTable, look_up
from tracker.geofence.index.parity import walk
from tracker.geofence.index.pieces import Pieces
from tracker.geofence.index.sweep import sweep
from tracker.geofence.shape.arrays import Bools, Complexes, Floats, Ints, Longs, runs
from tracker.geofence.shape.distance import ROUGH, edge_ends, feet, geodesic, measure_roughly
from tracker.model.geofence import Geofence

Pairs = tuple[Ints, Ints]  # place index, fence key
NO_PAIRS: Final = np.zeros((0, 2), dtype=np.int32)
FEW: Final = 32  # places up to which one by one is quicker; in cells where somebody was before it is 100, in others 12
NOWHERE: Final[frozenset[int]] = frozenset()
SWEEP_FROM: Final = 256  # removed pieces that may stay, or a quarter of all: a sweep costs as much as five edits


class FenceIndex:
    """Never changes; `changed` makes the next one."""

    def __init__(self, fences: dict[int, Geofence], known: Pieces, division: Division, lookup: CellTable) -> None:
        self.fences: Final = fences
        self._pieces: Final = known
        self._division: Final = division
        self._lookup: Final = lookup
        self._few: Final = Few(known, division, lookup)
        self._has_others: Final = bool((division.kind >= NEAR).any())
        self._removed: Final = int(np.count_nonzero(known.fence < 0))
        self._in_parts: Final = len(known.fence) - self._removed > len(fences)

    @classmethod
    def build(cls, fences: Iterable[Geofence]) -> "FenceIndex":
        by_key = {fence.key: fence for fence in fences}
        known, division = divide(by_key.values())
        return cls(by_key, known, division._replace(key=division.key[:0]), look_up(division.key))

    def change(self, removed: Collection[int], added: Iterable[Geofence]) -> "FenceIndex":
        """Without the removed ones and with the added, which replace those of the same key."""
        new = {fence.key: fence for fence in added}
        gone = (set(removed) | new.keys()) & self.fences.keys()
        fences = {key: fence for key, fence in self.fences.items() if key not in gone} | new
        left = FenceIndex(fences, self._pieces.remove(gone), self._division, self._lookup)
        if left._removed > max(SWEEP_FROM, len(left._pieces.fence) // 4):
            left = left.sweep()
        return left._add(new) if new else left

    def sweep(self) -> "FenceIndex":
        """The same without what removed fences left behind: nobody is found there, but they take room and time."""
        return FenceIndex(self.fences, *sweep(self._pieces, self._division, self._lookup))

    def _add(self, new: dict[int, Geofence]) -> "FenceIndex":
        """`fences` has them already."""
        entries = len(self._division.piece)
        known, more = divide(new.values(), len(self._pieces.fence), len(self._division.vertices))
        look = self._lookup.add_entries(more.key, np.arange(len(more.key), dtype=np.int32) + entries)
        return FenceIndex(self.fences, self._pieces.join(known), self._division.join(more), look)

    def fence(self, key: int) -> Geofence:
        return self.fences[key]

    def __contains__(self, key: object) -> bool:
        return key in self.fences

    def __len__(self) -> int:
        return len(self.fences)

    def find_covering(self, lon: Floats, lat: Floats) -> Pairs:
        """(place index, fence key) of each pair where the fence covers the place, in no order; the border is inside.

        Degrees, -180 <= lon <= 180 and -90 <= lat <= 90: as those of a Fix are.
        """
        if len(lon) <= FEW:
            return self._find_covering_few(lon.tolist(), lat.tolist())
        seam = np.flatnonzero(np.abs(lon) == 180.0)
        if not len(seam):
            return self._find_covering(lon, lat)
        # A place on the 180th meridian has two longitudes: ask for both.
        place, key = self._find_covering(np.concatenate((lon, -lon[seam])), np.concatenate((lat, lat[seam])))
        return keep_once(np.concatenate((np.arange(len(lon)), seam))[place], key)

    def find_at(self, lon: float, lat: float) -> frozenset[int]:
        """Keys of the fences that cover one place."""
        if lon == 180.0 or lon == -180.0:
            return self._few.find_covering(180.0, lat) | self._few.find_covering(-180.0, lat)
        return self._few.find_covering(lon, lat)

    def _find_covering_few(self, lons: list[float], lats: list[float]) -> Pairs:
        find_at = self.find_at
        found = [
            (place, key) for place, (lon, lat) in enumerate(zip(lons, lats, strict=True)) for key in find_at(lon, lat)
        ]
        pairs = np.array(found, dtype=np.int32) if found else NO_PAIRS
        return pairs[:, 0], pairs[:, 1]

    def _find_covering(self, lon: Floats, lat: Floats) -> Pairs:
        column, row = find_columns(lon), find_rows(lat)
        found = self._lookup.find(interleave(column, row))
        entry = found.entry
        kind = self._division.kind[entry]
        inside, touched = kind == WHOLE, False
        asked = (~inside).nonzero()[0]
        if self._has_others:
            others, asked = asked[kind[asked] >= NEAR], asked[kind[asked] < NEAR]
            at = found.place[found.hit[others]]
            inside[others], touched = self._decide_in_other(lon[at], lat[at], entry[others], kind[others])
        if len(asked):
            hit = found.hit[asked]
            at, level = found.place[hit], found.level[hit]
            shift = 2 * (FINEST - level)
            origin = find_references(level, column[at] >> shift, row[at] >> shift)
            inside[asked], near = self._decide_in_area(lon[at], lat[at], origin, entry[asked], kind[asked] == INSIDE)
            touched |= near
        place, key = found.place[found.hit[inside]], self._pieces.fence[self._division.piece[entry[inside]]]
        if self._removed:
            known = key >= 0
            place, key = place[known], key[known]
        return keep_once(place, key) if touched and self._in_parts else (place.astype(np.int32), key)

    def _find_edges(self, entry: Ints) -> tuple[Longs, Longs, Ints]:
        """(where each entry's begin, which entry each is of, first vertex) of the entries' edges."""
        begin = self._division.first[entry]
        count = self._division.first[entry + 1] - begin
        owner, edge = runs(begin, count)
        return count.cumsum() - count, owner, self._division.edges[edge]

    def _decide_in_area(
        self, lon: Floats, lat: Floats, origin: Complexes, entry: Ints, base: Bools
    ) -> tuple[Bools, bool]:
        """Whether inside, and whether any place was so near a border that two parts of a fence may both claim it."""
        vertices, piece = self._division.vertices, self._division.piece[entry]
        to = np.empty(len(lon), dtype=np.complex128)
        to.real, to.imag = lon, lat
        to -= origin
        begins, owner, edge = self._find_edges(entry)
        origin = origin[owner]
        error = self._pieces.error[piece]
        crosses, unsure = walk(to[owner], vertices[edge] - origin, vertices[edge + 1] - origin, error[owner])
        inside: Bools = np.logical_xor.reduceat(crosses, begins) ^ base
        if not unsure.any():
            return inside, False
        ask = np.flatnonzero(np.logical_or.reduceat(unsure, begins))
        inside[ask] = shapely.intersects_xy(self._pieces.shape[piece[ask]], lon[ask], lat[ask])
        return inside, True

    def _decide_in_other(self, lon: Floats, lat: Floats, entry: Ints, kind: Any) -> tuple[Bools, bool]:
        """The same for what has no walk: what GEOS is asked, and what is a matter of distance."""
        ask, near = (kind == ASK).nonzero()[0], (kind == NEAR).nonzero()[0]
        inside = np.zeros(len(entry), dtype=bool)
        if len(ask):
            shapes = self._pieces.shape[self._division.piece[entry[ask]]]
            inside[ask] = shapely.intersects_xy(shapes, lon[ask], lat[ask])
        if len(near):
            inside[near] = self._decide_in_reach(lon[near], lat[near], entry[near])
        return inside, len(ask) > 0

    def _decide_in_reach(self, lon: Floats, lat: Floats, entry: Ints) -> Bools:
        begins, owner, edge = self._find_edges(entry)
        lons, lats = lon[owner], lat[owner]
        foot_lon, foot_lat = feet(lons, lats, edge_ends(self._division.vertices, edge))
        metres = measure_roughly(lons, lats, foot_lon, foot_lat)
        reach = self._pieces.reach[self._division.piece[entry]][owner]
        close = np.flatnonzero(np.abs(metres - reach) <= ROUGH * reach)
        metres[close] = geodesic(lons[close], lats[close], foot_lon[close], foot_lat[close])
        inside: Bools = np.logical_or.reduceat(metres <= reach, begins)
        return inside


def keep_once(place: Longs | Ints, key: Ints) -> Pairs:
    """Each pair once."""
    pairs = np.unique(place.astype(np.int64) << 32 | key)
    return (pairs >> 32).astype(np.int32), pairs.astype(np.int32)
