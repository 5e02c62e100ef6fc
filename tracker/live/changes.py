"""Changes: what moved since a tick, gathered from the table once and shared by all viewers that are served with it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.live.table import Slots, Table, inside
from tracker.model.viewport import Viewport

MAX_DT: Final = 1 << 31


class Changes:
    """Some rows of the table as the columns of binary frames, by their width: a viewer's frame is three picks."""

    def __init__(self, table: Table, slots: Slots) -> None:
        rows = table.rows[slots]
        self.table = table
        self.slots = slots
        self.base = int(rows["at"].max(initial=0))
        dt = rows["at"] - self.base
        self.words = make_columns("<i4", slots, rows["lon"], rows["lat"], dt)
        self.halves = make_columns("<u2", rows["speed"], rows["heading"])
        self.octets = make_columns("u1", rows["status"], rows["battery"])
        # A frame's times lie within 24 days of its newest; what is older goes as text. Nearly always None: all fit.
        self.fits: NDArray[np.bool_] | None = None if dt.min(initial=0) > -MAX_DT else dt > -MAX_DT
        self.committed_at = int(rows["committed_at"].min(initial=1 << 62))  # of the oldest

    def __len__(self) -> int:
        return len(self.slots)

    def inside(self, viewport: Viewport) -> NDArray[np.bool_]:
        return inside(self.words[1], self.words[2], viewport)


def make_columns(kind: str, *values: NDArray[np.integer]) -> NDArray[np.integer]:
    found = np.empty((len(values), len(values[0])), kind)
    for row, column in enumerate(values):
        found[row] = column
    return found
