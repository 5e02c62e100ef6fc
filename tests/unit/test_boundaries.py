"""Where a decision of the pipeline turns: the values on either side, and the one between."""

from typing import Any

import msgspec
import pytest

from tests.geofence.shapes import circle, polygon
from tests.geofence.test_decide import VAN
from tests.moments import MONDAY
from tracker.geo.distance import distance
from tracker.geofence.fences import GAP_MS, Asked, Fences
from tracker.ingest.memory import ANCHORS_MS, Memory
from tracker.model.event import Decision, Happening, Transition
from tracker.model.fix import E7, Fix, Refusal, Row
from tracker.model.frame import Frame, Outcome
from tracker.model.guard import NO_GUARD, Guard, Guarded
from tracker.model.heard import Heard
from tracker.model.state import Hop, State
from tracker.model.stay import Candidate, Episode, Stay
from tracker.model.vigil import Vigil
from tracker.pipeline.advance import advance
from tracker.pipeline.already import note
from tracker.pipeline.anchors import STEP, is_anchor_due
from tracker.pipeline.border import find_moment, find_place_at, find_wait_end
from tracker.pipeline.changes import end_doubt, find_concerned, recast, recast_category
from tracker.pipeline.decide import Sides, judge
from tracker.pipeline.fold import Grounds, StoredFixes, fold
from tracker.pipeline.guarding import SURE, is_sure, set_guard_back
from tracker.pipeline.lineup import Lineup, list_before, list_fixes
from tracker.pipeline.motion import MOVING
from tracker.pipeline.presets import PRESETS
from tracker.pipeline.question import Question
from tracker.pipeline.refold import FOR_GOOD, Refolding, find_sealed, fold_again
from tracker.pipeline.run import may_run
from tracker.pipeline.silence import follow_standing, is_excused
from tracker.pipeline.stays import CALM_MS, is_over
from tracker.pipeline.twins import NEAR, is_near

PORT, YARD = 7, 8
CHANGED = 1_000  # the stamp of a change
DEVICE = 1


def row(received_at: int, at: int = MONDAY) -> Row:
    return Row(DEVICE, received_at, Fix(at, 0, 0))


def decision(geofence: int, stamp: int) -> Decision:
    return Decision(Happening(geofence, "enter", MONDAY), MONDAY, stamp)


@pytest.mark.parametrize(
    ("received_at", "is_silent"), [(CHANGED - 1, True), (CHANGED, False), (CHANGED + 1, False)], ids=str
)
def test_what_was_received_before_a_change_says_nothing_of_what_changed(received_at: int, is_silent: bool) -> None:
    history = Refolding([], {PORT: CHANGED, YARD: 0}, {})
    assert history.silent_about(row(received_at)) == ({PORT} if is_silent else set())


@pytest.mark.parametrize(("at", "is_silent"), [(-1, True), (0, True), (1, False)])
def test_nothing_is_decided_up_to_what_stands_of_a_changed_geofence(at: int, is_silent: bool) -> None:
    history = Refolding([], {PORT: CHANGED, YARD: CHANGED}, {PORT: MONDAY})
    assert history.silent_about(row(CHANGED, MONDAY + at)) == ({PORT} if is_silent else set())


def test_what_stands_is_settled_before_the_next_fix_however_much_it_is() -> None:
    """Three that were told before the fix and one after it: none is passed over."""
    here, keys = fences((PORT, CHANGED), (YARD, CHANGED), (9, CHANGED), (10, CHANGED)), [PORT, YARD, 9, 10]
    told = [Decision(Happening(key, "enter", MONDAY), MONDAY, CHANGED - 1) for key in keys[:3]]
    told.append(Decision(Happening(10, "enter", MONDAY), MONDAY + 2, CHANGED - 1))
    history = Refolding([row(CHANGED - 1, MONDAY + 1)], dict.fromkeys(keys, CHANGED), {})
    assert fold_again(VAN, State(), history, told, here)[0].inside == set(keys)


def test_where_nothing_changed_every_fix_says_something() -> None:
    assert Refolding([], {}, {}).silent_about(row(0)) == set()


