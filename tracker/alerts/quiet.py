"""Quiet hours: until when an alert is held, by the clocks of a named zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker.model.moment import from_datetime, to_datetime
from tracker.model.subscription import Quiet


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
    end = datetime(day.year, day.month, day.day, quiet.end // 60, quiet.end % 60, tzinfo=zone)
    return from_datetime(end.astimezone(UTC))
