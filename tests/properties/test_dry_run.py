"""A dry run tells what `advance` tells of every fix, one by one, however the history is cut into slices."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import circle
from tracker.geofence.fences import Fences, fences_of
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import Fix, Flag
from tracker.model.history import History
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.dry_run import DryRun

AT = 1_795_428_000_000
FENCES = {preset: circle(0.0, 0.0, 150.0, preset=preset, dwell=60) for preset in ("strict", "balanced", "calm")}
DEVICES = {key: Device(key, f"d{key}", f"d{key}") for key in (1, 2)}
STEP = 3_000  # 1e-7 degrees: 33 m

odd = st.sampled_from([0] * 40 + [int(Flag.NULL_ISLAND), int(Flag.LOW_ACCURACY), int(Flag.CLOCK_SKEW)])
waits = st.sampled_from([1000] * 20 + [1, 30_000, 400_000])
moves = st.tuples(st.integers(-1, 1), st.integers(-1, 1)) | st.tuples(st.integers(-3, 3), st.integers(-3, 3))
leaps = st.sampled_from([0] * 25 + [10_000, -10_000])  # steps: an impossible jump, and back
measured = st.none() | st.sampled_from([3.0, 30.0])
stays = st.sampled_from([1] * 5 + [20])  # so many fixes in the same way
legs = st.lists(st.tuples(waits, moves, leaps, measured, odd, stays), max_size=25)


def way(legs: list[Any], east: int) -> list[Fix]:
    fixes, at, lon, lat = [], AT, east * STEP, 0
    for wait, (x, y), leap, accuracy, flags, stay in legs:
        lon += leap * STEP
        for _ in range(stay):
            at, lon, lat = at + wait, lon + x * STEP, lat + y * STEP
            fixes.append(Fix(at, lon, lat, None, None, accuracy, flags=flags))
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


def one_by_one(device: int, fixes: list[Fix], fences: Fences) -> list[Transition]:
    state = State()
    found: list[Transition] = []
    for fix in fixes:
        here, between = fences.index.at(fix.lon, fix.lat), fences.between(state.newest, fix)
        step = advance(DEVICES[device], state, fix, fix.at * 1000, here, between, fences)
        state = step.state
        found.extend(step.transitions)
    return found


@settings(max_examples=150, deadline=None)
@given(legs, legs, st.integers(-12, 12), st.lists(st.integers(0, 900_000), max_size=3), st.sampled_from(list(FENCES)))
def test_what_is_left_out_would_have_told_nothing(
    first: Any, second: Any, east: int, cuts: list[int], preset: str
) -> None:
    ways = {1: way(first, east), 2: way(second, -east)}
    dry_run, fences = DryRun(FENCES[preset], DEVICES), fences_of({1: FENCES[preset]})
    found: list[Transition] = []
    edges = [0, *(AT + cut for cut in sorted(cuts)), 1 << 50]
    for begin, end in pairwise(edges):
        found += dry_run.fold(history({key: [f for f in fixes if begin <= f.at < end] for key, fixes in ways.items()}))
    expected = [one for key, fixes in ways.items() for one in one_by_one(key, fixes, fences)]
    event(f"{min(len(expected), 5)} transitions")
    assert sorted(found, key=lambda one: one.device) == expected
