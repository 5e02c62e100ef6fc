"""When it is looked whether somebody is where they are expected: on time, once, also after a restart."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.geofence.shapes import circle
from tracker.geofence.fences import Fences
from tracker.ingest.expecting import AT_ONCE, GRACE_MS, Expecting
from tracker.model.geofence import Expectation, Scope, Window

DAY = datetime(2027, 3, 1, tzinfo=UTC)  # a Monday
EXPECTED = Expectation(frozenset(("ada", "bob")), Window((0, 1, 2, 3, 4), 7 * 60, 8 * 60 + 15), "UTC")


def ms(hours: float, days: int = 0) -> int:
    return round((DAY + timedelta(days=days, hours=hours)).timestamp() * 1000)


def fences(since: int = 0, *, scope: Scope | None = None, expects: tuple[Expectation, ...] = (EXPECTED,)) -> Fences:
    school = msgspec.structs.replace(circle(0.0, 0.0, 50.0, key=1), expects=expects)
    if scope is not None:
        school = msgspec.structs.replace(school, scope=scope)
    return Fences().change([], [school], 1, {1: since * 1000})


def test_it_is_due_once_and_a_moment_after_its_time() -> None:
    expecting, drawn = Expecting(), fences()
    assert expecting.look(drawn, ms(6)) == [], "yesterday was a Sunday"
    assert expecting.look(drawn, ms(8.25) + GRACE_MS - 1) == []
    (due,) = expecting.look(drawn, ms(8.25) + GRACE_MS + 1000)
    assert (due.geofence, due.devices, due.term) == (1, EXPECTED.devices, (ms(7), ms(8.25)))
    assert expecting.look(drawn, ms(8.25) + GRACE_MS + 3000) == []
    (tomorrow,) = expecting.look(drawn, ms(9, days=1))
    assert tomorrow.term.end == ms(8.25, days=1)


def test_a_restart_looks_at_the_last_day_once_more() -> None:
    assert [due.term.end for due in Expecting().look(fences(), ms(20))] == [ms(8.25)]
    assert Expecting().look(fences(), ms(20, days=5)) == [], "on a Saturday, Friday morning is too long ago"


@pytest.mark.parametrize(("since", "many"), [(8.0, 1), (8.5, 0)])
def test_it_counts_from_when_it_was_drawn(since: float, many: int) -> None:
    assert len(Expecting().look(fences(ms(since)), ms(12))) == many


def test_none_is_due_in_a_geofence_that_ended_or_is_off() -> None:
    assert Expecting().look(fences(scope=Scope(expires=ms(8))), ms(12)) == []
    assert Expecting().look(fences(scope=Scope(enabled=False)), ms(12)) == []


def test_of_many_some_are_decided_at_once() -> None:
    many = msgspec.structs.replace(EXPECTED, devices=frozenset(f"d{n}" for n in range(2 * AT_ONCE + 1)))
    found = Expecting().look(fences(expects=(many,)), ms(12))
    assert [len(due.devices) for due in found] == [AT_ONCE, AT_ONCE, 1]
    assert frozenset().union(*(due.devices for due in found)) == many.devices


def test_a_geofence_that_expects_nobody_any_more_asks_for_nothing() -> None:
    drawn = fences().change([1], [], 2, {})
    assert not drawn.expecting and Expecting().look(drawn, ms(12)) == []