def fences(*since: tuple[int, int], **properties: object) -> Fences:
    made = [circle(10, 50, 100, key=key, **properties) for key, _ in since]
    return Fences().change([], made, 1, dict(since))


def test_sealed_is_what_changed_after_the_first_row_or_decision() -> None:
    here = fences((PORT, CHANGED), (YARD, 10))
    state = State(stamp=CHANGED)
    assert find_sealed(state, State(), [row(CHANGED - 1), row(CHANGED + 5)], [], here) == {PORT: CHANGED}
    assert find_sealed(state, State(), [row(CHANGED)], [], here) == {}
    assert find_sealed(state, State(), [row(CHANGED)], [decision(PORT, CHANGED - 1)], here) == {PORT: CHANGED}
    assert find_sealed(state, State(), [], [], here) == {}
    assert find_sealed(msgspec.structs.replace(state, stamp=9), State(), [], [], here) == {PORT: CHANGED, YARD: 10}


def test_a_device_of_another_category_seals_what_asks_for_one() -> None:
    asking = fences((PORT, CHANGED), (YARD, 10), categories=["bus"])
    rows, recast = [row(CHANGED - 1)], CHANGED + 3
    assert find_sealed(State(recast_at=recast), State(), rows, [], asking) == {PORT: recast, YARD: recast}
    assert find_sealed(State(recast_at=CHANGED - 1), State(), rows, [], asking) == {PORT: CHANGED}
    later = fences((PORT, recast + 1), categories=["bus"])
    assert find_sealed(State(recast_at=recast), State(), rows, [], later) == {PORT: recast + 1}
    others = fences((PORT, 10), devices=["bus-1"])
    assert find_sealed(State(recast_at=recast), State(), rows, [], others) == {}


def test_a_geofence_that_is_gone_is_sealed_for_good() -> None:
    here, inside = fences((PORT, 10)), State(inside=frozenset({PORT, YARD}))
    assert find_sealed(State(), inside, [row(CHANGED)], [], here) == {YARD: FOR_GOOD}
    assert find_sealed(State(), State(), [row(CHANGED)], [decision(YARD, CHANGED)], here) == {YARD: FOR_GOOD}


def test_a_device_that_says_how_it_is_was_heard_and_is_excused_as_long_as_it_says_so() -> None:
    silent = State(received_at=5, heard_at=5, excused_at=3, offline_at=MONDAY)
    excused = follow_standing(silent, True, CHANGED)
    assert (excused.heard_at, excused.excused_at, is_excused(excused)) == (CHANGED, CHANGED, True)
    awake = follow_standing(excused, False, CHANGED + 1)
    assert (awake.heard_at, awake.excused_at, is_excused(awake)) == (CHANGED + 1, 0, False)


def test_an_anchor_is_kept_for_the_first_fix_and_then_a_step_apart() -> None:
    first = State(seen_at=MONDAY, newest=Fix(MONDAY, 0, 0))
    assert is_anchor_due(State(), MONDAY)
    assert not is_anchor_due(State(anchors=(State(),)), MONDAY), "flagged ones alone came before"
    assert is_anchor_due(first, MONDAY) and not is_anchor_due(first, MONDAY - 1)
    later = msgspec.structs.replace(first, anchors=(first,))
    assert not is_anchor_due(later, MONDAY + STEP - 1)
    assert is_anchor_due(later, MONDAY + STEP)


def test_a_crossing_waits_for_its_seconds_once_it_has_its_fixes() -> None:
    rules = PRESETS["balanced"]
    some = tuple(Fix(MONDAY + n * 1_000, 0, 0) for n in range(2))
    assert find_wait_end(rules, Candidate(PORT, None, some, rules.fixes - 1)) == 0, "each fix counts"
    for count in (rules.fixes, rules.fixes + 1):
        assert find_wait_end(rules, Candidate(PORT, None, some, count)) == MONDAY + 5_000


@pytest.mark.parametrize(("part", "after"), [(0.0, 0), (0.25, 2_500), (1.0, 10_000)])
def test_a_crossing_lies_between_the_two_fixes_as_its_place_does(part: float, after: int) -> None:
    assert find_moment(Fix(MONDAY, 0, 0), Fix(MONDAY + 10_000, 0, 0), part) == MONDAY + after


