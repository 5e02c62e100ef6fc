"""Lookup: from cells' keys to the entries in them. One sorted list for all levels, so that one search finds all."""

from typing import NamedTuple

import numpy as np

from tracker.geofence.cells import FINEST, LEVEL_BITS, Ints, Longs, ragged


class Lookup(NamedTuple):
    """`order[offset[i]:offset[i + 1]]` are the entries of cell `cells[i]`; cells ascend and end in a sentinel."""

    cells: Longs
    offset: Ints
    order: Ints
    levels: Longs  # those in use, ascending

    def find(self, number: Longs) -> tuple[Ints, Longs, Ints]:
        """(place index, level, entry) of every entry in the cells of places with these Morton numbers, finest level."""
        sorting = np.argsort(number)  # neighbours in the list are found much faster one after the other
        wanted = number[sorting] >> (4 * (FINEST - self.levels))[:, None] | (self.levels << LEVEL_BITS)[:, None]
        wanted = wanted.ravel()
        at = np.searchsorted(self.cells, wanted)
        hit = np.flatnonzero(self.cells[at] == wanted)
        at = at[hit]
        begin = self.offset[at]
        owner, turn = ragged(self.offset[at + 1] - begin)
        level, place = np.divmod(hit, max(1, len(number)))
        return sorting[place][owner].astype(np.int32), self.levels[level][owner], self.order[begin[owner] + turn]

    def with_entries(self, key: Longs, entry: Ints) -> "Lookup":
        """Also these entries, in the cells with these keys. Copies the lists once and sorts nothing but the new."""
        sorting = np.argsort(key)
        key, entry = key[sorting], entry[sorting]
        order = np.insert(self.order, self.offset[np.searchsorted(self.cells, key)], entry)
        new, count = np.unique(key, return_counts=True)
        at = np.searchsorted(self.cells, new)
        fresh = self.cells[at] != new
        shift = np.zeros(len(self.offset), dtype=np.int32)
        np.add.at(shift, at + ~fresh, count)  # a cell that is known begins where it did; those behind it move
        begins = self.offset[at] + np.cumsum(count) - count
        offset = np.insert(self.offset + np.cumsum(shift, dtype=np.int32), at[fresh], begins[fresh])
        cells = np.insert(self.cells, at[fresh], new[fresh])
        return Lookup(cells, offset, order, in_use(cells))


def look_up(key: Longs) -> Lookup:
    """Entry i lies in the cell with the i-th key."""
    order = np.argsort(key).astype(np.int32)
    cells, begins = np.unique(key[order], return_index=True)
    cells = np.append(cells, np.iinfo(np.int64).max)
    return Lookup(cells, np.append(begins, [len(key)] * 2).astype(np.int32), order, in_use(cells))


def in_use(cells: Longs) -> Longs:
    bounds = np.searchsorted(cells, np.arange(FINEST + 2, dtype=np.int64) << LEVEL_BITS)
    return np.flatnonzero(np.diff(bounds))
