"""What is told of a way, as stories: fixes by second and metre, and the events with their times and reasons."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.geofence.shapes import box, circle, polygon
from tests.moments import MONDAY
from tracker.geofence.fences import Fences, make_fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import E7, Fix
from tracker.model.geofence import Geofence
from tracker.model.moment import format_ms, parse
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.elapse import elapse, find_wake
from tracker.pipeline.question import Question

AT = MONDAY
VAN = Device(1, "van", "Van", "van")
DEGREE = 111_319.49  # m of longitude on the equator, where all of this is
Made = tuple[float, float] | tuple[float, float, float] | tuple[float, float, float, float]


def fix(made: Made) -> Fix:
    """Seconds, metres east of the centre, then accuracy and speed."""
    seconds, east, *more = made
    accuracy, speed = [*more, None, None][:2]
    return Fix(AT + round(seconds * 1000), round(east / DEGREE * E7), 0, accuracy=accuracy, speed=speed)


def walk(fences: Fences, way: Sequence[Made], state: State | None = None) -> tuple[State, list[Transition]]:
    state, told = state or State(), list[Transition]()
    for each in map(fix, way):
        here, between = fences.index.find_at(each.lon, each.lat), fences.find_between(state.newest, each)
        step = advance(VAN, state, Question(each, each.at * 1000, here, between), fences)
        state = step.state
        told += [each for each in step.transitions if each.is_told]
    return state, told


def seconds(told: Sequence[Transition]) -> list[tuple[str, float]]:
    return [(each.kind, (each.at - AT) / 1000) for each in told]


def around(preset: str, **properties: Any) -> Fences:
    return make_fences({1: circle(0, 0, 100, 1, preset=preset, **properties)})


INWARD = [(0, -200.0), (10, -120.0), (20, -80.0), (30, -60.0), (40, -40.0), (50, 0.0), (60, 0.0)]

STORIES = {
    "strict goes by the fix": ("strict", INWARD, [("enter", 20)]),
    "balanced waits for a second one, and tells the first": ("balanced", INWARD, [("enter", 20)]),
    "calm waits for three in half a minute": ("calm", INWARD, [("enter", 20)]),
    "one fix inside is no enter": ("balanced", [(0, -200.0), (10, -60.0), (20, -200.0)], []),
    "but it is to strict": ("strict", [(0, -200.0), (10, -60.0), (20, -200.0)], [("enter", 10), ("exit", 20)]),
    "on the border nothing is told": ("balanced", [(n, 98.0 + 4 * (n % 2)) for n in range(60)], []),
    "and strict flaps": (
        "strict",
        [(n, 98.0 + 4 * (n % 2)) for n in range(4)],
        [("enter", 0), ("exit", 1), ("enter", 2), ("exit", 3)],
    ),
    "a wander at the border is no exit": (
        "balanced",
        [(0, 0.0), (10, 0.0), (20, 103.0), (30, 97.0), (40, 104.0), (50, 0.0)],
        [("enter", 0)],
    ),
    "an outlier is no exit": ("balanced", [(0, 0.0), (10, 0.0), (20, 400.0), (30, 0.0), (40, 0.0)], [("enter", 0)]),
    "a rough fix is not believed": (
        "balanced",
        [(0, -300.0), (10, -150.0, 120.0), (20, -20.0, 250.0), (30, -20.0, 250.0), (60, -20.0, 250.0)],
        [],
    ),
    "a rough one far away is": (
        "balanced",
        [(0, 0.0), (10, 0.0), (20, 400.0, 250.0), (30, 400.0, 250.0)],
        [("enter", 0), ("exit", 20)],
    ),
    "straight through between two fixes": ("balanced", [(0, -300.0), (30, 300.0), (60, 600.0)], [("cross", 10)]),
    "strict infers nothing": ("strict", [(0, -300.0), (30, 300.0), (60, 600.0)], []),
    "no line is drawn across six minutes": ("balanced", [(0, -300.0), (360, 300.0)], []),
    "nor one of eleven kilometres": ("balanced", [(0, -5_500.0), (60, 5_500.0)], []),
    "through, with too few inside to believe": (
        "balanced",
        [(0, -200.0), (4, -20.0), (6, 70.0), (10, 250.0)],
        [("cross", pytest.approx(2.2, abs=0.1))],
    ),
    "in and back is not through": ("balanced", [(0, -200.0), (4, -20.0), (8, -220.0), (12, -400.0)], []),
}


@pytest.mark.parametrize(("preset", "way", "expected"), STORIES.values(), ids=STORIES)
def test_stories(preset: str, way: list[Made], expected: list[tuple[str, float]]) -> None:
    _, told = walk(around(preset), way)
    assert seconds(told) == expected


def test_an_event_says_why() -> None:
    _, (enter,) = walk(around("balanced"), [(0, -200.0, 8.0), (10, -120.0, 8.0), (20, -80.0, 8.0), (30, -60.0, 8.0)])
    evidence = enter.evidence
    assert (evidence.preset, evidence.confirmed_after_s) == ("balanced", 10.0)
    assert [each.distance for each in evidence.fixes] == [-20.0, 20.0, 40.0]
    assert [each.accuracy for each in evidence.fixes] == [8.0, 8.0, 8.0]
    assert evidence.crossing is not None
    assert parse(evidence.crossing.at) == pytest.approx(AT + 15_000, abs=10)
    assert evidence.crossing.plus_minus_s == pytest.approx(7.0, abs=0.01)  # five between the fixes, two of noise
    assert (enter.decided_at - enter.at) / 1000 == 10


def test_a_cross_says_where_it_went_in_and_out() -> None:
    _, (cross,) = walk(around("balanced"), [(0, -300.0), (30, 300.0)])
    evidence = cross.evidence
    assert evidence.inferred and evidence.depth == pytest.approx(100.0, abs=1)
    assert evidence.enter and evidence.exit
    ends = [parse(each.at) - AT for each in (evidence.enter, evidence.exit)]
    assert ends == pytest.approx([10_000, 20_000], abs=10)
    assert [each.distance for each in evidence.fixes] == [-200.0, -200.0]


PARKED: list[Made] = [(0, -200.0), (10, 0.0), (20, 0.0)]
DWELLS = {
    "after the time": ([*PARKED, (60, 0.0), (80, 0.0)], [("enter", 10), ("dwell", 70)]),
    "not before": ([*PARKED, (60, 0.0), (69, 0.0)], [("enter", 10)]),
    "left before": ([*PARKED, (65, 300.0), (75, 300.0), (100, 300.0)], [("enter", 10), ("exit", 65)]),
    "seen leaving only after": ([*PARKED, (100, 300.0), (110, 300.0)], [("enter", 10), ("dwell", 70), ("exit", 100)]),
    "one outlier does not count": ([*PARKED, (65, 300.0), (66, 0.0), (75, 0.0)], [("enter", 10), ("dwell", 70)]),
    "in doubt when the time is up, then back": ([*PARKED, (69, 300.0), (71, 0.0)], [("enter", 10), ("dwell", 70)]),
    "once": ([*PARKED, *[(n * 60.0, 0.0) for n in range(1, 20)]], [("enter", 10), ("dwell", 70)]),
}


@pytest.mark.parametrize(("way", "expected"), DWELLS.values(), ids=DWELLS)
def test_dwell(way: list[Made], expected: list[tuple[str, float]]) -> None:
    _, told = walk(around("balanced", dwell=60), way)
    assert seconds(told) == expected


def test_the_clock_tells_a_dwell_when_no_fix_comes_and_a_fix_may_take_it_back() -> None:
    fences = around("balanced", dwell=60)
    state, _ = walk(fences, PARKED)
    assert find_wake(state, fences) == AT + 70_000
    assert elapse(VAN, state, AT + 69_999, fences) == (state, ())
    state, told = elapse(VAN, state, AT + 70_000, fences)
    assert (seconds(told), told[0].evidence.by) == ([("dwell", 70)], "clock")
    assert find_wake(state, fences) is None
    stayed, more = walk(fences, [(90, 0.0), (100, 300.0), (110, 300.0)], state)
    assert seconds(more) == [("exit", 100)] and not stayed.stays
    _, more = walk(fences, [(60, 300.0), (80, 300.0)], state)
    assert seconds(more) == [("retraction", 70), ("exit", 60)]
    assert more[0].retracts == told[0].happening


def test_the_clock_tells_nothing_while_it_seems_that_the_device_left() -> None:
    fences = around("balanced", dwell=60)
    state, _ = walk(fences, [*PARKED, (50, 300.0)])
    assert find_wake(state, fences) is None
    assert elapse(VAN, state, AT + 1_000_000, fences)[1] == ()


def ride(*speeds: float, every: float = 10.0) -> list[Made]:
    return [(n * every, -50.0 + n, 5.0, speed) for n, speed in enumerate(speeds)]


SPEEDS = {
    "once for an episode, when it ends, with the peak": (ride(8, 15, 17, 16, 9, 9, 9, 9), [(10, 17.0, True)]),
    "once a minute has passed, if it lasts": (ride(8, *[15.0] * 9, 16), [(10, 15.0, False)]),
    "one fix says nothing": (ride(8, 15, 9, 9, 9, 9, 9), []),
    "a little over the limit is not": (ride(8, 12.5, 12.5, 12.5, 9), []),
    "two episodes": (ride(15, 15, *[9.0] * 4, 14, 14, *[9.0] * 4), [(0, 15.0, True), (60, 14.0, True)]),
    "at the limit, now above and now below, is one": (ride(15, 15, 9, 14, 9, 14, *[9.0] * 4), [(0, 15.0, True)]),
    "a silence ends it": ([*ride(8, 15, 15), (400, 0.0, 5.0, 15.0), (410, 0.0, 5.0, 15.0)], [(10, 15.0, True)]),
}


@pytest.mark.parametrize(("way", "expected"), SPEEDS.values(), ids=SPEEDS)
def test_speeding(way: list[Made], expected: list[tuple[float, float, bool]]) -> None:
    _, told = walk(around("balanced", speed_limit=12), [(-20, 0.0, 5.0, 5.0), (-10, 0.0, 5.0, 5.0), *way])
    fast = [each for each in told if each.kind == "speeding"]
    assert [((e.at - AT) / 1000, e.evidence.peak, e.evidence.until is not None) for e in fast] == expected


def test_leaving_ends_an_episode_and_is_told_after_it() -> None:
    way: list[Made] = [*ride(8, 15, 17), (30, 300.0, 5.0, 17.0), (40, 500.0, 5.0, 17.0)]
    _, told = walk(around("strict", speed_limit=12), way)
    assert [each.kind for each in told] == ["enter", "speeding", "exit"]


def test_a_fence_for_others_or_for_another_time_tells_nothing_and_lets_go() -> None:
    way = [(0, -200.0), (10, 0.0), (20, 0.0), (30, 0.0)]
    for scope in ({"devices": ["bus"]}, {"categories": ["bus"]}, {"expires": format_ms(AT - 800_000)}):
        assert walk(around("balanced", **scope), way)[1] == []
    state, told = walk(around("balanced", expires=format_ms(AT + 35_000)), [*way, (40, 0.0)])
    assert seconds(told) == [("enter", 10)] and not state.inside and not state.stays


def moved(fence: Geofence, key: int) -> Fences:
    return make_fences({key: fence})


def test_a_fence_that_moves_away_is_left_and_one_that_is_gone_is_not() -> None:
    state, _ = walk(around("balanced"), INWARD)
    state, told = walk(make_fences({}), [(70, 0.0)], state)
    assert told == [] and not state.inside
    state, _ = walk(around("balanced"), INWARD)
    away = moved(polygon(box(0.01, 0.01, 0.02, 0.02), key=1, preset="balanced"), 1)
    _, told = walk(away, [(70, 0.0), (80, 0.0)], state)
    assert seconds(told) == [("exit", 70)] and told[0].evidence.crossing is None


def test_a_fence_that_closed_before_the_time_was_up_tells_no_dwell_and_lets_go() -> None:
    fences = around("balanced", dwell=60, expires=format_ms(AT + 60_000))  # 60 s after the first fix
    state, told = walk(fences, PARKED)
    assert seconds(told) == [("enter", 10)]
    state, more = elapse(VAN, state, AT + 75_000, fences)
    assert (
        [each.kind for each in more] == ["release"]
        and not state.inside
        and not state.stays
        and find_wake(state, fences) is None
    )