@pytest.mark.parametrize("way", ["lon_e7", "lat_e7"])
def test_twins_are_at_most_two_metres_apart(way: str) -> None:
    def apart(e7: int) -> bool:
        fix = msgspec.structs.replace(Fix(MONDAY, 100_000_000, 500_000_000), **{way: getattr(FIRST, way) + e7})
        assert (distance(FIRST.lon_e7 / 1e7, FIRST.lat_e7 / 1e7, fix.lon, fix.lat) <= NEAR) == is_near(FIRST, fix)
        return is_near(FIRST, fix)

    assert apart(0) and apart(150) and not apart(400)


FIRST = Heard(MONDAY, 100_000_000, 500_000_000, 0)


def test_what_becomes_of_a_frame_is_counted() -> None:
    refused = Refusal(1, "bad_time", "x")
    whole = Refusal(-1, "bad_frame", "{}")
    fixes: list[Fix | Refusal] = [Fix(MONDAY, 0, 0), refused, Fix(MONDAY, 0, 0), Fix(MONDAY + 1_000, 0, 0)]
    frames = [Frame(DEVICE, 1, CHANGED, fixes), Frame(DEVICE, 2, CHANGED, [], whole=whole)]
    states = {DEVICE: State()}
    asked = Fences().ask(list_fixes(frames), list_before(frames, states))
    made = fold(frames, states, StoredFixes(), Grounds({DEVICE: VAN}, Fences(), asked), CHANGED)
    assert [each.fix.at for each in made.rows] == [MONDAY, MONDAY + 1_000]
    assert made.outcomes == [Outcome(2, 1, (refused,)), Outcome(0, 0, (whole,))]


@pytest.mark.parametrize(
    ("before", "after", "part", "place"),
    [
        ((10.0, 50.0), (11.0, 52.0), 0.25, (10.25, 50.5)),
        ((10.0, 50.0), (10.0000001, 50.0000001), 0.3, (10.0, 50.0)),  # of seven decimals as every place is
        ((179.5, 0.0), (-179.5, 0.0), 0.75, (-179.75, 0.0)),
        ((-179.5, 0.0), (179.5, 0.0), 0.25, (-179.75, 0.0)),
    ],
)
def test_a_crossing_lies_on_the_shorter_way(
    before: tuple[float, float], after: tuple[float, float], part: float, place: tuple[float, float]
) -> None:
    first, last = (Fix(MONDAY, round(lon * E7), round(lat * E7)) for lon, lat in (before, after))
    assert find_place_at(first, last, part) == place


@pytest.mark.parametrize(("waited_ms", "after"), [(0, 0), (GAP_MS, 0), (GAP_MS + 1, GAP_MS + 1)])
def test_who_is_inside_a_new_geofence_is_noted_at_its_newest_fix_or_after_a_silence_with_the_geofence(
    waited_ms: int, after: int
) -> None:
    port, here = circle(10, 50, 500, key=PORT, already_inside="noted"), Fix(MONDAY, 10 * E7, 50 * E7)
    before = State(seen_at=MONDAY, newest=here, received_at=CHANGED)
    noted = note(DEVICE, port, here, before, CHANGED + waited_ms * 1000)
    assert (noted.kind, noted.at - MONDAY) == ("noted", after)


def test_a_change_concerns_who_is_inside_or_in_doubt_or_passed_through() -> None:
    passed = Transition(DEVICE, 9, "enter", MONDAY, Fix(MONDAY, 0, 0), MONDAY)
    assert find_concerned(State(inside=frozenset({PORT}))) == {PORT}
    assert find_concerned(State(inside=frozenset({PORT}), candidates=(Candidate(YARD, None),))) == {PORT, YARD}
    assert find_concerned(State(inside=frozenset({PORT}), held=(passed,))) == {PORT, 9}


@pytest.mark.parametrize(("after", "is_too_fast", "over"), [(CALM_MS, False, False), (CALM_MS + 1, False, True)])
def test_an_episode_ends_when_it_was_calm_for_longer(after: int, is_too_fast: bool, over: bool) -> None:
    first = Fix(MONDAY, 0, 0)
    assert is_over(Episode(first, first, 30.0, MONDAY), Fix(MONDAY + after, 0, 0), is_too_fast) is over


