"""Which span of days a partition gets: a day, or a month or year that is long over."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.store.partitions import (
    EPOCH_DAY,
    RECENT,
    Span,
    choose,
    find_day,
    find_days_ahead,
    is_covered,
    is_free,
    make_statement,
)

TODAY = date(2026, 11, 23)
days = st.dates(date(2000, 1, 1), TODAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "span"),
    [
        (date(2026, 11, 23), (date(2026, 11, 23), date(2026, 11, 24))),
        (date(2026, 9, 30), (date(2026, 9, 30), date(2026, 10, 1))),  # its month ended less than 62 days ago
        (date(2026, 8, 31), (date(2026, 8, 1), date(2026, 9, 1))),
        (date(2025, 12, 31), (date(2025, 1, 1), date(2026, 1, 1))),
        (date(2000, 1, 1), (date(2000, 1, 1), date(2001, 1, 1))),
        (date(2024, 2, 29), (date(2024, 1, 1), date(2025, 1, 1))),
    ],
)
def test_the_span_of_a_day(day: date, span: Span) -> None:
    assert choose(day, TODAY, []) == span


def test_it_keeps_clear_of_what_is_there() -> None:
    day = date(2020, 3, 5)
    assert choose(day, TODAY, [(date(2020, 7, 1), date(2020, 7, 2))]) == (date(2020, 3, 1), date(2020, 4, 1))
    assert choose(day, TODAY, [(date(2020, 3, 1), date(2020, 3, 2))]) == (day, date(2020, 3, 6))


@given(st.lists(st.tuples(days, st.integers(0, 900)), max_size=40))
def test_spans_never_overlap_and_are_few(asked: list[tuple[date, int]]) -> None:
    """Whatever comes when: each day gets a place, and the days that are long past share theirs."""
    spans: list[Span] = []
    for day, later in sorted(asked, key=lambda each: each[1]):
        today = TODAY + timedelta(days=later)
        if not is_covered(day, spans):
            span = choose(day, today, spans)
            assert span[0] <= day < span[1] and is_free(span, spans)
            assert (span[1] - span[0]).days == 1 or span[1] <= today - RECENT
            spans.append(span)
    assert all(is_covered(day, spans) for day, _ in asked)
    assert len({make_statement(*span) for span in spans}) == len(spans)


@given(days.map(lambda day: (day - EPOCH_DAY).days * 86_400_000), st.integers(0, 86_399_999))
def test_a_day_ends_at_midnight_utc(midnight: int, after: int) -> None:
    assert find_day(midnight) == find_day(midnight + after)
    assert find_day(midnight - 1) == find_day(midnight) - timedelta(days=1)


def test_tomorrow_is_there_before_it_begins() -> None:
    assert find_days_ahead(TODAY)[0] == TODAY - timedelta(days=1) and len(find_days_ahead(TODAY)) >= 4
