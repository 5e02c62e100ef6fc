"""A real bus, line 304 through Limerick, among circles of 50 m round its stops; and its visits, by brute force.

A visit is a stay within a circle, by the geodesic from fix to stop. An absence ends none that lasts at most 20 s, or in
which no fix is more than 25 m outside: between two fixes such a bus stood at the stop, or in the queue in front of it.
"""

import csv
import gzip
import json
from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from pyproj import Geod

from bench.noise.engine import told
from bench.noise.plane import Floats, seconds
from bench.noise.score import Told
from tracker.geofence.reading.feature import parse
from tracker.model.fix import E7, Fix
from tracker.model.geofence import Geofence, Preset

SHARED: Final = Path(__file__).resolve().parents[3] / "shared"
TRACK: Final = SHARED / "data/tracks/bus_limerick_304_2019-02-18.csv.gz"
STOPS: Final = SHARED / "data/geofences/limerick_304_stops.geojson"
RADIUS: Final = 50.0  # m
BRIEF_S, CLOSE_M = 20.0, 25.0
AROUND: Final = 60.0  # s: an event this far from a visit is still of it

Place = tuple[float, float]  # lon, lat


class Visit(NamedTuple):
    """First and last fix inside, in seconds, and how deep it led, in metres."""

    begin: float
    end: float
    depth: float


class Ride(NamedTuple):
    """What one preset told. `repeats`: events of a visit beyond its one enter and one exit; `stray`: of no visit;
    `unseen`: visits without an enter, and how deep the deepest of them led."""

    visits: int
    enters: int
    exits: int
    repeats: int
    stray: int
    unseen: tuple[float, ...]


def ride() -> list[Fix]:
    with gzip.open(TRACK, "rt") as text:
        return [
            Fix(
                round(datetime.fromisoformat(row["t"]).timestamp() * 1000),
                round(float(row["lon"]) * E7),
                round(float(row["lat"]) * E7),
            )
            for row in csv.DictReader(text)
        ]


def stops() -> list[Place]:
    return [tuple(stop["geometry"]["coordinates"]) for stop in json.loads(STOPS.read_bytes())["features"]]


def visits(fixes: Sequence[Fix], stop: Place) -> list[Visit]:
    lons, lats = np.array([fix.lon for fix in fixes]), np.array([fix.lat for fix in fixes])
    metres = np.asarray(
        Geod(ellps="WGS84").inv(lons, lats, np.full_like(lons, stop[0]), np.full_like(lats, stop[1]))[2]
    )
    t = np.array([seconds(fix.at) for fix in fixes])
    found: list[list[int]] = []  # numbers of the fixes inside
    for number in np.flatnonzero(metres <= RADIUS).tolist():
        if found and is_same(t, metres, found[-1][-1], number):
            found[-1].append(number)
        else:
            found.append([number])
    return [Visit(t[each[0]], t[each[-1]], RADIUS - metres[each].min()) for each in found]


def is_same(t: Floats, metres: Floats, last: int, number: int) -> bool:
    """Whether the fixes in between are no absence."""
    return bool(t[number] - t[last] <= BRIEF_S or metres[last : number + 1].max() <= RADIUS + CLOSE_M)


def geofence(key: int, stop: Place, preset: Preset) -> Geofence:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": stop},
        "properties": {"radius": RADIUS, "preset": preset},
    }
    return parse(json.dumps(feature).encode(), id=f"stop-{key}", key=key)


def rode(preset: Preset) -> Ride:
    fixes, places = ride(), stops()
    events = told(fixes, [geofence(key, stop, preset) for key, stop in enumerate(places)])
    found = [of_stop(visits(fixes, stop), events[key]) for key, stop in enumerate(places)]
    return reduce(together, found)


def together(a: Ride, b: Ride) -> Ride:
    return Ride(
        a.visits + b.visits,
        a.enters + b.enters,
        a.exits + b.exits,
        a.repeats + b.repeats,
        a.stray + b.stray,
        a.unseen + b.unseen,
    )


def of_stop(visits: Sequence[Visit], events: Sequence[Told]) -> Ride:
    enters, exits = ([each.at for each in events if each.kind == kind] for kind in ("enter", "exit"))
    near = [[sum(is_of(visit, at) for at in many) for visit in visits] for many in (enters, exits)]
    unseen = tuple(visit.depth for visit, count in zip(visits, near[0], strict=True) if not count)
    repeats = sum(max(0, count - 1) for many in near for count in many)
    stray = sum(not any(is_of(visit, at) for visit in visits) for at in (*enters, *exits))
    return Ride(len(visits), len(enters), len(exits), repeats, stray, unseen)


def is_of(visit: Visit, at: float) -> bool:
    return visit.begin - AROUND <= at <= visit.end + AROUND
