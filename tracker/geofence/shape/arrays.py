"""Arrays by the name of what they hold, and runs of unequal length laid end to end in them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]  # places, longitude + i latitude


class Growing:
    """An array that grows at its end. Small arrays kept by the thousand, to be joined later, scatter the memory."""

    def __init__(self, dtype: Any) -> None:
        self._room = np.empty(4096, dtype)
        self._used = 0

    def add(self, more: Any) -> None:
        end = self._used + len(more)
        if end > len(self._room):
            room = np.empty(max(end, len(self._room) * 3 // 2), self._room.dtype)
            room[: self._used] = self._room[: self._used]
            self._room = room
        self._room[self._used : end] = more
        self._used = end

    @property
    def rows(self) -> Any:
        return self._room[: self._used]


def runs(begin: Longs | Ints, count: Longs | Ints) -> tuple[Longs, Longs]:
    """For runs of something, each given by its begin and length: (which run, which thing) of each thing in them."""
    run = np.repeat(np.arange(len(count)), count)
    thing = np.arange(len(run))
    thing += (begin - (count.cumsum() - count))[run]
    return run, thing


def ends(count: Longs | Ints) -> Longs:
    """Where runs of these lengths begin, and where the last ends."""
    found = np.zeros(len(count) + 1, dtype=np.int64)
    np.cumsum(count, out=found[1:])
    return found
