"""In which order it is told what a device left, passed through and entered: as it went. And a place far off that the
next fix takes back tells nothing of the way there."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from tests.geofence.shapes import polygon
from tests.geofence.test_decide import DEGREE, Made, walk
from tracker.geofence.fences import PENDING, Fences, make_fences
from tracker.model.geofence import Geofence

SIDE_BY_SIDE = {
    "z": (-500, -100),
    "m": (-100, 100),
    "a": (100, 500),
    "n": (500, 700),
    "far": (900, 1300),
}  # metres east
FROM_Z: list[Made] = [(0, -300.0), (10, -300.0), (20, -300.0)]


def strip(key: int, west: float, east: float, preset: str) -> Geofence:
    ends = (west / DEGREE, east / DEGREE)
    ring = [(ends[0], -0.01), (ends[1], -0.01), (ends[1], 0.01), (ends[0], 0.01)]
    return polygon(ring, key=key, preset=preset)


def strips(names: Sequence[str], preset: str = "balanced", **other: str) -> tuple[Fences, dict[int, str]]:
    """Keys, and with them ids, in the order of the names."""
    keys = dict(enumerate(names, 1))
    made = {key: strip(key, *SIDE_BY_SIDE[name], other.get(name, preset)) for key, name in keys.items()}
    return make_fences(made), keys


def told(names: Sequence[str], way: Sequence[Made], preset: str = "balanced", **other: str) -> list[str]:
    fences, keys = strips(names, preset, **other)
    return [f"{each.kind} {keys[each.geofence]}" for each in walk(fences, way)[1]]


@pytest.mark.parametrize("names", [*permutations(("z", "m", "a"))], ids="".join)
@pytest.mark.parametrize("preset", ["balanced", "calm"])
def test_left_passed_through_entered_whatever_the_ids(names: Sequence[str], preset: str) -> None:
    way = [*FROM_Z, (30, -300.0), (40, 300.0), (50, 300.0), (60, 300.0), (70, 300.0)]
    expected = ["enter z", "exit z", "cross m", "enter a"]
    assert told(names, way, preset) == expected
    back = [(seconds, -east, *rest) for seconds, east, *rest in way]
    assert told(names, back, preset) == ["enter a", "exit a", "cross m", "enter z"]  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [("z", "a"), ("a", "z")], ids="".join)
@pytest.mark.parametrize("preset", ["strict", "balanced", "calm"])
def test_left_before_entered_whatever_the_ids(names: Sequence[str], preset: str) -> None:
    way = [*FROM_Z, (30, -300.0), (40, 300.0), (50, 300.0), (60, 300.0), (70, 300.0)]
    assert told(names, way, preset) == ["enter z", "exit z", "enter a"]


def test_several_are_told_in_the_order_of_the_way() -> None:
    way = [*FROM_Z, (40, 1100.0), (50, 1100.0)]
    for names in (("z", "m", "n", "far"), ("far", "n", "m", "z")):
        assert told(names, way) == ["enter z", "exit z", "cross m", "cross n", "enter far"]
    by_steps = [*FROM_Z, (24, 300.0), (28, 800.0), (32, 1100.0), (40, 1100.0)]
    assert told(("n", "m", "z"), by_steps) == ["enter z", "exit z", "cross m", "cross n"]


def test_what_is_passed_through_on_no_way_out_is_told_at_once() -> None:
    assert told(("m", "far"), [(0, -300.0), (10, 300.0), (20, 300.0)]) == ["cross m"]
    around = strip(9, -2000, 2000, "balanced")
    fences = make_fences({1: strip(1, *SIDE_BY_SIDE["m"], "balanced"), 9: around})
    _, events = walk(fences, [*FROM_Z, (30, 300.0)])
    assert [(each.kind, each.geofence) for each in events] == [("enter", 9), ("cross", 1)]


def test_strict_beside_balanced() -> None:
    """Where the exit needs no second fix, neither has what follows to wait."""
    assert told(("m", "z"), [*FROM_Z, (30, 300.0)], z="strict") == ["enter z", "exit z", "cross m"]


def test_who_comes_back_at_once_has_passed_through_nothing_unless_it_may_have_been_there() -> None:
    way = [*FROM_Z, (30, 300.0), (40, -300.0), (50, -300.0)]  # 60 m/s from rest
    assert told(("m", "z"), way) == ["enter z"]
    again = [*way, (60, 300.0), (70, 300.0)]
    assert told(("m", "z"), again) == ["enter z", "exit z", "cross m"]
    slowly = [*FROM_Z, (60, 300.0), (100, -300.0), (110, -300.0)]
    assert told(("m", "z"), slowly) == ["enter z", "cross m", "cross m"]


def test_what_changed_meanwhile_is_not_told() -> None:
    fences, _ = strips(("m", "z"))
    state, _ = walk(fences, [*FROM_Z, (30, 300.0)])
    assert [each.geofence for each in state.held] == [1]
    gone = fences.change([1], [], 1, {})
    assert [each.kind for each in walk(gone, [(40, 300.0)], state)[1]] == ["exit"]
    moved = fences.change([], [strip(1, 5000, 6000, "balanced")], 1, {1: PENDING}).put_in_force(state.stamp + 1)
    assert [each.kind for each in walk(moved, [(40, 300.0), (50, 300.0)], state)[1]] == ["exit"]
    left = fences.change([2], [], 1, {})  # nothing is left that it could wait for
    assert [each.kind for each in walk(left, [(40, 300.0)], state)[1]] == ["cross"]
