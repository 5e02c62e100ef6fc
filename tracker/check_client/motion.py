"""Units that do not fit: what a device says of its speed and heading, held against the way between its fixes. Pure."""

from collections.abc import Iterator
from math import atan2, cos, degrees, radians, sin
from statistics import median
from typing import Final

from tracker.check_client.remark import HINT, Remark
from tracker.geo.distance import distance
from tracker.model.fix import Fix

ENOUGH: Final = 8  # ways of which the middle one is believed
LONGEST_S: Final = 60.0
SLOWEST: Final = 3.0  # m/s: what is slower may be noise
UNITS: Final = {"kilometres per hour": 3.6, "knots": 1.944, "miles per hour": 2.237, "centimetres per second": 100.0}
NEAR: Final = 0.12  # of the factor
STRAIGHT: Final = 15.0  # degrees


class Motion:
    """Bound: the last 200 ways."""

    def __init__(self) -> None:
        self.last: Fix | None = None
        self.speeds: list[float] = []  # told, divided by measured
        self.headings: list[tuple[float, float]] = []  # told, measured; degrees

    def follow(self, fix: Fix) -> Iterator[Remark]:
        before, self.last = self.last, fix
        if before is None:
            said = f"the first place is {describe(fix)}: if the device is not there, lon and lat may be swapped"
            yield Remark("place", said, HINT)
            return
        seconds = (fix.at - before.at) / 1000
        way = distance(before.lon, before.lat, fix.lon, fix.lat)
        if not 0 < seconds <= LONGEST_S or way / seconds < SLOWEST:
            return
        if fix.speed:
            self.speeds = [*self.speeds[-199:], fix.speed / (way / seconds)]
        if fix.heading is not None:
            self.headings = [*self.headings[-199:], (fix.heading, bearing(before, fix))]
        yield from self.judge()

    def judge(self) -> Iterator[Remark]:
        if len(self.speeds) >= ENOUGH:
            factor = median(self.speeds)
            unit = next((name for name, each in UNITS.items() if abs(factor / each - 1) < NEAR), None)
            if unit:
                said = (
                    f"`speed` is {factor:.2f} times what the way between fixes says: {unit}? Expected metres per second"
                )
                yield Remark("unit of speed", said, HINT)
        if len(self.headings) >= ENOUGH and max(told for told, _ in self.headings) < 6.2832:
            as_told = median(turn(told, measured) for told, measured in self.headings)
            as_radians = median(turn(degrees(told), measured) for told, measured in self.headings)
            if as_radians < STRAIGHT < as_told:
                yield Remark("unit of heading", "`heading` looks like radians; expected degrees, 0 to 360", HINT)


def describe(fix: Fix) -> str:
    north, east = "north" if fix.lat >= 0 else "south", "east" if fix.lon >= 0 else "west"
    return f"{abs(fix.lat):.5f} {north}, {abs(fix.lon):.5f} {east}"


def bearing(a: Fix, b: Fix) -> float:
    """Degrees clockwise from north, on the sphere."""
    lat_a, lat_b, east = radians(a.lat), radians(b.lat), radians(b.lon - a.lon)
    return degrees(atan2(sin(east) * cos(lat_b), cos(lat_a) * sin(lat_b) - sin(lat_a) * cos(lat_b) * cos(east))) % 360


def turn(a: float, b: float) -> float:
    """Degrees between two directions, 0 to 180."""
    return abs((a - b + 180) % 360 - 180)