@pytest.mark.parametrize(
    ("count", "speed", "sure"),
    [(SURE, None, True), (SURE - 1, None, False), (1, MOVING, True), (1, MOVING - 0.01, False), (0, MOVING, False)],
)
def test_who_is_away_twice_or_drives_has_left(count: int, speed: float | None, sure: bool) -> None:
    assert is_sure(count, Fix(MONDAY, 0, 0, speed)) is sure


@pytest.mark.parametrize(("waited_ms", "kinds"), [(59_999, []), (60_000, ["dwell"])])
def test_a_dwell_is_told_by_the_fix_of_its_very_moment(waited_ms: int, kinds: list[str]) -> None:
    here = fences((PORT, 10), preset="strict", dwell=60)
    first, inside = Fix(MONDAY, 10 * E7, 50 * E7), frozenset({PORT})
    entered = advance(VAN, State(), Question(first, CHANGED, inside, ()), here).state
    later = Fix(MONDAY + waited_ms, 10 * E7, 50 * E7)
    told = advance(VAN, entered, Question(later, CHANGED + 1, inside, ()), here).transitions
    assert [each.kind for each in told] == kinds


def test_who_went_from_one_arm_of_a_geofence_to_the_other_crossed_nothing() -> None:
    """One clear fix between the arms is too few to have left, and no way from outside to outside."""
    metre = 1 / 111_319.49
    outline = [(0, -100), (240, -100), (240, 200), (140, 200), (140, 0), (100, 0), (100, 200), (0, 200), (0, -100)]
    arms = polygon([(x * metre, y * metre) for x, y in outline], key=PORT)
    before, out, near, after = (
        Fix(MONDAY + 5_000 * n, round(x * metre * E7), round(100 * metre * E7), accuracy=5.0)
        for n, x in enumerate((50, 120, 143, 190))
    )
    doubt = judge(DEVICE, arms, None, Sides(before, out, is_inside=True, seems_inside=False))
    assert isinstance(doubt, Candidate) and doubt.count == 1
    doubt = judge(DEVICE, arms, doubt, Sides(out, near, is_inside=True, seems_inside=True))
    assert isinstance(doubt, Candidate), "so near the border it takes nothing back"
    assert judge(DEVICE, arms, doubt, Sides(near, after, is_inside=True, seems_inside=True)) is None


def test_another_category_ends_the_doubts_of_geofences_that_ask_for_one() -> None:
    both = circle(10, 50, 100, key=PORT, categories=["bus"]), circle(10, 50, 100, key=YARD)
    doubted = State(candidates=(Candidate(PORT, None), Candidate(YARD, None)))
    after = recast_category(doubted, "bus", CHANGED, Fences().change([], both, 1, {PORT: 10, YARD: 10}))
    assert [each.geofence for each in after.candidates] == [YARD]


def test_where_it_rests_it_came_at_the_time_of_a_clock_that_is_right_at_the_latest() -> None:
    rest = Fix(MONDAY, 0, 0)
    assert set_guard_back(None, MONDAY) is None
    assert set_guard_back(Guarded(NO_GUARD), MONDAY) == Guarded(NO_GUARD)
    for at, came in ((MONDAY - 1, MONDAY - 1), (MONDAY, MONDAY), (MONDAY + 1, MONDAY)):
        guarded = set_guard_back(Guarded(NO_GUARD, rest), at)
        assert guarded is not None and guarded.rest is not None and guarded.rest.at == came


def test_frames_of_one_fix_each_follow_one_another() -> None:
    frames = [Frame(DEVICE, n, CHANGED, [Fix(MONDAY + 1_000 * n, n, n)]) for n in range(3)]
    states = {DEVICE: State(newest=FIRST_FIX)}
    assert list(Lineup(frames, states)) == list(list_before(frames, states)) == [FIRST_FIX, *list_fixes(frames)[:-1]]


FIRST_FIX = Fix(MONDAY - 1_000, 0, 0)


