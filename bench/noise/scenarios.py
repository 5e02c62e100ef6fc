"""The scenarios, as data: a way, a receiver and areas, so many times."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from bench.noise.areas import Area, circle, in_town, rectangle
from bench.noise.plane import seconds
from bench.noise.receivers import Astray, Receiver
from bench.noise.ways import Random, Streets, Walker, Way, drive_by, visit
from tracker.model.fix import Fix

HOUR: Final = 3600.0
Ground = tuple[Way, tuple[Area, ...]]


class Scenario(NamedTuple):
    """`ground` makes a way and the areas that wait for it; `tracks`: how many are made. `still`: what says where the
    device is while it does not move, if that is another receiver."""

    name: str
    ground: Callable[[Random], Ground]
    receiver: Receiver
    tracks: int
    still: Receiver | None = None

    def fixes(self, way: Way, rng: Random) -> list[Fix]:
        moving = self.receiver.fixes(way, rng)
        if self.still is None:
            return moving
        found = [fix for fix in moving if not stands(way, fix)]
        found += [fix for fix in self.still.fixes(way, rng) if stands(way, fix)]
        return sorted(found, key=lambda fix: fix.at)


def stands(way: Way, fix: Fix) -> bool:
    return bool(way.speed(np.array([seconds(fix.at)]))[0] == 0.0)


CITY: Final = Streets(block=110.0, blocks=5, pace=(6.0, 14.0), lights=0.3)
FOOTPATHS: Final = Streets(block=60.0, blocks=6, pace=(1.1, 1.7), lights=0.1)
COUNTRY: Final = Streets(block=700.0, blocks=4, pace=(10.0, 25.0), lights=0.1)
ON_FOOT: Final = Receiver((5.0, 5.0), (6.0, 10.0), (4.0, 6.0), (20.0, 40.0))
REFLECTIONS: Final = Astray(every=240.0, metres=(50.0, 150.0), seconds=(5.0, 20.0))
WRONG_STATION: Final = Astray(every=3 * HOUR, metres=(300.0, 800.0), seconds=(60.0, 130.0))
CELL_TOWER: Final = Astray(every=2 * HOUR, metres=(300.0, 800.0), seconds=(60.0, 400.0), accuracy=(400.0, 900.0))


def in_city(rng: Random) -> Ground:
    return CITY.wander(rng, 0.5 * HOUR), in_town(rng, CITY.block, CITY.blocks, 12)


def on_foot(rng: Random) -> Ground:
    return FOOTPATHS.wander(rng, HOUR), in_town(rng, FOOTPATHS.block, FOOTPATHS.blocks, 12)


def across_country(rng: Random) -> Ground:
    """Circles at the roads, which meet each 700 m."""
    way = COUNTRY.wander(rng, 2 * HOUR)
    x, y = (place + rng.uniform(-60, 60, 10) for place in way.at(rng.uniform(0, 2 * HOUR, 10)))
    return way, tuple(circle((float(a), float(b)), rng.uniform(80, 250)) for a, b in zip(x, y, strict=True))


def indoors(rng: Random) -> Ground:
    """Eight hours 5 to 30 m from a border, half of the phones inside; and two neighbours it must not enter."""
    depth = rng.uniform(5, 30) * rng.choice((-1, 1))
    goal = (0.0, -40.0 + depth)  # the border of `home` lies at y = -40
    way = visit((-400.0, -500.0), goal, 1.4, 8 * HOUR)
    home = rectangle(-60, -40, 60, 80)
    neighbours = circle((250.0, 0.0), 120), circle((-30.0, 260.0), 150)
    return way, (home, *neighbours)


def on_border(rng: Random) -> Ground:
    """Two hours within 1 m of the border, by a car that comes from outside and goes back, or goes on."""
    yard = rectangle(-80, 0, 80, 120)
    goal = (rng.uniform(-60, 60), rng.uniform(-1, 1))
    walker = Walker((-300.0, -400.0))
    walker.stay(60)
    walker.go(goal, 8.0)
    walker.stay(2 * HOUR)
    walker.go((goal[0], rng.choice((-200.0, 60.0))), 5.0)
    walker.stay(600)
    return walker.way(), (yard,)


def on_motorway(rng: Random) -> Ground:
    way = drive_by(30_000, (22.0, 36.0), rng)
    places = np.arange(1000.0, 29_000.0, 1400.0)
    return way, tuple(circle((x, rng.uniform(-45, 45)), 60) for x in places)


def through_tunnel(rng: Random) -> Ground:
    """Under ground from 100 s to 280 s. Circles at its mouths, one in the middle, and some on the way."""
    walker = Walker((0.0, 0.0))
    pace = rng.uniform(16, 25)
    walker.go((600 * pace, 0.0), pace)
    places = [
        (100 * pace - rng.uniform(0, 300), 120),
        (190 * pace, 200),
        (280 * pace + rng.uniform(50, 500), 150),
        (340 * pace, 100),
        (420 * pace, 60),
    ]
    return walker.way(), tuple(circle((float(x), float(rng.uniform(-40, 40))), radius) for x, radius in places)


SCENARIOS: Final = (
    Scenario(
        "car in streets, each second, 5 m", in_city, Receiver((1.0, 1.0), (4.0, 6.0), (3.0, 3.6), (10.0, 30.0)), 5
    ),
    Scenario(
        "car between high houses, reflections of 50 to 150 m",
        in_city,
        Receiver((1.0, 1.0), (5.0, 10.0), (10.0, 25.0), (20.0, 60.0), (REFLECTIONS,)),
        5,
    ),
    Scenario(
        "phone indoors 5 to 30 m from a border, 8 h of Wi-Fi",
        indoors,
        ON_FOOT,
        12,
        Receiver(
            (55.0, 65.0),
            (15.0, 60.0),
            (0.7, 1.0),
            (100.0, 600.0),
            (WRONG_STATION, CELL_TOWER),
            doppler=False,
            honest=True,
        ),
    ),
    Scenario("walker, each 5 s, 8 m", on_foot, ON_FOOT, 5),
    Scenario("fleet, each 30 to 60 s", across_country, Receiver((30.0, 60.0), (4.0, 8.0), (3.0, 5.0)), 12),
    Scenario(
        "parked on the border for 2 h, each 30 s",
        on_border,
        Receiver((29.0, 31.0), (5.0, 10.0), (3.0, 7.0), (200.0, 400.0), (Astray(1800.0, (20.0, 50.0), (30.0, 90.0)),)),
        12,
    ),
    Scenario(
        "motorway through circles of 60 m, each second", on_motorway, Receiver((1.0, 1.0), (4.0, 6.0), (3.0, 3.6)), 4
    ),
    Scenario(
        "motorway through circles of 60 m, each 5 s", on_motorway, Receiver((5.0, 5.0), (4.0, 6.0), (3.0, 3.6)), 4
    ),
    Scenario(
        "tunnel of 3 min, then 100 m settling to 5 m",
        through_tunnel,
        Receiver((1.0, 1.0), (4.0, 6.0), (3.0, 3.6), gap=(100.0, 280.0), settling=(20.0, 100.0)),
        8,
    ),
)
