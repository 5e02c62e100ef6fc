"""Entering and leaving as docs/geofences.md defines it, over all fixes at once and slowly, against the fold.

The definition: a fix is clear of the border on its side, or it says nothing. A device changes sides with the fix that
makes enough clear ones on the other side, over long enough, since the last clear one on its own.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from tests.geofence.shapes import circle
from tests.laws import examples
from tracker.geofence.fences import NOWHERE, make_fences
from tracker.model.device import Device
from tracker.model.fix import E7, Fix
from tracker.model.geofence import Preset
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.presets import PRESETS, SHALLOW
from tracker.pipeline.question import Question

RADIUS = 100.0
WGS84 = Geod(ellps="WGS84")
CENTRE = (7.0, 43.0)
DEVICE = Device(1, "van", "Van")


class Look(NamedTuple):
    """A fix in few numbers."""

    seconds: int
    from_centre: float  # m, to the east or, negative, to the west
    accuracy: float | None


class Change(NamedTuple):
    kind: str
    at: int  # s
    decided: int  # s


def clear_side(preset: Preset, look: Look) -> bool | None:
    """Whether it is clearly inside; None: it is not clear."""
    rules, metres, accuracy = PRESETS[preset], RADIUS - abs(look.from_centre), look.accuracy or 0.0
    if rules.is_plain:
        return metres >= 0
    slack = rules.band + rules.accuracy * accuracy
    for limit in (-slack, min(slack, SHALLOW * RADIUS)):
        assume(abs(metres - limit) > 0.05)  # places are rounded to a centimetre
    if metres <= -slack:
        return False
    fits = accuracy <= max(rules.worst * RADIUS, rules.band)
    return True if fits and metres >= min(slack, SHALLOW * RADIUS) else None


def defined(preset: Preset, looks: Sequence[Look]) -> list[Change]:
    """For each fix, everything since the last change is looked at again."""
    rules, sides = PRESETS[preset], [clear_side(preset, look) for look in looks]
    inside, begin, found = False, 0, list[Change]()
    for number, look in enumerate(looks):
        own = [at for at in range(begin, number + 1) if sides[at] is inside]
        other = [at for at in range(own[-1] + 1 if own else begin, number + 1) if sides[at] is (not inside)]
        enough = len(other) >= rules.fixes and look.seconds - looks[other[0]].seconds >= rules.seconds
        if sides[number] is (not inside) and enough:
            inside, begin = not inside, number + 1
            found.append(Change("enter" if inside else "exit", looks[other[0]].seconds, look.seconds))
    return found


def folded(preset: Preset, looks: Sequence[Look]) -> list[Change]:
    fences = make_fences({1: circle(*CENTRE, RADIUS, preset=preset)})
    state, found = State(), list[Change]()
    for number, look in enumerate(looks):
        lon, lat, _ = WGS84.fwd(*CENTRE, 90.0, look.from_centre)
        fix = Fix(look.seconds * 1000, round(lon * E7), round(lat * E7), accuracy=look.accuracy)
        here = frozenset({1}) if abs(look.from_centre) <= RADIUS else NOWHERE
        step = advance(DEVICE, state, Question(fix, number + 1, here, fences.find_between(state.newest, fix)), fences)
        state = step.state
        found += [Change(each.kind, each.at // 1000, each.decided_at // 1000) for each in step.transitions]
    return [each for each in found if each.kind in ("enter", "exit")]


accuracies = st.none() | st.sampled_from([3.0, 8.0, 30.0, 45.0, 120.0])
# Near the border most of the time; never so far that the way from fix to fix is an impossible jump.
places = st.one_of(st.floats(60, 140), st.floats(-140, -60), st.floats(-300, 300))
steps = st.tuples(st.integers(2, 30), places, accuracies)


@pytest.mark.parametrize("preset", ["strict", "balanced", "calm"])
@settings(max_examples=examples(60))  # the first example loads PROJ
@given(made=st.lists(steps, min_size=1, max_size=40))
def test_enters_and_exits_are_as_defined(preset: Preset, made: list[tuple[int, float, float | None]]) -> None:
    looks, now = list[Look](), 0
    for gap, place, accuracy in made:
        now += gap
        looks.append(Look(now, round(place, 2), accuracy))
    assume(all(abs(abs(look.from_centre) - RADIUS) > 0.05 for look in looks))
    assert folded(preset, looks) == defined(preset, looks)
