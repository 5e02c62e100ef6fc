"""What the ingest keeps from one batch to the next, where it turns: the values on either side, and the one between."""

from collections.abc import Sequence
from typing import Final

import msgspec
import pytest

from tests.geofence.shapes import circle
from tests.moments import MONDAY
from tracker.geofence.fences import PENDING, Fences
from tracker.ingest.apps import FRESH_US, KnownApp, find_news
from tracker.ingest.joining import join, tell_apart
from tracker.ingest.lanes import BATCH, Lanes
from tracker.ingest.lapses import LOOK_MS, MINUTE_MS, Lapses
from tracker.ingest.late_first import FEW, WAIT, LateFirst, Postponed
from tracker.ingest.measuring import measure
from tracker.ingest.refresh import carry_over, date_back
from tracker.ingest.repeats import Repeats
from tracker.ingest.silences import Silences
from tracker.ingest.steps import LEAST_US, Steps
from tracker.metrics import Metrics
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.geofence import Hours, Scope, Window
from tracker.model.report import App
from tracker.store.ownership import InForce
from tracker.store.repeats import HOUR_US, find_begin

DEVICE, OTHER = 1, 2
PORT, YARD = 7, 8
FIX: Final = Fix(MONDAY, 0, 0)
APP: Final = App(Dialect.OWNTRACKS, "OwnTracks", note="hello")


class Sending:
    """Who offered a frame, and hears nothing."""

    def committed(self, frame: Frame, outcome: Outcome) -> None: ...

    def resume(self) -> None: ...


def frame(fixes: int, *, backlog: bool = False, app: App | None = None, received_at: int = 0) -> Frame:
    return Frame(DEVICE, 1, received_at, [FIX] * fixes, backlog, app=app)


def lined_up(*frames: Frame) -> Lanes:
    lanes = Lanes()
    for each in frames:
        lanes.put(each, Sending())
    return lanes


def test_a_batch_is_of_what_came_live_first_and_ends_with_what_fills_it() -> None:
    kept, first, second, third = frame(1, backlog=True), frame(BATCH - 1), frame(1), frame(0)
    lanes = lined_up(kept, first, second, third)
    assert lanes.waiting == BATCH + 2, "a frame without fixes has to be answered, too"
    assert [each for each, _ in lanes.take()] == [first, second]
    assert lanes.waiting == 2
    assert [each for each, _ in lanes.take()] == [third, kept]
    assert (lanes.waiting, lanes.take()) == (0, [])


def test_only_a_whole_batch_of_what_came_live_is_known_ahead() -> None:
    first, second, third = frame(BATCH - 1), frame(1), frame(1)
    assert lined_up(first).look_ahead() == lined_up(first, frame(1, backlog=True)).look_ahead() == []
    assert lined_up(first, second).look_ahead() == lined_up(first, second, third).look_ahead() == [first, second]


def drawn(*scopes: tuple[int, Scope]) -> Fences:
    made = [msgspec.structs.replace(circle(10, 50, 100, key=key), scope=scope) for key, scope in scopes]
    return Fences().change([], made, 1, dict.fromkeys((key for key, _ in scopes), 0))


def test_who_is_inside_is_shown_anew_at_the_moment_a_geofence_expires_and_once() -> None:
    fences, lapses = (
        drawn((PORT, Scope(expires=MONDAY + 2 * LOOK_MS)), (YARD, Scope(expires=MONDAY + MINUTE_MS))),
        Lapses(),
    )
    lapses.put(DEVICE, frozenset((PORT,)))
    lapses.put(OTHER, frozenset((YARD,)))
    found = [
        lapses.look(fences, MONDAY + ms) for ms in (0, LOOK_MS, 2 * LOOK_MS - 1, 2 * LOOK_MS, 3 * LOOK_MS, 4 * LOOK_MS)
    ]
    assert found == [set(), set(), set(), {DEVICE}, set(), set()], "it is looked once in a second at most"
    assert lapses.look(fences, MONDAY + MINUTE_MS) == {OTHER}
    assert lapses.look(fences, MONDAY) == {DEVICE, OTHER}, "the clock was put back"


