"""Counts by cell, where a viewport holds more devices than anyone could tell apart."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracker.live.table import Slots, Table
from tracker.model.fix import E7
from tracker.model.viewport import WORLD, Viewport

ACROSS: Final = 64  # cells from west to east of the viewport
MOST: Final = 640  # cells of one message, which replaces the one before and so has to hold all of them
SILENT: Final = 300_000  # ms without a position


class CellCounts(NamedTuple):
    """Those that hold any, in columns: `number` says which of the grid, place in degrees is the mean of those in it,
    `status` the worst of them (unknown, stopped, moving), and how many have been silent for five minutes."""

    number: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    amount: NDArray[np.int64]
    silent: NDArray[np.int64]
    status: NDArray[np.uint8]


class Grid:
    """Of one viewport. It becomes coarser where it has to and never finer, so that cells stay what they are."""

    def __init__(self, viewport: Viewport | None) -> None:
        self.viewport = viewport or WORLD
        self.width = (self.viewport.east - self.viewport.west) % 360.0 or 360.0
        self.size = max(self.width, 1e-6) / ACROSS  # degrees

    def count(self, table: Table, slots: Slots, now: int) -> CellCounts:
        """`now` in ms."""
        rows = table.rows[slots]
        lat = rows["lat"] / E7
        east_of = np.mod(rows["lon"] / E7 - self.viewport.west, 360.0)
        number, cell = self.divide(east_of, lat)
        count = np.bincount(cell)
        status = np.full(len(number), 255, np.uint8)
        np.minimum.at(status, cell, rows["status"])
        east = np.bincount(cell, east_of) / count + self.viewport.west
        return CellCounts(
            number,
            np.round((east + 540.0) % 360.0 - 180.0, 5),
            np.round(np.bincount(cell, lat) / count, 5),
            count,
            np.bincount(cell, now - rows["at"] > SILENT).astype(np.int64),
            status,
        )

    def divide(self, east_of: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[Slots, Slots]:
        """The numbers of the cells that hold any, as many as fit, and which of them each place is in."""
        while True:
            number, cell = np.unique(number_cells(east_of, lat, self.size), return_inverse=True)
            if len(number) <= MOST:
                return number, cell
            self.size *= 2  # as many as have a device in them, and a narrow viewport may be high


def number_cells(east_of: NDArray[np.float64], lat: NDArray[np.float64], size: float) -> NDArray[np.int64]:
    columns = np.floor(east_of / size).astype(np.int64)
    return columns << 32 | np.floor((lat + 90.0) / size).astype(np.int64)
