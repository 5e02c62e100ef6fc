"""Whether a geofence applies to a device at a moment."""

from datetime import datetime

from tracker.model.clock import zone_of
from tracker.model.geofence import EVERYWHERE, Hours, Scope, Window


def applies(scope: Scope, device: str, category: str | None, at: int) -> bool:
    """`at` in ms. Everything the scope names has to hold; a device without a category is in none."""
    if scope is EVERYWHERE:
        return True
    return (
        scope.enabled
        and (scope.devices is None or device in scope.devices)
        and (scope.categories is None or category in scope.categories)
        and is_in_time(scope, at)
    )


def is_in_time(scope: Scope, at: int) -> bool:
    """Whether it applies to anybody at all then."""
    return (scope.expires is None or at < scope.expires) and (scope.hours is None or is_open(scope.hours, at))


def is_open(hours: Hours, at: int) -> bool:
    """The clock on the wall decides: where it is put back, what it shows twice is open twice; an hour it skips is not
    there, and a window that begins in it begins after."""
    here = datetime.fromtimestamp(at // 1000, zone_of(hours.zone))
    day, minute = here.weekday(), here.hour * 60 + here.minute
    return any(holds(window, day, minute) for window in hours.windows)


def holds(window: Window, day: int, minute: int) -> bool:
    if window.start < window.end:
        return window.start <= minute < window.end and day in window.days
    return (minute >= window.start and day in window.days) or (minute < window.end and (day - 1) % 7 in window.days)
