"""A dry run tells what `advance` tells of every fix, one by one, however the history is cut into slices."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.moments import MONDAY
from tracker.dry_run.trial import DryRun
from tracker.geofence.fences import make_fences
from tracker.geofence.reading.feature import parse
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import E7, Fix, Flag
from tracker.model.geofence import Geofence
from tracker.model.history import History
from tracker.model.moment import format_ms
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.elapse import elapse
from tracker.pipeline.question import Question

AT = MONDAY
UNTIL = AT + 2_000_000
DEVICES = {key: Device(key, f"d{key}", f"d{key}") for key in (1, 2)}
STEP = 3_000  # 1e-7 degrees: 33 m
HALF = 180 * E7

CENTRES = [(0.0, 0.0), (180.0, 10.0), (25.0, 60.0), (0.0, 85.0)]
SHAPES: list[tuple[str, list[tuple[float, float]]]] = [
    ("Point", [(0.0, 0.0)]),
    ("Polygon", [(-0.002, -0.001), (0.002, -0.001), (0.002, 0.001), (0, -0.0005), (-0.002, 0.001)]),
    ("LineString", [(-0.004, -0.004), (0.0, 0.0), (0.004, 0.0)]),
]
WINDOWS = [{"from": "10:00", "to": "10:01"}, {"from": "10:03", "to": "10:20"}]
SCOPES: list[dict[str, Any]] = [
    {"active": {"zone": "UTC", "windows": WINDOWS}},
    {"expires": format_ms(AT + 120_500)},
    {"enabled": False},
]


def fence_of(
    shape: tuple[str, list[tuple[float, float]]],
    centre: tuple[float, float],
    known: dict[str, Any],
    scope: dict[str, Any],
) -> tuple[Geofence, tuple[float, float]]:
    kind, points = shape
    moved = [(round(x + centre[0], 7), round(y + centre[1], 7)) for x, y in points]
    coordinates: Any = moved[0] if kind == "Point" else [moved] if kind == "Polygon" else moved
    geometry = {"type": kind, "coordinates": coordinates}
    sized = {"radius": 150, "width": 60} | known | scope
    fence = parse(json.dumps({"type": "Feature", "geometry": geometry, "properties": sized}).encode(), id="f", key=7)
    return fence, centre


properties = st.fixed_dictionaries(
    {"preset": st.sampled_from(["strict", "balanced", "calm"])},
    optional={"dwell": st.sampled_from([3, 60, 600]), "speed_limit": st.sampled_from([5.0, 40.0])},
)
areas = st.builds(
    fence_of, st.sampled_from(SHAPES), st.sampled_from(CENTRES), properties, st.sampled_from([{}] * 5 + SCOPES)
)

odd = st.sampled_from([0] * 40 + [int(Flag.NULL_ISLAND), int(Flag.LOW_ACCURACY), int(Flag.CLOCK_SKEW)])
waits = st.sampled_from([1000] * 20 + [1, 30_000, 400_000])
moves = st.tuples(st.integers(-1, 1), st.integers(-1, 1)) | st.tuples(st.integers(-9, 9), st.integers(-3, 3))
leaps = st.sampled_from([0] * 25 + [10_000, -10_000])  # steps: an impossible jump, and back
measured = st.none() | st.sampled_from([3.0, 30.0])
speeds = st.sampled_from([None, 0.0, 4.0, 5.1, 6.0, 50.0])
stays = st.sampled_from([1] * 5 + [20, 60])  # so many fixes in the same way
legs = st.lists(st.tuples(waits, moves, leaps, measured, speeds, odd, stays), max_size=20)


def way(legs: list[Any], centre: tuple[float, float], east: int) -> list[Fix]:
    fixes, at, lon, lat = [], AT, round(centre[0] * E7) + east * STEP, round(centre[1] * E7)
    for wait, (x, y), leap, accuracy, speed, flags, stay in legs:
        lon += leap * STEP
        for turn in range(stay):
            at += wait
            if turn < 4:
                lon, lat = lon + x * STEP, lat + y * STEP
            fixes.append(Fix(at, (lon + HALF) % (2 * HALF) - HALF, lat, speed, None, accuracy, flags=flags))
    return fixes


def history(ways: dict[int, list[Fix]]) -> History:
    rows = [(device, fix) for device, fixes in ways.items() for fix in fixes]
    missing = float("nan")
    return History(
        np.array([device for device, _ in rows], np.int32),
        np.array([fix.at for _, fix in rows], np.int64),
        np.array([fix.lon_e7 for _, fix in rows], np.int32),
        np.array([fix.lat_e7 for _, fix in rows], np.int32),
        np.array([missing if fix.speed is None else fix.speed for _, fix in rows], np.float64),
        np.array([missing if fix.accuracy is None else fix.accuracy for _, fix in rows], np.float64),
        np.array([fix.flags for _, fix in rows], np.int16),
    )


def one_by_one(fence: Geofence, device: Device, fixes: list[Fix]) -> list[Transition]:
    """As the live fold does, with nothing left out."""
    fences, state = make_fences({fence.key: fence}), State(category=device.category)
    found: list[Transition] = []
    for fix in fixes:
        here, between = fences.index.find_at(fix.lon, fix.lat), fences.find_between(state.newest, fix)
        step = advance(device, state, Question(fix, fix.at * 1000, here, between), fences)
        state = step.state
        found.extend(each for each in step.transitions if each.is_told)
    return [*found, *(each for each in elapse(device, state, UNTIL, fences)[1] if each.is_told)]


def leg(wait: int, east: int = 0, leap: int = 0, speed: float | None = 0.0, stay: int = 1) -> Any:
    return wait, (east, 0), leap, 3.0, speed, 0, stay


CIRCLE = SHAPES[0]
PARKED = [leg(1000, stay=60)] * 5
THROUGH = [leg(1000), leg(60_000, 20)]
THROUGH_A_JUMP = [leg(1000), leg(1000, leap=10_000), leg(59_000, 20, -10_000)]
HURRIED = [leg(1000, stay=10), *[leg(1000, speed=6.0)] * 4, leg(1000, stay=30), leg(400_000)]


@example(fence_of(CIRCLE, CENTRES[0], {}, SCOPES[0]), PARKED, [], 0, [])  # it closes and opens round a device
@example(fence_of(CIRCLE, CENTRES[0], {}, {}), THROUGH, [], -10, [30_000])  # from one slice to the next
@example(fence_of(CIRCLE, CENTRES[0], {}, {}), THROUGH_A_JUMP, [], -10, [])  # from the fix before one not believed
@example(fence_of(CIRCLE, CENTRES[0], {"speed_limit": 5.0}, {}), HURRIED, [], 0, [])  # an episode that ends quietly
@settings(max_examples=examples(120))
@given(areas, legs, legs, st.integers(-6, 6), st.lists(st.integers(0, 900_000), max_size=3))
def test_what_is_left_out_would_have_told_nothing(
    area: tuple[Geofence, tuple[float, float]], first: Any, second: Any, east: int, cuts: list[int]
) -> None:
    fence, centre = area
    ways = {1: way(first, centre, east), 2: way(second, centre, -east)}
    dry_run = DryRun(fence, DEVICES)
    found: list[Transition] = []
    edges = [0, *(AT + cut for cut in sorted(cuts)), 1 << 50]
    for begin, end in pairwise(edges):
        found += dry_run.fold(history({key: [f for f in fixes if begin <= f.at < end] for key, fixes in ways.items()}))
    found += dry_run.end(UNTIL)
    expected = [one for key, fixes in ways.items() for one in one_by_one(fence, DEVICES[key], fixes)]
    for kind in sorted({one.kind for one in expected}):
        event(kind)
    by_device = sorted(found, key=lambda one: one.device)
    assert by_device == expected
