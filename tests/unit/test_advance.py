"""What one fix means, as scenarios: a way of fixes, and what is stored and shown of each."""

from collections.abc import Sequence

import pytest

from tests.geofence.shapes import circle
from tracker.geofence.fences import Fences, make_fences
from tracker.model.device import Device
from tracker.model.fix import E7, Fix, Flag
from tracker.model.position import Status
from tracker.model.state import State
from tracker.pipeline.advance import Step, advance
from tracker.pipeline.question import Question

Made = tuple[float, float, float]  # seconds, lon, lat
VAN = Device(1, "van", "Van")
NONE = Fences()
LATE, JUMP, NULL = Flag.LATE, Flag.IMPOSSIBLE_JUMP, Flag.NULL_ISLAND


def fix(seconds: float, lon: float, lat: float = 50.0, flags: int = 0, **more: float) -> Fix:
    return Fix(round(seconds * 1000), round(lon * E7), round(lat * E7), flags=flags, **more)  # type: ignore[arg-type]


def strict(*keys: int) -> Fences:
    """The tests say themselves who is inside, so it is no matter where they are."""
    return make_fences({key: circle(100, 0, 50, key, preset="strict") for key in keys})


def walk(fixes: Sequence[Fix], inside: Sequence[set[int]] = (), fences: Sequence[Fences] = ()) -> list[Step]:
    state, steps = State(), []
    for number, each in enumerate(fixes):
        here = frozenset(inside[number]) if inside else frozenset()
        steps.append(advance(VAN, state, Question(each, number + 1, here, ()), fences[number] if fences else NONE))
        state = steps[-1].state
    return steps


def shown(steps: Sequence[Step]) -> list[float | None]:
    """Where the marker is after each fix."""
    return [step.state.newest.lon if step.state.newest else None for step in steps]


@pytest.mark.parametrize(
    ("name", "fixes", "flags", "marker"),
    [
        ("in order", [fix(0, 1), fix(1, 1.0001)], [0, 0], [1, 1.0001]),
        ("late", [fix(10, 1), fix(5, 2)], [0, LATE], [1, 1]),
        ("a null island first", [fix(0, 0, 0, NULL), fix(1, 1)], [NULL, 0], [None, 1]),
        ("behind a null island", [fix(0, 1), fix(9, 0, 0, NULL), fix(5, 1.001)], [0, NULL, 0], [1, 1, 1.001]),
        ("a jump back and forth", [fix(0, 1), fix(1, 20), fix(2, 1.0001)], [0, JUMP, 0], [1, 1, 1.0001]),
        (
            "a jump that stays",
            [fix(0, 1), fix(1, 20), fix(2, 20.0001), fix(3, 20.0002)],
            [0, JUMP, JUMP, 0],
            [1, 1, 1, 20.0002],
        ),
        (
            "jumps that do not agree",
            [fix(0, 1), fix(1, 20), fix(2, 40), fix(3, 60), fix(4, 80)],
            [0, JUMP, JUMP, JUMP, JUMP],
            [1, 1, 1, 1, 1],
        ),
        ("time enough", [fix(0, 1), fix(7200, 20)], [0, 0], [1, 20]),
        ("across 180", [fix(0, 179.9999), fix(1, -179.9999)], [0, 0], [179.9999, -179.9999]),
        ("an airliner", [fix(0, 1), fix(10, 1.048, 50.0)], [0, 0], [1, 1.048]),  # 343 m/s
        ("rough fixes", [fix(0, 1, accuracy=900), fix(1, 1.02, accuracy=900)], [0, 0], [1, 1.02]),  # 1,430 m
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_scenarios(name: str, fixes: list[Fix], flags: list[int], marker: list[float | None]) -> None:
    steps = walk(fixes)
    assert [step.fix.flags for step in steps] == flags
    assert shown(steps) == marker


def test_transitions_tell_exits_before_enters_and_nothing_of_removed_fences() -> None:
    fixes = [fix(second, 1 + second / 10_000) for second in range(5)]
    before, after = strict(1, 2, 3, 7), strict(1, 2, 3)
    steps = walk(fixes, [set(), {3, 1}, {2, 7}, {2}, {2}], [before, before, before, after, after])
    told = [[(each.kind, each.geofence) for each in step.transitions if each.is_told] for step in steps]
    assert told == [[], [("enter", 1), ("enter", 3)], [("exit", 1), ("exit", 3), ("enter", 2), ("enter", 7)], [], []]
    assert [each.kind for each in steps[3].transitions] == ["release"], "kept, and told to nobody"


def test_what_moves_no_marker_decides_no_geofence() -> None:
    fixes = [fix(0, 1), fix(1, 0, 0, NULL), fix(2, 30), fix(-5, 1)]
    steps = walk(fixes, [{1}, set(), {2}, set()], [strict(1, 2)] * 4)
    assert [bool(step.transitions) for step in steps] == [True, False, False, False]
    assert steps[-1].state.inside == {1}


@pytest.mark.parametrize(
    ("fixes", "status"),
    [
        ([fix(0, 1, speed=12.0)], Status.MOVING),
        ([fix(0, 1, speed=0.3)], Status.STOPPED),
        ([fix(0, 1)], Status.UNKNOWN),
        ([fix(0, 1), fix(10, 1.001)], Status.MOVING),
        ([fix(0, 1), fix(10, 1.001, accuracy=100)], Status.STOPPED),
        ([fix(0, 1), fix(10, 1.00001)], Status.STOPPED),
        ([fix(0, 1), fix(600, 1.1)], Status.UNKNOWN),
    ],
)
def test_moving_or_stopped(fixes: list[Fix], status: Status) -> None:
    assert walk(fixes)[-1].state.status is status
