"""A place far off that the next fix takes back was none: it is flagged, moves the marker for no longer than that, and
decides nothing. Who does go there is believed."""

from collections.abc import Sequence

import pytest

from tests.geofence.test_decide import AT, VAN, Made, around, fix
from tracker.geofence.fences import Fences
from tracker.model.event import Transition
from tracker.model.fix import Flag
from tracker.model.frame import Frame
from tracker.model.position import Status
from tracker.model.state import State
from tracker.pipeline.fold import Grounds, StoredFixes, fold
from tracker.pipeline.lineup import list_before, list_fixes

AWAY = 4_100.0  # m
AT_REST: list[Made] = [(30.0 * n, 3.0 * (n % 2), 15.0) for n in range(7)]  # to second 180
DRIVING: list[Made] = [(30.0 * n, 400.0 * n - 6_400.0, 15.0) for n in range(7)]  # 13 m/s, to -4,000, and into no circle

Folded = tuple[list[float], State, list[Transition]]  # the seconds of the fixes that were flagged


def folded(fences: Fences, way: Sequence[Made], *, size: int = 1) -> Folded:
    """In frames of so many fixes."""
    state, flagged, told = State(), set[int](), list[Transition]()
    fixes = [fix(made) for made in way]
    for first in range(0, len(fixes), size):
        frames, states = [Frame(1, 1, fixes[first].at * 1000, [*fixes[first : first + size]])], {1: state}
        asked = fences.ask(list_fixes(frames), list_before(frames, states))
        made = fold(frames, states, StoredFixes(), Grounds({1: VAN}, fences, asked), state.stamp)
        state = made.states[1]
        flagged |= {row.fix.at for row in made.rows if row.fix.flags & Flag.IMPOSSIBLE_JUMP}
        flagged |= {at for _, at in made.disowned}
        told += made.transitions
    return sorted((at - AT) / 1000 for at in flagged), state, told


HOPS: dict[str, tuple[list[Made], list[float]]] = {
    "once": ([*AT_REST, (210, AWAY, 20), (240, 3, 15), (270, 0, 15)], [210]),
    "again and again": (
        [*AT_REST, (210, AWAY), (240, 0), (270, AWAY), (300, 0), (330, 0), (360, -AWAY), (390, 0)],
        [210, 270, 360],
    ),
    "and right again within a second": ([*AT_REST, (210, AWAY), (211, 3, 15), (212, 3, 15)], [210]),
    "to a wrong station nearby": ([*AT_REST, (210, 900, 60), (240, 3, 15)], [210]),
    "a slow one": ([*AT_REST, (330, AWAY, 20), (480, 0, 15), (510, 0, 15)], [330]),
    "without an accuracy": ([*((each[0], each[1]) for each in AT_REST), (210, AWAY), (240, 1)], [210]),
    "back to where it was on the way": ([*DRIVING, (210, -8_100, 15), (240, -3_200, 15), (270, -2_800, 15)], [210]),
    "with a speed of 0": ([*AT_REST, (210, AWAY, 20, 0.0), (240, 3, 15, 0.0)], [210]),
}
WAYS: dict[str, list[Made]] = {
    "it stays there": [*AT_REST, (210, AWAY), (240, AWAY), (270, AWAY), (300, AWAY)],
    "it stays for three, and comes back": [*AT_REST, (210, AWAY), (240, AWAY), (270, AWAY), (300, 0), (330, 0)],
    "it goes on": [*AT_REST, (210, AWAY), (240, 2 * AWAY), (270, 3 * AWAY)],
    "there by car and back": [*AT_REST, *((240 + 60 * n, 1000.0 * min(n, 8 - n)) for n in range(9))],
    "round a track, by its own word": [*AT_REST, (210, 2000, 5, 60.0), (240, 0, 5, 62.0)],
    "round a block": [*DRIVING, (210, -3_600, 15), (240, -4_000, 15), (270, -4_400, 15)],
    "after a silence": [*AT_REST, (780, AWAY), (1500, 0)],
    "from places that may be nearly as far": [
        *((30.0 * n, 0.0, 900.0) for n in range(7)),
        (210, 1100, 15),
        (240, 0, 15),
    ],
    "a step aside": [*AT_REST, (210, 180, 20), (240, 0, 15)],
    "a train without a speed": [(30.0 * n, 2400.0 * n) for n in range(12)],
}


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize(("way", "expected"), HOPS.values(), ids=HOPS)
def test_there_and_back_is_flagged_and_decides_nothing(way: list[Made], expected: list[float], size: int) -> None:
    flagged, state, told = folded(around("balanced"), way, size=size)
    assert flagged == expected
    assert [each.kind for each in told] == (["enter"] if way[0][1] == 0.0 else [])
    assert state.newest == fix(way[-1]) and state.hop is None


def test_two_in_a_row_are_flagged_and_believed_by_the_preset() -> None:
    flagged, _, told = folded(around("calm"), [*AT_REST, (210, AWAY), (240, AWAY + 30), (270, 3), (300, 3)])
    assert flagged == [210, 240] and [each.kind for each in told] == ["enter"]
    _, _, told = folded(around("balanced"), [*AT_REST, (210, AWAY), (240, AWAY + 30), (270, 3), (300, 3)])
    assert [each.kind for each in told] == ["enter", "exit", "enter"]


@pytest.mark.parametrize(("way"), WAYS.values(), ids=WAYS)
def test_who_goes_there_is_believed(way: list[Made]) -> None:
    flagged, state, _ = folded(around("balanced"), way)
    assert not flagged and state.newest == fix(way[-1])


def test_at_rest_before_and_after() -> None:
    way, _ = HOPS["once"]
    for length in range(len(AT_REST), len(way) + 1):
        _, state, _ = folded(around("balanced"), way[:length])
        assert state.status is (Status.MOVING if length == len(AT_REST) + 1 else Status.STOPPED)
