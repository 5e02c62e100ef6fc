"""The grid by which links blur: one for all of them, each level made of four cells of the one below.

So two links that show the same device at different levels tell no more than the finer one. Rows are counted from pole
to pole. Columns are counted anew for each band of rows, as high as a cell of the coarsest level, so that no cell is
narrower than it says; in whole numbers, so that a place on a border belongs to one cell at every level.
"""

from functools import cache
from math import cos, radians
from typing import Final

from tracker.model.fix import E7, Place

FINEST: Final = 250  # m
COARSEST: Final = 10  # the level; of 256 km
BAND: Final = 1 << COARSEST  # rows of the finest level
ROWS: Final = 77 * BAND  # of 252 to 255 m: as many as go round a half meridian of WGS 84 with no less than FINEST
DEGREE: Final = 111_319.49  # m, of longitude at the equator; elsewhere no less than this times the cosine


def find_level(metres: float) -> int:
    """The first level whose cells have so many metres. ValueError beyond the coarsest."""
    for level in range(COARSEST + 1):
        if measure_cell(level) >= metres:
            return level
    raise ValueError(f"blur may be {measure_cell(COARSEST)} m at most")


def measure_cell(level: int) -> int:
    """Metres that a cell of this level has at least, in either direction."""
    return FINEST << level


def find_cell(place: Place, level: int) -> Place:
    """The middle of the cell that holds a place."""
    lon_e7, lat_e7 = place
    row = min((lat_e7 + 90 * E7) * ROWS // (180 * E7), ROWS - 1)
    columns = max(1, _count_columns(row // BAND) >> level)
    column = (lon_e7 + 180 * E7) * columns // (360 * E7)
    rows = ROWS >> level
    return (2 * column + 1) * 180 * E7 // columns - 180 * E7, (2 * (row >> level) + 1) * 90 * E7 // rows - 90 * E7


@cache
def _count_columns(band: int) -> int:
    """Of the finest level; as many as the edge towards the pole has room for."""
    edge = max(abs(at * 180.0 / ROWS - 90.0) for at in (band * BAND, (band + 1) * BAND))
    return int(360.0 * DEGREE * cos(radians(edge)) / FINEST) // BAND * BAND or 1
