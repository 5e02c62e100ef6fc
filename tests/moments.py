"""Moments for tests, a few days old whenever they run: a date that is written down falls out of what the server takes
for recent, one day."""

from typing import Final

from tracker.model.moment import DAY_MS, now_ms, to_datetime

WEEK_MS: Final = 7 * DAY_MS
FIRST_MONDAY_MS: Final = 4 * DAY_MS  # 1970-01-05


def last_monday(now: int) -> int:
    """Ten o'clock UTC, with two days from there to `now` at least."""
    ten = FIRST_MONDAY_MS + 10 * 3_600_000
    return ten + (now - 2 * DAY_MS - ten) // WEEK_MS * WEEK_MS


def written(at: int) -> str:
    """As letters and notices say it."""
    return f"{to_datetime(at):%Y-%m-%d %H:%M:%S} UTC"


MONDAY: Final = last_monday(now_ms())
"""ms"""
