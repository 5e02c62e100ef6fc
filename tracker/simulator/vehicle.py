"""Vehicles: where one truly is at every moment, and what a satellite receiver in it would say. Pure and seeded.

The truth advances in whole seconds and is a straight line between them, so it is the same whenever and however often it
is looked at: the same seed gives the same truth, the same noise, the same fixes.
"""

import random
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import repeat
from math import cos, exp, radians, sqrt
from typing import NamedTuple

from tracker.model.fix import E7, Fix
from tracker.simulator.roads import METRES_PER_DEGREE, Road, Roads

SPEED_UP, SLOW_DOWN = 1.6, 2.6  # m/s²
CREEP = 2.0  # m/s through the sharpest corner
SIGHT = 45.0  # m: how far ahead a driver looks
LIGHTS = 0.08  # chance to wait at a junction
BETWEEN_STOPS = 8_000.0  # m of driving between two deliveries, on average
SKY, STREET = 2.2, 8.0  # m: standard deviation under an open sky, and between houses
MEMORY = 0.93  # what a second leaves of the error of the one before: GNSS errors wander, they do not jump


class Truth(NamedTuple):
    lon: float
    lat: float
    speed: float  # m/s
    heading: float  # degrees


class ReceiverError(NamedTuple):
    east: float  # m
    north: float
    up: float
    accuracy: float  # m, what the receiver believes


class Leg(NamedTuple):
    """One road of a route, the speed its end allows (m/s), and how long to stand there (s)."""

    road: Road
    end_speed: float
    wait: int


def drive(roads: Roads, rng: random.Random) -> Iterator[Truth]:
    """One truth a second, for ever."""
    temper = rng.uniform(0.85, 1.1)
    route = _route(roads, rng, temper)
    legs, metres, speed = deque([next(route)]), 0.0, 0.0
    while True:
        yield Truth(*roads.along(legs[0].road, metres), speed, legs[0].road.heading)
        while sum(leg.road.length for leg in legs) - metres < SIGHT:
            legs.append(next(route))
        speed = _pace(legs, metres, speed, temper)
        metres += speed
        while metres >= legs[0].road.length:
            leg = legs.popleft()
            metres -= leg.road.length
            if leg.wait:
                metres = speed = 0.0
                yield from repeat(Truth(*roads.places[leg.road.end], 0.0, leg.road.heading), leg.wait)


def _route(roads: Roads, rng: random.Random, temper: float) -> Iterator[Leg]:
    road = rng.choice(roads.leaving[rng.randrange(len(roads.leaving))])
    while True:
        turn, wait = _turn(roads, road, rng), 0
        if len(roads.leaving[road.end]) > 2 and rng.random() < LIGHTS:
            wait = rng.randrange(5, 40)
        elif rng.random() < road.length / BETWEEN_STOPS:
            wait = rng.randrange(60, 240)
        ahead = max(0.0, cos(radians(turn.heading - road.heading)))
        corner = CREEP + (turn.limit * temper - CREEP) * ahead
        yield Leg(road, CREEP if wait else max(CREEP, corner), wait)
        road = turn


def _turn(roads: Roads, road: Road, rng: random.Random) -> Road:
    """Where to go at the end of this road: rather ahead than aside, rather on a big road, back only from a dead end."""
    choices = roads.leaving[road.end]
    onward = [choice for choice in choices if choice.end != road.start] or choices
    weights = [choice.limit * (1.05 + cos(radians(choice.heading - road.heading))) for choice in onward]
    return rng.choices(onward, weights)[0]


def _pace(legs: Iterable[Leg], metres: float, speed: float, temper: float) -> float:
    """The speed of the next second: up to the limit, and slow enough to brake for every corner and stop in sight."""
    fastest, distance = speed + SPEED_UP, -metres
    for leg in legs:
        if distance <= 0:
            fastest = min(fastest, leg.road.limit * temper)
        distance += leg.road.length
        fastest = min(fastest, sqrt(leg.end_speed * leg.end_speed + 2 * SLOW_DOWN * distance))
    return max(CREEP, fastest)


def blur(rng: random.Random) -> Iterator[ReceiverError]:
    """One receiver error a second, for ever: it wanders, is worse between houses, and its accuracy is only a belief."""
    east = north = up = 0.0
    sigma, fresh = SKY, sqrt(1 - MEMORY * MEMORY)
    while True:
        if rng.random() < (0.01 if sigma == SKY else 0.06):
            sigma = STREET if sigma == SKY else SKY
        east = MEMORY * east + fresh * rng.gauss(0, sigma)
        north = MEMORY * north + fresh * rng.gauss(0, sigma)
        up = MEMORY * up + fresh * rng.gauss(0, 2 * sigma)
        yield ReceiverError(east, north, up, round(1.6 * sigma * exp(rng.gauss(0, 0.2)), 1))


class Vehicle:
    """`at` is in ms and never goes back."""

    def __init__(self, roads: Roads, seed: int, number: int, start: int, *, battery: bool = True) -> None:
        self._truths = drive(roads, random.Random(f"{seed}/{number}/drive"))
        self._errors = blur(random.Random(f"{seed}/{number}/blur"))
        self._ground = 8.0 + number % 20  # m
        self._charge = 1 - number % 60 / 100 if battery else None
        self._start = start
        self._second = 0
        self._truth = next(self._truths), next(self._truths)
        self._error = next(self._errors), next(self._errors)

    def truth(self, at: int) -> Truth:
        """Where it really is."""
        part = self._advance(at)
        before, after = self._truth
        lon = before.lon + (after.lon - before.lon) * part
        lat = before.lat + (after.lat - before.lat) * part
        return Truth(lon, lat, before.speed + (after.speed - before.speed) * part, before.heading)

    def measure(self, at: int) -> Fix:
        """What its receiver says."""
        truth, part = self.truth(at), (at - self._start) % 1000 / 1000
        east, north, up, accuracy = (a + (b - a) * part for a, b in zip(*self._error, strict=True))
        lon = truth.lon + east / METRES_PER_DEGREE / cos(radians(truth.lat))
        lat = truth.lat + north / METRES_PER_DEGREE
        return Fix(
            at=at,
            lon_e7=round(lon * E7),
            lat_e7=round(lat * E7),
            speed=round(max(0.0, truth.speed + east / 40), 2),
            heading=round(truth.heading, 1) % 360 if truth.speed > 1 else None,
            accuracy=round(accuracy, 1),
            altitude=round(self._ground + up),
            battery=self._battery(),
        )

    def _advance(self, at: int) -> float:
        """Move on to the second that holds `at`; how much of it is over."""
        second, ms = divmod(at - self._start, 1000)
        while self._second < second:
            self._truth = self._truth[1], next(self._truths)
            self._error = self._error[1], next(self._errors)
            self._second += 1
        return ms / 1000

    def _battery(self) -> float | None:
        """Empty after a working day, full again the moment after."""
        return None if self._charge is None else round((self._charge - self._second / 28_800) % 1, 2)
