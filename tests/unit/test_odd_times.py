"""Odd times in a recording keep nobody waiting."""

from tracker.model.fix import Fix
from tracker.model.moment import DAY_MS, now_ms, parse
from tracker.simulator.odd_times import Gaps, without_odd
from tracker.simulator.recorded import RecordedFix

AT = parse("2026-03-01T07:00:00Z")


def kept(*times: int) -> tuple[list[int], int]:
    found, odd = without_odd([RecordedFix("a", Fix(at, 0, 0)) for at in times])
    return [recorded.fix.at for recorded in found], odd


def test_single_times_from_elsewhere_are_left_out_wherever_they_stand() -> None:
    good = [AT + second * 5000 for second in range(6)]
    for stray in (0, parse("2001-01-01T00:00:00Z"), parse("2024-01-01T00:00:00Z"), now_ms() + 365 * DAY_MS):
        for place in range(len(good) + 1):
            assert kept(*good[:place], stray, *good[place:]) == (good, 1), (stray, place)


def test_what_the_server_takes_for_no_time_is_left_out_however_often() -> None:
    assert kept(0, 0, AT, 0, AT + 1000, 0) == ([AT, AT + 1000], 4)
    assert kept(0, 1000) == ([0, 1000], 0)  # there is nothing else to play


def test_a_device_that_is_seldom_heard_of_is_left_as_it_is() -> None:
    seldom = [AT + month * 40 * DAY_MS for month in range(-6, 0)]
    assert kept(*seldom) == (seldom, 0)
    sessions = [*seldom[:1], seldom[0] + 1000, *seldom[-1:], seldom[-1] + 1000]
    assert kept(*sessions) == (sessions, 0)


def test_a_gap_of_days_takes_a_second() -> None:
    gaps = Gaps([AT, AT + 1000, AT + 3 * DAY_MS, AT + 3 * DAY_MS + 1000, AT + 400 * DAY_MS])
    assert len(gaps) == 2
    closed = [
        gaps.closed(at) - AT for at in (AT, AT + 1000, AT + 3 * DAY_MS, AT + 3 * DAY_MS + 1000, AT + 400 * DAY_MS)
    ]
    assert closed == [0, 1000, 2000, 3000, 4000]
