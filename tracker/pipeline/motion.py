"""Moving or stopped, from two fixes in order."""

from typing import Final

from tracker.geo.distance import distance
from tracker.model.fix import Fix
from tracker.model.position import Status

MOVING: Final = 1.0  # m/s: a slow walk; GNSS at rest reports up to about half of it
# kept by names of our own: to look a member up in its enum takes as long as all else that is done here
IN_MOTION, AT_REST = Status.MOVING, Status.STOPPED
STILL: Final = 20.0  # m, beside both accuracies: a device at rest drifts by less between two fixes
STEADY_MS: Final = 300_000  # two fixes further apart tell nothing of the speed between them


def decide_status(before: Fix | None, fix: Fix) -> Status:
    """By the speed the device measured (Doppler, far better than places), or else by the way it came."""
    if fix.speed is not None:
        return IN_MOTION if fix.speed >= MOVING or is_contradicted(before, fix) else AT_REST
    if before is None or fix.at - before.at > STEADY_MS:
        return Status.UNKNOWN
    way = distance(before.lon, before.lat, fix.lon, fix.lat)
    noise = max(before.accuracy or 0.0, fix.accuracy or 0.0)
    return IN_MOTION if way - noise > MOVING * (fix.at - before.at) / 1000 else AT_REST


def is_contradicted(before: Fix | None, fix: Fix) -> bool:
    """Whether the device says 0 and the way says otherwise: many write 0 where their receiver knows no speed."""
    if fix.speed != 0.0 or before is None or not 0 < fix.at - before.at <= STEADY_MS:
        return False
    way = distance(before.lon, before.lat, fix.lon, fix.lat)
    way -= (before.accuracy or 0.0) + (fix.accuracy or 0.0)
    return way > STILL and way > MOVING / 2 * (fix.at - before.at) / 1000
