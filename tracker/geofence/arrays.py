"""Arrays by the name of what they hold, and runs of unequal length laid end to end in them."""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]  # places, longitude + i latitude


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
