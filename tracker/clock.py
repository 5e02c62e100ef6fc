"""Our own clock, where it cannot be believed: a machine without a real-time clock boots years behind, until the network
tells it the time. By such a clock every fix that comes would be from the future, and be refused.

It is asked before anybody is listened to. A clock that is set back later, while fixes come, is a step: ingest/steps.py.
"""

from datetime import UTC, datetime
from typing import Final

from tracker.model.moment import datetime_to_micros, format_ms
from tracker.pipeline.accept import FUTURE_MS

# No machine that runs this is that old. Of the files of an installation the dates would say more, were they not of the
# same clock.
EARLIEST: Final = datetime_to_micros(datetime(2025, 1, 1, tzinfo=UTC))


def find_fault(now: int, newest: int | None) -> str | None:
    """Why a clock that shows `now` is wrong; None: it may be right. `newest`: the last stamp of the log, in µs as well.
    So little behind that no fix is refused for it is not wrong."""
    if now < EARLIEST:
        return f"the clock of this machine shows {format_ms(now // 1000)}, and is waited for"
    if newest is not None and now < newest - FUTURE_MS * 1000:
        return (
            f"the clock of this machine shows {format_ms(now // 1000)}, but fixes are stored that came until "
            f"{format_ms(newest // 1000)}: it is waited for (or TRACKER_TRUST_CLOCK=yes, if it was ahead then)"
        )
    return None
