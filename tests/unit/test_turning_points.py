"""More places where a decision of the pipeline turns: see test_boundaries.py."""

from typing import Final

import msgspec
import numpy as np
import pytest

from tests.geofence.shapes import circle, polygon
from tests.geofence.test_decide import VAN
from tests.moments import MONDAY
from tracker.geofence.fences import Asked, Fences
from tracker.model.block import BATTERY, Block
from tracker.model.fix import E7, Fix
from tracker.model.frame import Frame
from tracker.model.heard import Heard
from tracker.model.state import NOT_DUE, State
from tracker.model.stay import Candidate, Stay
from tracker.pipeline.accept import EAST_E7, NORTH_E7, NOTHING, Refused, accept_e7
from tracker.pipeline.already import note, note_inside
from tracker.pipeline.border import find_wait_end
from tracker.pipeline.jump import NEAR_E7
from tracker.pipeline.lineup import Lineup, find_breaks
from tracker.pipeline.motion import is_contradicted
from tracker.pipeline.presets import PRESETS
from tracker.pipeline.run import Seeming, find_doubts, find_run
from tracker.pipeline.silence import decide_silence, find_silent_at
from tracker.pipeline.stays import find_speed, tell_dwell
from tracker.pipeline.through import find_bent_way
from tracker.pipeline.twins import is_finer
from tracker.pipeline.vigil import LOW

DEVICE, PORT = 1, 7
CHANGED: Final = 1_000  # the stamp of a change
METRE: Final = 1 / 111_319.49
METRE_E7: Final = METRE * E7
FIRST: Final = Fix(MONDAY, 0, 0)


def east(metres: float, seconds: float = 0.0, north: float = 0.0, accuracy: float | None = None) -> Fix:
    return Fix(MONDAY + round(seconds * 1000), round(metres * METRE_E7), round(north * METRE_E7), accuracy=accuracy)


def block(*fixes: Fix) -> Block:
    measured = np.full((5, len(fixes)), np.nan)
    measured[BATTERY] = [np.nan if fix.battery is None else fix.battery for fix in fixes]
    return Block(np.array([(fix.at, fix.lon_e7, fix.lat_e7) for fix in fixes], np.int64).T, measured)


