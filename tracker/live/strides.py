"""Strides: at one zoom, which devices moved far enough to be seen to move since it was last said where they are."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import E7

CLOSEST: Final = 17  # half a pixel is 30 cm here: nearer everything is told
HALF: Final = 0.5  # of a pixel, of 1/512 of the world at zoom 0
FRESH: Final = 30_000_000  # us of our clock: what does not move is told so often, so that nobody takes it for silent
STEEP: Final = 85.0  # degrees: beyond it no web map goes, and a degree would be ever more pixels
NEVER: Final = -(1 << 61)
ANCHOR: Final = np.dtype([("lon", "i4"), ("lat", "i4"), ("status", "u1"), ("said_at", "i8")])


class Strides:
    """Shared by all who look at this zoom, so what one of them was shown may lie half a pixel from the anchor."""

    def __init__(self, zoom: int) -> None:
        self.width = HALF * 360.0 * E7 / (512 * 2**zoom)  # of half a pixel, in 1e-7 degrees of longitude
        self.seen = 0  # the tick of the table up to which this is right
        self.anchors = np.zeros(0, ANCHOR)
        self.tick: NDArray[np.int64] = np.zeros(0, np.int64)  # by slot: when it was told last

    def advance(self, table: NDArray[Any], tick: int) -> None:
        """Take over what its rows have newer, up to a tick."""
        if tick <= self.seen:
            return
        self.grow(len(table))
        changed = np.flatnonzero(table["tick"] > self.seen)
        self.seen = tick
        rows, known = table[changed], self.anchors[changed]
        told = changed[
            self.are_far(rows["lon"], rows["lat"], known)
            | (rows["status"] != known["status"])
            | (rows["committed_at"] - known["said_at"] >= FRESH)
        ]
        for column in ("lon", "lat", "status"):
            self.anchors[column][told] = table[column][told]
        self.anchors["said_at"][told] = table["committed_at"][told]
        self.tick[told] = table["tick"][told]

    def are_far(self, lon: NDArray[np.int32], lat: NDArray[np.int32], known: NDArray[np.void]) -> NDArray[np.bool_]:
        """Half a pixel or more away. Web Mercator stretches a degree of latitude as much as it does one of longitude,
        by 1 / cos(latitude)."""
        half = 180 * E7
        east = (lon.astype(np.int64) - known["lon"] + half) % (2 * half) - half
        stretched = np.cos(np.radians(np.clip(lat / E7, -STEEP, STEEP)))
        north = (lat.astype(np.int64) - known["lat"]) / stretched
        found: NDArray[np.bool_] = np.hypot(east, north) >= self.width
        return found

    def grow(self, size: int) -> None:
        if (more := size - len(self.tick)) > 0:
            self.anchors = np.concatenate((self.anchors, np.array([(0, 0, 0, NEVER)] * more, ANCHOR)))
            self.tick = np.concatenate((self.tick, np.zeros(more, np.int64)))

    def forget(self, slot: int) -> None:
        """Whatever of it comes next is told."""
        if slot < len(self.tick):
            self.anchors["said_at"][slot] = NEVER

    def remove(self, slot: int) -> None:
        if slot < len(self.tick):
            self.forget(slot)
            self.tick[slot] = 0

    def find_since(self, tick: int) -> NDArray[np.int64]:
        return np.flatnonzero(self.tick > max(tick, 0))
