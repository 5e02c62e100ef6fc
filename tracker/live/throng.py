"""Throng: what one viewer was told of the cells of its viewport, so that it need only be told what became otherwise."""

from typing import Final

import numpy as np

from tracker.live.cells import CellCounts, Grid
from tracker.live.frames import Subscribe, encode_cell_changes, encode_cells
from tracker.live.table import Slots, Table
from tracker.model.moment import now_ms

FULL: Final = 20_000  # devices in a viewport; above it they are counted by cell
SPARSE: Final = 19_000  # and below it they are no more: between the two a view would change its kind each second
REST: Final = 1.0  # s between two counts
RECOUNT: Final = 10.0  # s until the next one, though nothing came: what is silent is so by time
NEAR: Final = 0.1  # of a cell: a mean place that moved less stays where it was drawn
Cell = tuple[int, float, float, int, int, int]  # the cell's id, lon, lat, count, silent, status


class Throng:
    def __init__(self, wish: Subscribe | None) -> None:
        self.grid = Grid(wish.viewport if wish else None)
        self.by_changes = wish is not None and wish.cells == "changes"
        self.size = 0.0  # of the cells that were told
        self.is_afresh = True  # what was told last replaces all that is shown, devices too
        self.ids: dict[int, int] = {}  # by the cell's number: as short as they can be said
        self.told: dict[int, Cell] = {}  # by number, those with a device in them

    def tell(self, table: Table, slots: Slots) -> str | bytes | None:
        """None: nothing is otherwise than it was told."""
        now = now_ms()
        cells = self.grid.count(table, slots, now)
        if not self.by_changes:
            return encode_cells(cells)
        self.is_afresh = afresh = self.grid.size != self.size
        if afresh:
            self.size, self.ids, self.told = self.grid.size, {}, {}
        changed = self.find_changed(cells)
        return encode_cell_changes(changed, afresh, now) if changed or afresh else None

    def find_changed(self, cells: CellCounts) -> list[Cell]:
        """Those that became otherwise, and with a count of 0 those that nothing is in any more."""
        changed = []
        columns = [column.tolist() for column in cells]
        for number, lon, lat, count, silent, status in zip(*columns, strict=True):
            known = self.told.get(number)
            if known is None or known[3:] != (count, silent, status) or self.is_off(known, lon, lat):
                cell = (self.ids.setdefault(number, len(self.ids)), lon, lat, count, silent, status)
                self.told[number] = cell
                changed.append(cell)
        for number in self.told.keys() - set(columns[0]):
            changed.append((*self.told.pop(number)[:3], 0, 0, 0))
        return changed

    def is_off(self, known: Cell, lon: float, lat: float) -> bool:
        east = abs((lon - known[1] + 180.0) % 360.0 - 180.0)
        return bool(np.hypot(east, lat - known[2]) > NEAR * self.size)


def is_throng(count: int, known: Throng | None) -> bool:
    """Whether so many in a viewport are counted, where they were or were not before."""
    return count > (FULL if known is None else SPARSE)
