"""Screen: which devices are on a viewer's map, which it has names of, and which it asked for wherever they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.live.changes import Changes
from tracker.live.frames import Subscribe
from tracker.live.table import Slots, Table
from tracker.live.throng import FULL
from tracker.model.sight import Sight


class Screen:
    """By slot of the table as large as it was then; when it grows, another one is made."""

    def __init__(self, table: Table, wish: Subscribe | None) -> None:
        self.table = table
        self.wish = wish
        self.shown = np.zeros(len(table.rows), np.bool_)
        self.named = np.zeros(len(table.rows), np.bool_)
        self.wanted: NDArray[np.bool_] | None = None
        if wish and wish.devices is not None:
            self.wanted = np.zeros(len(table.rows), np.bool_)
            self.wanted[[key for key in table.keys(wish.devices) if key < len(table.rows)]] = True

    @property
    def is_old(self) -> bool:
        return len(self.table.rows) != len(self.shown)

    @property
    def is_crowded(self) -> bool:
        return int(np.count_nonzero(self.shown)) > FULL

    @property
    def level(self) -> int | None:
        return self.wish.level if self.wish else None

    def has(self, slot: int) -> bool:
        return slot < len(self.shown) and bool(self.shown[slot])

    def sees(self, changes: Changes, sight: Sight) -> NDArray[np.bool_]:
        if self.wish is None or self.wish.viewport is None:
            inside = np.zeros(len(changes), np.bool_)
        else:
            inside = changes.inside(self.wish.viewport)
        if self.wanted is not None:
            inside |= self.wanted[changes.slots]
        if (mask := self.table.dots.mask(sight, len(self.table.rows))) is not None:
            picked = inside.nonzero()[0]  # few of the changes: to ask of these alone costs the same for any right
            inside[picked] = mask[changes.slots[picked]]
        return inside

    def show(self, slots: Slots) -> None:
        """By rows that have their names."""
        self.shown[slots] = True
        self.named[slots] = True

    def pick_wanted(self, slots: Slots, since: int) -> tuple[Slots, Slots]:
        """Where only what was asked for by name is shown: which of it is so no more, and which changed since a tick."""
        wanted = slots[:0] if self.wanted is None else slots[self.wanted[slots]]
        gone = np.setdiff1d(self.shown.nonzero()[0], wanted)
        self.show(wanted)
        return gone, wanted[self.table.rows["tick"][wanted] > since]

    def add_wanted(self, changes: Changes, tick: int) -> Changes:
        """What was asked for by name is told however little it moved."""
        if self.level is None or self.wanted is None or self.is_old:
            return changes
        wanted = self.wanted.nonzero()[0]
        slots = np.union1d(changes.slots, wanted[self.table.rows["tick"][wanted] > tick])
        return changes if len(slots) == len(changes) else Changes(self.table, slots)

    def notice(self, slot: int, id: str) -> None:
        """A device is new; it may be one that was asked for."""
        if self.wanted is not None and slot < len(self.wanted) and self.wish and id in (self.wish.devices or ()):
            self.wanted[slot] = True
