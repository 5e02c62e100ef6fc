"""Ways: where a device truly is at every moment. Straight, at a steady pace, from corner to corner."""

from typing import NamedTuple

import numpy as np

from bench.noise.plane import Floats

Place = tuple[float, float]  # m east, m north
Random = np.random.Generator


class Way(NamedTuple):
    """Corners, in order: seconds, m east, m north."""

    t: Floats
    x: Floats
    y: Floats

    def at(self, t: Floats) -> tuple[Floats, Floats]:
        return np.interp(t, self.t, self.x), np.interp(t, self.t, self.y)

    def speed(self, t: Floats) -> Floats:
        """m/s, of the second around each moment."""
        (x0, y0), (x1, y1) = self.at(t - 0.5), self.at(t + 0.5)
        metres: Floats = np.hypot(x1 - x0, y1 - y0)
        return metres

    def seen_at(self, moments: Floats) -> "Way":
        """Straight between where it was at these moments, and at a steady pace."""
        return Way(moments, *self.at(moments))

    @property
    def seconds(self) -> float:
        return float(self.t[-1])


class Walker:
    """Makes a way, one leg after the other."""

    def __init__(self, place: Place) -> None:
        self.corners = [(0.0, *place)]

    @property
    def now(self) -> float:
        return self.corners[-1][0]

    @property
    def place(self) -> Place:
        return self.corners[-1][1:]

    def go(self, place: Place, speed: float) -> None:
        metres = np.hypot(place[0] - self.place[0], place[1] - self.place[1])
        self.corners.append((self.now + max(float(metres) / speed, 0.001), *place))

    def stay(self, seconds: float) -> None:
        if seconds > 0:
            self.corners.append((self.now + seconds, *self.place))

    def way(self) -> Way:
        return Way(*np.array(self.corners).T)


class Streets(NamedTuple):
    """A grid of streets round the origin, and how one moves on it."""

    block: float  # m from corner to corner
    blocks: int  # from the middle to the edge
    pace: tuple[float, float]  # m/s, drawn for each street
    lights: float  # chance to wait at a corner
    wait: tuple[float, float] = (5.0, 40.0)  # s

    def wander(self, rng: Random, seconds: float) -> Way:
        """A way that turns at a third of its corners and never back."""
        column, row, east, north = *rng.integers(-self.blocks, self.blocks + 1, 2), 1, 0
        walker = Walker((column * self.block, row * self.block))
        while walker.now < seconds:
            turns = [(east, north)] * 4 + [(north, east), (-north, -east)]
            ways = [way for way in turns if self.holds(column + way[0], row + way[1])]
            east, north = ways[rng.integers(len(ways))] if ways else (-east, -north)
            column, row = column + east, row + north
            walker.go((column * self.block, row * self.block), rng.uniform(*self.pace))
            walker.stay(rng.uniform(*self.wait) if rng.random() < self.lights else 0.0)
        return walker.way()

    def holds(self, column: int, row: int) -> bool:
        return max(abs(column), abs(row)) <= self.blocks


def visit(out: Place, goal: Place, pace: float, seconds: float) -> Way:
    """Comes from `out`, stays at `goal`, and goes back the way it came."""
    walker = Walker(out)
    walker.stay(60)
    walker.go(goal, pace)
    walker.stay(seconds)
    walker.go(out, pace)
    walker.stay(60)
    return walker.way()


def drive_by(length: float, pace: tuple[float, float], rng: Random) -> Way:
    """Straight east from the origin; another pace each kilometre."""
    walker = Walker((0.0, 0.0))
    while walker.place[0] < length:
        walker.go((walker.place[0] + 1000.0, 0.0), rng.uniform(*pace))
    return walker.way()
