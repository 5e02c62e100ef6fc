"""Towns: what a place is near, in words, and by which clocks people live there; from the names that ship with the map.

Read a cell of four degrees at a time out of the page's own files: all 69,000 in memory would be 20 MB in a process that
asks for a few places a minute.
"""

from functools import lru_cache
from math import atan2, cos, degrees, floor, hypot, radians, sqrt
from pathlib import Path
from typing import Final

import msgspec

from tracker.geo.distance import distance
from tracker.words.en import ENGLISH
from tracker.words.phrases import Phrases

FURTHEST_KM: Final = 250.0  # beyond it a town says little of a place
KEPT: Final = 64  # cells


class Town(msgspec.Struct, frozen=True):
    """`zone` is the IANA name of its clocks."""

    lon: float
    lat: float
    people: int
    zone: str
    name: str

    @property
    def radius_km(self) -> float:
        """How far from its middle one would still say to be in it."""
        return 1 + sqrt(self.people) / 200


class Cells(msgspec.Struct, frozen=True):
    """towns.json: where in towns.txt the towns of a cell are, by `x,y` in steps of degrees: offset and length in
    bytes."""

    step: int
    zones: tuple[str, ...]
    cells: dict[str, tuple[int, int]]


class Towns:
    """`folder` holds towns.json and towns.txt. Where they are missing nothing is near anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read = lru_cache(KEPT)(self._read)
        try:
            self.index = msgspec.json.decode((folder / "towns.json").read_bytes(), type=Cells)
        except (OSError, msgspec.DecodeError):  # a page that was not built: a message does without
            self.index = Cells(4, (), {})

    def find(self, lon: float, lat: float) -> Town | None:
        """The one that people would name: near, and the larger the sooner."""
        step = self.index.step
        x, y, around = floor(lon / step), floor(lat / step), 360 // step
        cells = [((x + i + around // 2) % around - around // 2, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        towns = [town for cell in cells for town in self.read(f"{cell[0]},{cell[1]}")]
        best = min(towns, key=lambda town: kilometres(town, lon, lat) - town.radius_km, default=None)
        return best if best is not None and kilometres(best, lon, lat) <= FURTHEST_KM else None

    def _read(self, cell: str) -> tuple[Town, ...]:
        if cell not in self.index.cells:
            return ()
        offset, length = self.index.cells[cell]
        with (self.folder / "towns.txt").open("rb") as file:
            file.seek(offset)
            lines = file.read(length).decode().splitlines()
        return tuple(self._town(line) for line in lines)

    def _town(self, line: str) -> Town:
        lon, lat, people, zone, name = line.split("\t")
        return Town(float(lon), float(lat), int(people), self.index.zones[int(zone)], name)


def kilometres(town: Town, lon: float, lat: float) -> float:
    return distance(town.lon, town.lat, lon, lat) / 1000


def say_near(town: Town, lon: float, lat: float, words: Phrases = ENGLISH) -> str:
    """`in Limerick`, or `2 km north of Limerick`."""
    away = kilometres(town, lon, lat)
    if away <= town.radius_km:
        return words.within.format(town=town.name)
    wind = words.winds[find_wind(town, lon, lat)]
    return words.beside.format(far=round(away), wind=wind, town=town.name)


def find_wind(town: Town, lon: float, lat: float) -> int:
    """In which of eight directions from the town a place lies: 0 is north, 2 east."""
    east = ((lon - town.lon + 180) % 360 - 180) * cos(radians((lat + town.lat) / 2))
    north = lat - town.lat
    if hypot(east, north) == 0:
        return 0
    return round(degrees(atan2(east, north)) / 45) % 8