def test_hours_begin_and_end_with_a_minute_for_who_is_inside() -> None:
    window = Window((0,), 601, 602)  # from a minute after MONDAY on
    fences, lapses = drawn((PORT, Scope(hours=Hours("UTC", (window,))))), Lapses()
    lapses.put(DEVICE, frozenset((PORT,)))
    lapses.put(OTHER, frozenset((PORT,)))
    lapses.put(OTHER, frozenset())
    found = [lapses.look(fences, MONDAY + ms) for ms in (0, 30_000, MINUTE_MS, MINUTE_MS + 30_000, 2 * MINUTE_MS)]
    assert found == [{DEVICE}, set(), {DEVICE}, set(), {DEVICE}]
    lapses.put(DEVICE, frozenset())
    assert lapses.look(fences, MONDAY + 3 * MINUTE_MS) == lapses.look(fences, MONDAY + 7 * 24 * 60 * MINUTE_MS) == set()


async def test_a_change_waits_for_a_few_late_fixes_and_not_for_ever_for_many() -> None:
    postponed = Postponed()
    assert postponed.may_change(())
    for few in (1, FEW):
        with pytest.raises(LateFirst):
            postponed.may_change(range(few))
    assert not postponed.may_change(range(FEW + 1))
    assert not postponed.may_change(range(FEW + 1)), "it has waited for a moment"
    assert postponed.since is not None
    postponed.since -= WAIT
    assert postponed.may_change(range(FEW + 1))
    assert postponed.may_change(()) and not postponed.may_change(range(FEW + 1)), "the next one waits anew"


@pytest.mark.parametrize(("step", "is_one"), [(LEAST_US - 1, False), (LEAST_US, True), (-LEAST_US, True), (0, False)])
def test_a_clock_was_set_where_it_is_off_by_a_second(step: int, is_one: bool) -> None:
    steps = Steps()
    assert steps.note(MONDAY, 0) == 0, "nothing is known of before"
    assert steps.note(MONDAY + 10 + step, 10) == (step if is_one else 0)
    assert [steps.since(stamp) for stamp in (MONDAY, MONDAY + 1)] == ([step, 0] if is_one else [0, 0])
    assert steps.note(MONDAY + 20 + step, 20) == 0, "it was set once"


def test_the_newest_hundred_steps_are_known() -> None:
    steps = Steps()
    for number in range(102):
        steps.note(number * LEAST_US, 0)
    assert [last for last, _ in steps.steps] == [number * LEAST_US for number in range(1, 101)]


def test_who_goes_on_listening_knows_since_when_and_how_the_clock_was_set() -> None:
    silences = Silences()
    silences.since, silences.steps.steps = 500, [(300, 70)]
    assert silences.hand_on(2_000) == [500, 2_000, 300, 70]
    silences.set_at[DEVICE] = 900
    assert silences.hand_on(2_000) == [900, 2_000, 300, 70], "an interval that was changed holds for all"
    after = Silences()
    after.go_on(silences.hand_on(2_000), 2_050)
    assert (after.since, after.steps.steps) == (950, [(300, 70), (2_000, 50)]), "by its own clock"
    after.go_on(None, 3_000)
    assert after.since == 3_000


def test_an_app_is_written_where_it_is_new_or_brought_no_fix_or_was_not_written_for_long() -> None:
    known = {(DEVICE, int(APP.dialect)): KnownApp(APP, 10)}
    assert find_news([frame(1)], {}) == {}
    assert find_news([frame(1, app=APP, received_at=10)], {}) == known
    assert find_news([frame(1, app=APP, received_at=9 + FRESH_US)], known) == {}
    for odd in (frame(1, app=APP, received_at=10 + FRESH_US), frame(0, app=APP, received_at=11)):
        assert find_news([odd], known) == {key: KnownApp(APP, odd.received_at) for key in known}
    quiet = msgspec.structs.replace(APP, note=None)
    assert find_news([frame(1, app=quiet, received_at=11)], known) == {}, "its note stays"
    other = msgspec.structs.replace(APP, note="another")
    both = [frame(1, app=other, received_at=11), frame(1, app=quiet, received_at=12)]
    assert find_news(both, known) == {key: KnownApp(other, 11) for key in known}


