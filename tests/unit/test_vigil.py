"""A battery that runs low is told once, and a place that is only repeated after two hours."""

import msgspec
import pytest

from tests.moments import MONDAY
from tracker.geofence.fences import NOWHERE, Fences
from tracker.ingest.notes import Noted, take_walk
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import Fix
from tracker.model.moment import format_ms
from tracker.model.note import Note, Walk
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.question import Question
from tracker.pipeline.silence import EXCUSED_US, decide_silence, follow_standing
from tracker.pipeline.vigil import FROZEN_FIXES, FROZEN_MS, follow_steps

PHONE = Device(7, "phone", "Phone", interval=60.0)
MINUTE = 60_000


def play(*fixes: Fix, state: State | None = None) -> tuple[State, list[Transition]]:
    state, told = state or State(), list[Transition]()
    for number, fix in enumerate(fixes):
        step = advance(PHONE, state, Question(fix, MONDAY * 1000 + number, NOWHERE, ()), Fences())
        state = step.state
        told += step.transitions
    return state, told


def drain(*levels: float | None) -> list[Fix]:
    return [Fix(MONDAY + n * MINUTE, n * 1000, 0, battery=level) for n, level in enumerate(levels)]


def stand(count: int, minutes: float, batteries: tuple[float | None, float | None]) -> list[Fix]:
    """At one place; the battery is the second from the middle on."""
    gap = minutes * MINUTE / (count - 1)
    return [Fix(MONDAY + round(n * gap), 5, 5, battery=batteries[n >= count / 2]) for n in range(count)]


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ((0.5, 0.16, 0.15, 0.1, 0.05), [2]),
        ((0.1, None, 0.09), [0]),
        ((0.1, 0.2, 0.14, 0.2, 0.15), [0]),  # it wavers
        ((0.1, 0.9, 0.12), [0, 2]),  # it was charged
        ((0.5, None, 0.9), []),
    ],
)
def test_low_is_told_once(levels: tuple[float | None, ...], told: list[int]) -> None:
    _, found = play(*drain(*levels))
    assert [(each.kind, each.at) for each in found] == [("battery_low", MONDAY + n * MINUTE) for n in told]
    assert [each.evidence.battery for each in found] == [levels[n] for n in told]


def test_nothing_is_kept_of_who_needs_no_watching() -> None:
    assert play(*drain(0.5, 0.9, None))[0].vigil is None
    assert play(*drain(0.1, 0.9))[0].vigil is None


HOURS_2 = FROZEN_MS / MINUTE


@pytest.mark.parametrize(
    ("count", "minutes", "batteries", "is_frozen"),
    [
        (FROZEN_FIXES, HOURS_2, (0.9, 0.85), True),
        (FROZEN_FIXES, HOURS_2, (0.85, 0.9), True),  # charging
        (FROZEN_FIXES - 1, HOURS_2, (0.9, 0.8), False),
        (FROZEN_FIXES, HOURS_2 - 1, (0.9, 0.8), False),
        (FROZEN_FIXES, HOURS_2, (0.9, 0.86), False),
        (FROZEN_FIXES, HOURS_2, (None, None), False),
        (FROZEN_FIXES * 5, HOURS_2 * 3, (0.9, 0.6), True),  # once
    ],
)
def test_frozen(count: int, minutes: float, batteries: tuple[float | None, float | None], is_frozen: bool) -> None:
    _, told = play(*stand(count, minutes, batteries))
    assert [each.kind for each in told] == ["frozen"] * is_frozen
    if is_frozen:
        assert told[0].evidence.since == format_ms(MONDAY) and (told[0].evidence.same or 0) >= FROZEN_FIXES


def test_a_place_a_centimetre_off_begins_anew() -> None:
    fixes = stand(FROZEN_FIXES, HOURS_2, (0.9, 0.8))
    fixes[10] = msgspec.structs.replace(fixes[10], lon_e7=6)
    assert play(*fixes)[1] == []


def test_steps_say_the_same_as_a_battery() -> None:
    state = follow_steps(State(), 1000)
    fixes = stand(FROZEN_FIXES, HOURS_2, (None, None))
    state, told = play(*fixes[:-1], state=state)
    assert told == [] and play(fixes[-1], state=state)[1] == []
    state, told = play(fixes[-1], state=follow_steps(state, 1200))
    assert [each.kind for each in told] == ["frozen"]
    assert play(*fixes, state=follow_steps(follow_steps(State(), 1200), 3))[1] == []  # the count began anew


def test_steps_that_are_counted_while_it_stands_there_count_from_the_first_or_from_where_they_began_anew() -> None:
    fixes = stand(FROZEN_FIXES, HOURS_2, (0.9, 0.9))

    def told(*counts: int) -> list[str]:
        state, _ = play(*fixes[:9])
        for count in counts:
            state = follow_steps(state, count)
        state, _ = play(*fixes[9:-1], state=state)
        return [each.kind for each in play(fixes[-1], state=follow_steps(state, 8))[1]]

    assert follow_steps(counted := follow_steps(State(), 3), None) is counted, (
        "who says nothing of them changes nothing"
    )
    assert told(3) == told(1000, 3) == told(3, 8) == ["frozen"]
    assert told(8) == told(1000) == []


def test_a_count_of_another_time_began_anew() -> None:
    fixes = stand(FROZEN_FIXES, HOURS_2, (None, None))

    def told(*counts: tuple[int, int]) -> list[str]:
        state, _ = play(*fixes[:-1], state=follow_steps(State(), 1000, MONDAY))
        for count, since in counts:
            state = follow_steps(state, count, since)
        return [each.kind for each in play(fixes[-1], state=state)[1]]

    today = MONDAY + 24 * 60 * MINUTE
    assert told((1200, MONDAY)) == told((3, today), (8, today)) == ["frozen"]
    assert told((3, today)) == told((9000, MONDAY - 7)) == []  # the next day, and all of a week
    assert told((900, MONDAY), (1000, MONDAY)) == []  # what was said before comes again


def test_late_fixes_say_nothing_of_it() -> None:
    state, _ = play(*drain(0.5, 0.5))
    assert play(Fix(MONDAY + 1000, 9, 0, battery=0.01), state=state)[1] == []


@pytest.mark.parametrize(("battery", "is_empty"), [(0.05, True), (0.06, False), (None, False)])
def test_who_falls_silent_with_nothing_left_is_probably_empty(battery: float | None, is_empty: bool) -> None:
    state, _ = play(*drain(0.5, battery))
    _, (told,) = decide_silence(PHONE, state, MONDAY * 1000 + 10**9, 0)
    assert told.evidence.empty_since == (format_ms(MONDAY + MINUTE) if is_empty else None)


def test_steps_said_after_a_pause_is_over_do_not_bring_it_back() -> None:
    at = MONDAY * 1000
    paused = follow_standing(State(), True, at)
    walks = []
    for received_at in (0, at, at + EXCUSED_US + 1):
        noted = Noted(at)
        state = msgspec.structs.replace(paused, received_at=received_at)
        take_walk(noted, Note(PHONE.key, Walk(900), received_at), Walk(900), state)
        walks += [is_paused for *_, is_paused in noted.walks]
    assert walks == [True, True, False]
