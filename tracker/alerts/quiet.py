"""Quiet hours: until when an alert is held, by the clocks of a named zone."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tracker.model.moment import from_datetime, to_datetime
from tracker.model.subscription import Quiet

MINUTE_MS: Final = 60_000


def find_quiet_end(quiet: Quiet, now: int) -> int | None:
    """When the quiet hours that hold `now` (ms) end, in ms; None outside of them.

    Computed on the zone's own clock: a night with a change to summer time is as long as people there see it.
    """
    zone = ZoneInfo(quiet.zone)
    here = to_datetime(now).astimezone(zone)
    minute = here.hour * 60 + here.minute
    is_overnight = quiet.end <= quiet.start
    since_start = minute >= quiet.start
    is_quiet = (since_start or minute < quiet.end) if is_overnight else (since_start and minute < quiet.end)
    started = here.date() if since_start else here.date() - timedelta(days=1)
    if not is_quiet or (quiet.days is not None and started.weekday() not in quiet.days):
        return None
    day = started + timedelta(days=1) if is_overnight else started
    return _find_moment(datetime(day.year, day.month, day.day, quiet.end // 60, quiet.end % 60, tzinfo=zone), now)


def _find_moment(wall: datetime, now: int) -> int:
    """When a clock shows that, in ms: of two times that it does the next one, and where it skips it when it does so."""
    first, second = (from_datetime(wall.replace(fold=fold).astimezone(UTC)) for fold in (0, 1))
    if first <= second:
        return first if first > now else second
    after = wall.replace(fold=1).utcoffset()
    return next(
        at for at in range(second, first + 1, MINUTE_MS) if to_datetime(at).astimezone(wall.tzinfo).utcoffset() == after
    )