@pytest.mark.parametrize(
    ("histories", "joined"),
    [
        ([[(10, 1), (20, 2)], [(15, 1), (30, 2)]], [(15, 1), (40, 2)]),
        ([[(10, 1), (20, 3)], [(12, 2), (25, 3)]], [(12, 1), (20, 2), (40, 3)]),
        ([[(10, 1)], [(20, 2)]], [(20, 1), (40, 2)]),
        ([[(20, 3)], [(5, 1), (8, 2), (9, 3)]], [(20, 2), (40, 3)]),
        ([[(10, 1)], [(10, 1)]], [(40, 1)]),
    ],
    ids=["the last of them", "passed over", "never in force", "at once", "the same"],
)
def test_what_was_in_force_in_all_parts_is_since_the_last_of_them(
    histories: Sequence[Sequence[tuple[int, int]]], joined: Sequence[tuple[int, int]]
) -> None:
    assert join([[InForce(*each) for each in history] for history in histories], 40) == joined


def test_partitions_that_had_one_owner_stand_together() -> None:
    one, other = [InForce(10, 1)], [InForce(11, 1)]
    assert tell_apart({5: one, 2: other, 0: one}) == [[0, 5], [2]]


@pytest.mark.parametrize(("revision", "stamp"), [(2, 100), (3, 100), (4, 200), (6, 200), (7, 200)])
def test_a_geofence_decides_since_the_revision_it_came_with_was_taken_over(revision: int, stamp: int) -> None:
    made = msgspec.structs.replace(circle(10, 50, 100, key=PORT), since=revision)
    fences = Fences().change([], [made], 6, {PORT: PENDING})
    dated = date_back(fences, [InForce(100, 3), InForce(200, 6)])
    assert (dated.since, dated.stamp) == ({PORT: stamp}, stamp)
    assert date_back(fences, []).since == {PORT: 0}, "nothing was ever taken over"


def test_a_geofence_that_is_as_it_was_keeps_since_when_it_decides() -> None:
    old, new = (
        msgspec.structs.replace(circle(10, 50, 100, key=key), since=since) for key, since in ((PORT, 3), (YARD, 4))
    )
    before = Fences().change([], [old], 3, {PORT: 100})
    after = carry_over(before, Fences().change([], [old, new], 4, {PORT: 500, YARD: 500}))
    assert (after.since, after.stamp) == ({PORT: 100, YARD: PENDING}, before.stamp)


def test_what_came_again_is_counted_of_the_last_day_until_it_is_stored() -> None:
    repeats, now = Repeats(), MONDAY * 1000
    begin = find_begin(now)
    repeats.note(DEVICE, 2, now)
    repeats.note(DEVICE, 3, now)
    repeats.note(DEVICE, 4, begin * HOUR_US)
    repeats.note(DEVICE, 8, begin * HOUR_US - 1)
    repeats.note(OTHER, 16, now)
    assert (repeats.count(DEVICE, now), repeats.count(OTHER, now)) == (9, 16)
    taken = repeats.take()
    assert (sum(taken.values()), repeats.count(DEVICE, now), repeats.take()) == (33, 0, {})
    repeats.note(DEVICE, 1, now)
    repeats.give_back(taken)
    assert repeats.count(DEVICE, now) == 10, "what could not be stored counts on"
    repeats.forget(DEVICE)
    assert (repeats.count(DEVICE, now), repeats.count(OTHER, now)) == (0, 16)


def test_what_became_of_a_batch_is_counted_in_the_metrics() -> None:
    metrics, refused = Metrics(), Refusal(1, "future", "{}")
    frames = frame(2, received_at=MONDAY * 1000 + 3_000_000), frame(4, received_at=MONDAY * 1000 - 1_000_000)
    measure(metrics, Repeats(), [(each, None) for each in frames], [Outcome(1, 0, (refused,)), Outcome(1, 3)])
    find = metrics.registry.get_sample_value
    fixes = [find("tracker_fixes_total", {"outcome": name}) for name in ("stored", "duplicate", "quarantined")]
    assert (fixes, find("tracker_frames_total", {"direction": "in"})) == ([2, 3, 1], 2)
    assert (find("tracker_batch_fixes_count"), find("tracker_batch_fixes_sum")) == (1, 2)
    assert find("tracker_received_to_stored_seconds_count") == find("tracker_fix_to_received_seconds_count") == 2
    assert find("tracker_fix_to_received_seconds_sum") == 3.0, "a device's clock that is ahead takes nothing off"