@pytest.mark.parametrize(
    ("apart", "is_due"), [(None, True), (-1, True), (0, False), (ANCHORS_MS - 1, False), (ANCHORS_MS, True)]
)
def test_anchors_are_written_so_far_apart_and_anew_where_late_fixes_took_them_back(
    apart: int | None, is_due: bool
) -> None:
    memory, anchor = Memory(), State(seen_at=MONDAY)
    if apart is not None:
        memory.anchored[DEVICE] = MONDAY - apart
    assert memory.find_anchors_due({DEVICE: State(anchors=(anchor,))}) == ({DEVICE: (anchor,)} if is_due else {})


def test_an_interval_that_was_changed_counts_from_then_and_a_name_changes_nothing() -> None:
    memory = Memory()
    memory.know(msgspec.structs.replace(VAN, interval=60.0))
    begun = dict(memory.silences.set_at)
    memory.know(msgspec.structs.replace(VAN, interval=60.0, name="another"))
    assert memory.silences.set_at == begun, "it counts on"
    memory.know(msgspec.structs.replace(VAN, interval=90.0))
    assert memory.silences.set_at[VAN.key] > begun[VAN.key]


def test_a_change_ends_the_doubts_of_what_it_is_about_and_of_nothing_else() -> None:
    fast = Episode(FIRST_FIX, FIRST_FIX, 30.0, MONDAY)
    held = tuple(Transition(DEVICE, key, "enter", MONDAY, FIRST_FIX, MONDAY) for key in (PORT, YARD))
    stays = Stay(PORT, MONDAY, episode=fast), Stay(YARD, MONDAY, episode=fast)
    before = State(stays=stays, candidates=(Candidate(PORT, None), Candidate(YARD, None)), held=held, due=CHANGED)
    after = end_doubt(before, frozenset({PORT}))
    assert [stay.episode for stay in after.stays] == [None, fast]
    assert [each.geofence for each in after.candidates] == [each.geofence for each in after.held] == [YARD]
    assert end_doubt(before, frozenset()) is before, "and what was not changed is not looked at sooner"


def test_a_category_is_in_force_since_it_is_another() -> None:
    before, guarded = State(category=VAN.category, recast_at=3), msgspec.structs.replace(VAN, guard=Guard(trips=True))
    same, _ = recast(before, guarded, CHANGED, Fences())
    assert (same.stamp, same.recast_at, same.category) == (CHANGED, 3, VAN.category) and same.guarded is not None
    other, _ = recast(before, msgspec.structs.replace(VAN, category="bus"), CHANGED, Fences())
    assert (other.stamp, other.recast_at, other.category) == (CHANGED, CHANGED, "bus")


PLAIN = State(newest=FIRST_FIX, anchors=(State(),), inside=frozenset({PORT}))


@pytest.mark.parametrize(
    "odd",
    [
        {"newest": None},
        {"anchors": ()},
        {"offline_at": 0},
        {"hop": Hop(FIRST_FIX, (), 0.0)},
        {"vigil": Vigil()},
        {"guarded": Guarded(NO_GUARD)},
        {"inside": frozenset({PORT, YARD})},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_a_device_of_which_anything_is_watched_or_in_doubt_is_folded_fix_by_fix(odd: dict[str, Any]) -> None:
    asked = Asked({1: frozenset({PORT})}, [], {})
    assert may_run(PLAIN, asked, 1) and not may_run(msgspec.structs.replace(PLAIN, **odd), asked, 1)


def test_a_run_begins_behind_the_fix_that_was_asked_about() -> None:
    here, another = {1: frozenset({PORT})}, Fix(FIRST_FIX.at, 0, 0)
    assert may_run(PLAIN, Asked(here, [None], {}), 1), "the first that nothing was asked about"
    assert may_run(PLAIN, Asked(here, [None, FIRST_FIX], {}), 1)
    assert not may_run(PLAIN, Asked(here, [None, another], {}), 1)
    assert not may_run(PLAIN, Asked(here, [None], {1: (YARD,)}), 1), "the way there leads through another"
    assert not may_run(PLAIN, Asked({}, [None], {}), 1), "it lies outside"
