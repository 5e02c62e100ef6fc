"""Somebody was where they are expected exactly if they were inside at some moment of the term; decided once a day."""

from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import circle
from tests.laws import examples
from tracker.model.clock import zone_of
from tracker.model.device import Device
from tracker.model.event import Happening, Kind
from tracker.model.fix import Fix
from tracker.model.geofence import Expectation, Window
from tracker.model.state import State
from tracker.model.stay import Stay
from tracker.pipeline.expectations import Term, find_terms, judge, was_inside

FENCE = 7
MINUTE = 60_000
DEVICE = Device(1, "ada", "Ada")
BERLIN = "Europe/Berlin"


def walk(turns: list[int], begin: int) -> tuple[State, list[Happening]]:
    """At each of these minutes it goes in or out, in turn, and starts outside. `begin`: since when the log is asked."""
    kinds: tuple[Kind, Kind] = ("enter", "exit")
    told = [Happening(FENCE, kinds[n % 2], minute * MINUTE) for n, minute in enumerate(turns)]
    stays = (Stay(FENCE, turns[-1] * MINUTE),) if len(turns) % 2 else ()
    return State(stays=stays), [each for each in told if each.at >= begin]


@settings(max_examples=examples(300))
@given(
    st.lists(st.integers(0, 200), max_size=8, unique=True).map(sorted),
    st.integers(0, 150),
    st.integers(1, 50),
    st.randoms(use_true_random=False),
)
def test_was_inside_is_being_inside_at_some_moment(turns: list[int], begin: int, length: int, order: object) -> None:
    term = Term(begin * MINUTE, (begin + length) * MINUTE)
    state, told = walk(turns, term.begin)
    order.shuffle(told)  # type: ignore[attr-defined]
    stretches = list(zip(turns[::2], [*turns[1::2], 10_000], strict=False))
    expected = any(start <= begin + length and end >= begin for start, end in stretches)
    assert was_inside(FENCE, state, told, term) == expected


@settings(max_examples=examples(200))
@given(st.integers(0, 1439), st.integers(0, 1439), st.sets(st.integers(0, 6), min_size=1), st.integers(0, 365 * 2))
def test_terms_are_the_same_however_one_looks(start: int, end: int, days: set[int], first: int) -> None:
    """Looking each hour finds what one look at a fortnight does, each once, also where clocks are put back or on."""
    expectation = Expectation(frozenset(("ada",)), Window(tuple(sorted(days)), start, end), BERLIN)
    begin = round(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000) + first * 86_400_000
    until = begin + 14 * 86_400_000
    whole = list(find_terms(expectation, begin, until))
    hours = [term for at in range(begin, until, 3_600_000) for term in find_terms(expectation, at, at + 3_600_000)]
    assert whole == hours == sorted(set(whole))
    for term in whole:
        here = datetime.fromtimestamp(term.begin / 1000, zone_of(BERLIN))
        assert term.begin < term.end <= term.begin + 25 * 3_600_000
        assert here.weekday() in days or here.hour * 60 + here.minute != start, "but where the clock skips that minute"
    assert len(whole) in (2 * len(days) - 1, 2 * len(days), 2 * len(days) + 1)


def test_a_quarter_past_eight_is_one_by_the_clocks_of_the_zone() -> None:
    spring = date(2027, 3, 28)  # the night in which it becomes summer
    expectation = Expectation(frozenset(("ada",)), Window((5, 6, 0), 7 * 60, 8 * 60 + 15), BERLIN)
    after = round(datetime(2027, 3, 27, tzinfo=UTC).timestamp() * 1000)
    ends = [
        datetime.fromtimestamp(term.end / 1000, UTC).strftime("%d %H:%M")
        for term in find_terms(expectation, after, after + 3 * 86_400_000)
    ]
    assert spring.weekday() == 6
    assert ends == ["27 07:15", "28 06:15", "29 06:15"]


def test_the_day_is_decided_once_and_says_where_nothing_is_known() -> None:
    fence = circle(0.0, 0.0, 50.0, key=FENCE)
    term = Term(0, 100 * MINUTE)
    heard = State(newest=Fix(99 * MINUTE, 0, 0))
    absent = judge(DEVICE, heard, fence, [], term)
    assert absent is not None and (absent.kind, absent.at, absent.evidence.unknown) == ("absent", term.end, False)
    assert absent.is_told
    silent = judge(DEVICE, State(newest=Fix(80 * MINUTE, 0, 0)), fence, [], term)
    assert silent is not None and silent.evidence.unknown
    often = msgspec.structs.replace(DEVICE, interval=600.0)
    assert not judge(often, State(newest=Fix(80 * MINUTE, 0, 0)), fence, [], term).evidence.unknown  # type: ignore[union-attr]
    present = judge(DEVICE, heard, fence, [Happening(FENCE, "exit", 5 * MINUTE)], term)
    assert present is not None and present.kind == "present" and not present.is_told
    for kind in ("absent", "present"):
        assert judge(DEVICE, heard, fence, [Happening(FENCE, kind, term.end)], term) is None
    assert judge(DEVICE, State(), fence, [], term) is None, "nobody was ever heard of"


def test_nights_end_the_next_day() -> None:
    expectation = Expectation(frozenset(("ada",)), Window((4,), 22 * 60, 60), "UTC")  # Friday, 22:00 to 01:00
    friday = datetime(2027, 1, 1, tzinfo=UTC)
    (term,) = find_terms(
        expectation, round(friday.timestamp() * 1000), round((friday + timedelta(6)).timestamp() * 1000)
    )
    assert datetime.fromtimestamp(term.end / 1000, UTC) == datetime(2027, 1, 2, 1, tzinfo=UTC)
