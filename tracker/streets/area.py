"""Area: a box of the world, and the tiles that touch it."""

import math
from collections.abc import Iterator
from typing import Final

import msgspec

from tracker.errors import Invalid

TOP: Final = 85.05  # degrees: beyond it there is no map


class Area(msgspec.Struct, frozen=True):
    """Degrees; west is less than east."""

    west: float
    south: float
    east: float
    north: float

    @property
    def name(self) -> str:
        return "_".join(f"{each:.4f}" for each in (self.west, self.south, self.east, self.north))


def read_area(text: str) -> Area:
    """`west,south,east,north`. Invalid where it is no box."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid("the area has to be WEST,SOUTH,EAST,NORTH in degrees, as 24.9,60.1,25.1,60.3") from None
    if not (-180 <= west < east <= 180 and -TOP <= south < north <= TOP):
        raise Invalid(f"WEST < EAST within 180 and SOUTH < NORTH within {TOP} degrees; across 180 takes two areas")
    return Area(west, south, east, north)


def list_tiles(area: Area, zoom: int) -> Iterator[tuple[int, int]]:
    """x and y of each tile that touches the area."""
    west, north = _locate(area.west, area.north, zoom)
    east, south = _locate(area.east, area.south, zoom)
    for x in range(west, east + 1):
        for y in range(north, south + 1):
            yield x, y


def count_tiles(area: Area, zoom: int) -> int:
    west, north = _locate(area.west, area.north, zoom)
    east, south = _locate(area.east, area.south, zoom)
    return (east - west + 1) * (south - north + 1)


def _locate(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """The tile of a place in web mercator."""
    many = 1 << zoom
    radians = math.radians(lat)
    x = (lon + 180) / 360 * many
    y = (1 - math.log(math.tan(radians) + 1 / math.cos(radians)) / math.pi) / 2 * many
    return min(many - 1, max(0, math.floor(x))), min(many - 1, max(0, math.floor(y)))
