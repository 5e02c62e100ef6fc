"""Moments: whole milliseconds (`at`) or microseconds (`received_at`) since 1970-01-01 UTC, as plain ints.

An int cannot be naive, cannot carry a time zone and compares in one instruction; RFC 3339 exists only at the edges.
"""

import re
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
LEAP_SECOND = re.compile(r"(.*\d{2}:\d{2}):60(\.\d+)?(.*)")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def now_us() -> int:
    return time.time_ns() // 1_000


def to_datetime(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def from_datetime(moment: datetime) -> int:
    """Milliseconds of an aware datetime, rounded down: a fix is identified by its millisecond."""
    return (moment - EPOCH) // MILLISECOND


def micros_to_datetime(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


def datetime_to_micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def format_ms(ms: int) -> str:
    """`2026-11-23T10:00:00.123Z`, the one form that leaves the server."""
    # A third of strftime's time; every position sent as JSON has two of them.
    return f"{datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:19]}.{ms % 1000:03d}Z"


def format_if_any(moment: datetime | None) -> str | None:
    """The same of an aware datetime; None where there is none."""
    return None if moment is None else format_ms(from_datetime(moment))


def parse(text: str) -> int:
    """Milliseconds of an RFC 3339 time with an offset. ValueError where there is none, or no such date."""
    text = text.upper()  # RFC 3339, 5.6: its T and Z may be small letters
    leap = LEAP_SECOND.fullmatch(text)
    if leap:  # a leap second is the first of the next minute; datetime knows none
        return parse(f"{leap[1]}:59{leap[2] or ''}{leap[3]}") + 1000
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no offset")
    return from_datetime(moment)
