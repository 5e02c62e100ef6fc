"""What a day's fixes say of the device that measured them. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from tracker.geo.distance import distance
from tracker.model.fix import Fix, Row

FAST: Final = 3.0  # m/s: below it the noise of the places is as large as the way
SHORT: Final = 60.0  # s between two fixes at most whose way is held against their speeds
FEWEST: Final = 20  # of them, and of fixes at one place
DRAINED: Final = 0.05  # of the battery


def find_interval(fixes: Sequence[Fix]) -> float | None:
    return find_median([(after.at - before.at) / 1000 for before, after in pairwise(fixes)])


def find_median(values: Sequence[float]) -> float | None:
    return round(median(values), 2) if values else None


def find_offset(rows: Sequence[Row]) -> float | None:
    """How far its clock is ahead of ours, in s; below 0 where it is behind, or its fixes took so long to come."""
    return round(max(row.fix.at - row.received_at / 1000 for row in rows) / 1000, 1) if rows else None


def find_ratio(fixes: Sequence[Fix]) -> float | None:
    """What it said its speed was against the way it went, where both say that it moved."""
    found = []
    for before, after in pairwise(fixes):
        seconds = (after.at - before.at) / 1000
        said = after.speed
        if said is None or said < 1 or not 0 < seconds <= SHORT or before.speed is None:
            continue
        went = distance(before.lon, before.lat, after.lon, after.lat) / seconds
        if went >= FAST:
            found.append((said + before.speed) / 2 / went)
    return find_median(found) if len(found) >= FEWEST else None


def find_steady(fixes: Sequence[Fix]) -> float:
    """Seconds for which the newest fixes are one place to the last digit while the battery went on; 0: they are not."""
    if len(fixes) < FEWEST:
        return 0.0
    last = fixes[-1]
    same = []
    for fix in reversed(fixes):
        if (fix.lon_e7, fix.lat_e7) != (last.lon_e7, last.lat_e7):
            break
        same.append(fix)
    batteries = [fix.battery for fix in same if fix.battery is not None]
    if len(same) < FEWEST or not batteries or max(batteries) - min(batteries) < DRAINED:
        return 0.0
    return (last.at - same[-1].at) / 1000