@pytest.mark.parametrize(("lon_e7", "lat_e7"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_what_lies_beyond_the_earth_in_one_of_both_is_refused(lon_e7: int, lat_e7: int) -> None:
    lon, lat = lon_e7 * EAST_E7, lat_e7 * NORTH_E7
    assert accept_e7(MONDAY, lon, lat, MONDAY, NOTHING).lat_e7 == lat
    with pytest.raises(Refused, match="out_of_range"):
        accept_e7(MONDAY, lon + lon_e7, lat + lat_e7, MONDAY, NOTHING)


@pytest.mark.parametrize(("metres", "is_so"), [(39.0, False), (42.0, True)])
def test_a_way_contradicts_a_speed_of_0_beyond_both_accuracies_and_the_drift(metres: float, is_so: bool) -> None:
    fix = msgspec.structs.replace(east(metres, 10, accuracy=10.0), speed=0.0)
    assert is_contradicted(east(0, accuracy=10.0), fix) is is_so


def test_the_speed_of_a_way_is_the_least_that_both_accuracies_allow() -> None:
    assert find_speed(east(0, accuracy=10.0), east(100, 10, accuracy=10.0)) == pytest.approx(8.0, rel=0.01)
    assert find_speed(east(0, accuracy=60.0), east(100, 10, accuracy=60.0)) == 0.0


def test_who_was_near_the_border_of_a_new_geofence_is_in_doubt() -> None:
    port = circle(0, 0, 100, key=PORT, already_inside="noted", preset="balanced")
    kinds = []
    for metres in (50, 99.9):
        here = east(metres, accuracy=20.0)
        kinds.append(note(DEVICE, port, here, State(newest=here, received_at=CHANGED), CHANGED).kind)
    assert kinds == ["noted", "doubted"]


def test_what_a_state_knows_already_is_noted_no_more() -> None:
    port = circle(0, 0, 100, key=PORT, already_inside="noted")
    fences = Fences().change([], [port], 1, {PORT: CHANGED})
    for stamp, kinds in ((CHANGED - 1, ["noted"]), (CHANGED, [])):
        before = State(newest=FIRST, seen_at=MONDAY, received_at=1, stamp=stamp)
        assert [each.kind for each in note_inside(VAN, before, before, fences)[1]] == kinds


def test_a_dwell_is_decided_when_the_clock_says_so_or_by_the_fix_that_does() -> None:
    port, stay, due = circle(0, 0, 100, key=PORT, dwell=60), Stay(PORT, MONDAY), MONDAY + 60_000
    fix = Fix(due + 5_000, 0, 0)
    told = {by: tell_dwell(DEVICE, port, stay, fix, due, by)[1][0] for by in ("clock", "fix")}
    assert {by: (each.at, each.decided_at) for by, each in told.items()} == {"clock": (due, due), "fix": (due, fix.at)}


def test_nobody_is_silent_before_the_time_nor_of_whom_nothing_is_expected() -> None:
    state = State(newest=FIRST, seen_at=MONDAY, received_at=MONDAY * 1000)
    often = msgspec.structs.replace(VAN, interval=60.0)
    due = find_silent_at(often, state, 0, None)
    assert due is not None and decide_silence(often, state, due - 1, 0) == (state, ())
    assert [each.kind for each in decide_silence(often, state, due, 0)[1]] == ["offline"]
    never = msgspec.structs.replace(VAN, interval=None)
    assert decide_silence(never, state, due, 0) == (state, ())


def test_of_two_times_of_one_moment_the_finer_has_fractions_where_the_other_has_none() -> None:
    heard = {part: Heard(MONDAY + part, 0, 0, 0) for part in (0, 250)}
    found = {(part, of): is_finer(Fix(MONDAY + part, 0, 0), heard[of]) for part in (0, 500) for of in (0, 250)}
    assert [pair for pair, is_so in found.items() if is_so] == [(500, 0)]


@pytest.mark.parametrize("way", ["lon_e7", "lat_e7"])
def test_a_run_breaks_where_the_next_fix_is_not_near(way: str) -> None:
    places = 0, NEAR_E7, 2 * NEAR_E7 - 1, NEAR_E7 - 1
    fixes = [msgspec.structs.replace(FIRST, at=MONDAY + 1_000 * n, **{way: e7}) for n, e7 in enumerate(places, 1)]
    line = Lineup([Frame(DEVICE, 1, CHANGED, fixes)], {DEVICE: State(newest=FIRST)})
    assert find_breaks(line, Asked({}, [], {})) == [1, 3, 4]


def test_a_run_breaks_where_a_battery_is_low_or_may_be_frozen_with_the_place() -> None:
    said = [(0, None), (1, 0.9), (1, 0.9), (2, LOW), (3, LOW + 0.01), (3, None)]
    fixes = [Fix(MONDAY + 1_000 * n, e7, 0, battery=battery) for n, (e7, battery) in enumerate(said, 1)]
    line = Lineup([Frame(DEVICE, 1, CHANGED, block(*fixes))], {DEVICE: State(newest=FIRST)})
    assert find_breaks(line, Asked({}, [], {})) == [2, 3, 6]


@pytest.mark.parametrize(("seen_at", "count"), [(0, 2), (999, 2), (1_000, 0)])
def test_a_run_begins_behind_what_was_seen(seen_at: int, count: int) -> None:
    state = State(newest=FIRST, seen_at=MONDAY + seen_at, anchors=(State(seen_at=MONDAY),), due=NOT_DUE)
    entries = block(*(Fix(MONDAY + 1_000 * n, n, 0) for n in (1, 2)))
    assert find_run(state, entries, 0, 0, Asked({}, [], {}, [2]), Fences()) == count


def test_only_a_doubt_that_waits_for_its_time_lets_a_run_go_on() -> None:
    port, rules = circle(0, 0, 100, key=PORT, preset="balanced"), PRESETS["balanced"]
    fences = Fences().change([], [port], 1, {PORT: CHANGED})
    doubt = Candidate(PORT, None, (FIRST, east(0, 1)), rules.fixes)
    until = find_wait_end(rules, doubt)
    state = State(newest=FIRST, candidates=(doubt,), due=until)
    assert find_doubts(state, fences) == (NOT_DUE, [Seeming(fences[PORT], rules, until, True)])
    sooner = msgspec.structs.replace(state, due=until - 1)
    assert find_doubts(sooner, fences) == (until - 1, []), "something else is to be looked at"


def test_a_fix_that_lies_inside_by_less_than_a_metre_lies_on_the_way_through() -> None:
    outline = [(x * METRE, y * METRE) for x, y in ((0, -50), (100, -50), (100, 50), (0, 50), (0, -50))]
    port = polygon(outline, key=PORT, preset="balanced")
    before, inside, after = (east(x, n * 5, 49.5, accuracy=3.0) for n, x in enumerate((-50, 50, 150)))
    told = find_bent_way(DEVICE, port, Candidate(PORT, before, (inside,), 1), None, after)
    assert told is not None and (told.kind, told.evidence.inferred) == ("cross", True)
