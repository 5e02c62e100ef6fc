"""Cells: square pieces of the world, each level's a sixteenth of the one before, numbered so that near is near.

Level 0 has cells of 90 degrees, level 10 of 0.000086 (9.5 m of latitude). A cell's key holds its level and its Morton
number, which interleaves column and row: in order of their Morton numbers, places are in order of their keys too.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

FINEST: Final = 10
SIZES: Final = 360.0 / 2.0 ** (2 * np.arange(FINEST + 1) + 2)  # degrees
PER_DEGREE: Final = 1.0 / SIZES[FINEST]
LEVEL_BITS: Final = 48  # a Morton number has 46: columns 0 to 2**22, the last only for 180 degrees itself
CHILDREN: Final = 16
CHILD_COLUMN: Final = np.arange(CHILDREN) % 4
CHILD_ROW: Final = np.arange(CHILDREN) // 4
# Each cell's place of reference, in cells from its corner. Not the middle: borders of fences lie on round numbers.
REFERENCE: Final = (0.487, 0.519)
HALF_BITS: Final = 12
LOW_HALF: Final = 2**HALF_BITS - 1


def _spread_table() -> Longs:
    numbers = np.arange(2**HALF_BITS, dtype=np.int64)
    return sum(((numbers >> bit & 1) << 2 * bit for bit in range(HALF_BITS)), np.zeros_like(numbers))


SPREAD: Final = _spread_table()


def columns(lon: Floats) -> Longs:
    """Columns of the finest level; truncation is rounding down, for nothing is west of -180."""
    number: Longs = ((lon + 180.0) * PER_DEGREE).astype(np.int64)
    return number


def rows(lat: Floats) -> Longs:
    number: Longs = ((lat + 90.0) * PER_DEGREE).astype(np.int64)
    return number


def morton(column: Longs, row: Longs) -> Longs:
    low: Longs = SPREAD[column & LOW_HALF] | SPREAD[row & LOW_HALF] << 1
    high: Longs = SPREAD[column >> HALF_BITS] | SPREAD[row >> HALF_BITS] << 1
    return high << 2 * HALF_BITS | low


def keys(level: Longs | int, column: Longs, row: Longs) -> Longs:
    return morton(column, row) | np.int64(level) << LEVEL_BITS


def references(level: Longs | int, column: Longs, row: Longs) -> tuple[Floats, Floats]:
    """Degrees of the cells' places of reference. The same numbers give the same bits, at build and at query."""
    size = SIZES[level]
    return (column + REFERENCE[0]) * size - 180.0, (row + REFERENCE[1]) * size - 90.0


def ragged(counts: Longs) -> tuple[Longs, Longs]:
    """For runs of these lengths laid end to end: the run each element is of, and its place in it."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
