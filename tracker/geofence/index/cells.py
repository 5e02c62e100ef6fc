"""Cells: square pieces of the world, each level's a sixteenth of the one before, numbered so that near is near.

Level 0 has cells of 90 degrees, level 10 of 0.000086 (9.5 m of latitude). A cell's key holds its level and its Morton
number, which interleaves column and row: in order of their Morton numbers, places are in order of their keys too.
"""

from typing import Final

import numpy as np

from tracker.geofence.shape.arrays import Complexes, Floats, Longs

FINEST: Final = 10
SIZES: Final = 360.0 / 2.0 ** (2 * np.arange(FINEST + 1) + 2)  # degrees
PER_DEGREE: Final = 1.0 / SIZES[FINEST]
LEVEL_BITS: Final = 48  # a Morton number has 46: columns 0 to 2**22, the last only for 180 degrees itself
CHILDREN: Final = 16
CHILD_COLUMN: Final = np.arange(CHILDREN) % 4
CHILD_ROW: Final = np.arange(CHILDREN) // 4
CHILD_CORNER: Final = CHILD_COLUMN + 1j * CHILD_ROW
MIDDLE: Final = 0.5 + 0.5j
# Each cell's place of reference, in cells from its corner. The middle would be the obvious one, but borders of fences
# lie on round numbers, and a place of reference on a border says neither inside nor outside.
REFERENCE: Final = 0.487 + 0.519j
HALF_BITS: Final = 12
LOW_HALF: Final = 2**HALF_BITS - 1


def _spread_table() -> Longs:
    numbers = np.arange(2**HALF_BITS, dtype=np.int64)
    return sum(((numbers >> bit & 1) << 2 * bit for bit in range(HALF_BITS)), np.zeros_like(numbers))


SPREAD: Final = _spread_table()


def find_columns(lon: Floats) -> Longs:
    """Columns of the finest level; truncation is rounding down, for nothing is west of -180."""
    number: Longs = ((lon + 180.0) * PER_DEGREE).astype(np.int64)
    return number


def find_rows(lat: Floats) -> Longs:
    number: Longs = ((lat + 90.0) * PER_DEGREE).astype(np.int64)
    return number


def interleave(column: Longs, row: Longs) -> Longs:
    low: Longs = SPREAD[column & LOW_HALF] | SPREAD[row & LOW_HALF] << 1
    high: Longs = SPREAD[column >> HALF_BITS] | SPREAD[row >> HALF_BITS] << 1
    return high << 2 * HALF_BITS | low


def make_keys(level: Longs | int, column: Longs, row: Longs) -> Longs:
    return interleave(column, row) | np.int64(level) << LEVEL_BITS


def find_references(level: Longs | int, column: Longs, row: Longs) -> Complexes:
    """The cells' places of reference. The same numbers give the same bits, at build and at query."""
    found = np.empty(len(column), dtype=np.complex128)
    size = SIZES[level]
    found.real = (column + REFERENCE.real) * size - 180.0
    found.imag = (row + REFERENCE.imag) * size - 90.0
    return found
