"""Lookup: from cells' keys to the entries in them. One sorted list for all levels, so that one search finds all."""

from typing import NamedTuple

import numpy as np

from tracker.geofence.index.cells import FINEST, LEVEL_BITS
from tracker.geofence.shape.arrays import Ints, Longs, runs


class Entries(NamedTuple):
    """Entries in the cells of some places. The i-th is `entry[i]`, of place `place[hit[i]]`, on `level[hit[i]]`."""

    place: Longs
    level: Longs
    hit: Longs
    entry: Ints


class CellTable(NamedTuple):
    """`order[offset[i]:offset[i + 1]]` are the entries of cell `cells[i]`; cells ascend and end in a sentinel."""

    cells: Longs
    offset: Ints
    order: Ints
    levels: Longs  # those in use, ascending
    shift: Longs  # from a Morton number of the finest level to that of each of them, in bits: a column
    tag: Longs  # what it is then added to: a column

    def find(self, number: Longs) -> Entries:
        """Of places with these Morton numbers of the finest level."""
        sorting = np.argsort(number)  # neighbours in the list are found much faster one after the other
        wanted = number[sorting] >> self.shift | self.tag
        at = self.cells.searchsorted(wanted)
        level, place = (self.cells[at] == wanted).nonzero()
        at = at[level, place]
        begin = self.offset[at]
        hit, turn = runs(begin, self.offset[at + 1] - begin)
        return Entries(sorting[place], self.levels[level], hit, self.order[turn])

    def add_entries(self, key: Longs, entry: Ints) -> "CellTable":
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
        return make_table(cells, offset, order)


def look_up(key: Longs) -> CellTable:
    """Entry i lies in the cell with the i-th key; keys ascend."""
    order = np.arange(len(key), dtype=np.int32)
    cells, begins = np.unique(key, return_index=True)
    cells = np.append(cells, np.iinfo(np.int64).max)
    return make_table(cells, np.append(begins, [len(key)] * 2).astype(np.int32), order)


def make_table(cells: Longs, offset: Ints, order: Ints) -> CellTable:
    bounds = cells.searchsorted(np.arange(FINEST + 2, dtype=np.int64) << LEVEL_BITS)
    levels = np.flatnonzero(np.diff(bounds))
    return CellTable(cells, offset, order, levels, 4 * (FINEST - levels)[:, None], (levels << LEVEL_BITS)[:, None])
