"""Counts by cell, where a viewport holds more devices than anyone could tell apart."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.live.frames import Subscribe
from tracker.live.table import Slots, Table
from tracker.model.fix import E7
from tracker.model.viewport import WORLD

ACROSS: Final = 64  # cells from west to east of the viewport
MOST: Final = 1_200  # cells of one message, which replaces the one before and so has to hold all of them
Cell = tuple[float, float, int]


def count_cells(table: Table, slots: Slots, wish: Subscribe | None) -> list[Cell]:
    """(lon, lat, count) for each cell that holds any: the mean place of those in it."""
    viewport = wish.viewport if wish and wish.viewport else WORLD
    lon = table.rows["lon"][slots] / E7
    lat = table.rows["lat"][slots] / E7
    east_of = np.mod(lon - viewport.west, 360.0)
    width = np.mod(viewport.east - viewport.west, 360.0) or 360.0
    size = max(width, 1e-6) / ACROSS
    while (
        len((found := np.unique(number_cells(east_of, lat, size), return_inverse=True, return_counts=True))[0]) > MOST
    ):
        size *= 2  # as many as have a device in them, and a narrow viewport may be high
    _, cell, count = found
    east = np.bincount(cell, east_of) / count + viewport.west
    north = np.bincount(cell, lat) / count
    return [
        (round((x + 540.0) % 360.0 - 180.0, 5), round(y, 5), n)
        for x, y, n in zip(east.tolist(), north.tolist(), count.tolist(), strict=True)
    ]


def number_cells(east_of: NDArray[np.float64], lat: NDArray[np.float64], size: float) -> NDArray[np.int64]:
    columns = np.floor(east_of / size).astype(np.int64)
    return columns << 32 | np.floor((lat + 90.0) / size).astype(np.int64)
