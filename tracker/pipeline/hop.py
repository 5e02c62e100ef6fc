"""There and back: a place far off that the next fixes take back. Phones send an old place again with the present time,
and a receiver that found a wrong station is right again half a minute later. It is possible, so it was believed; only
who comes back shows that nobody was there."""

from typing import Final

from tracker.geo.distance import distance
from tracker.model.fix import Fix
from tracker.model.position import Status
from tracker.model.state import Hop, State
from tracker.pipeline.jump import CONFIRMATIONS, NEAR_E7, SLACK

FROM_REST: Final = 20.0  # m/s: who stands goes off and comes back no faster by any road
MOVING: Final = 60.0  # m/s, straight out and straight back: what flies or is on rails does not turn so
FAR: Final = 300.0  # m, beside both accuracies
HALF: Final = 0.5  # of the speed of the way, measured by the device itself: then it did go there


def follow_hop(state: State, fix: Fix) -> Hop | None:
    """After a fix that is believed: what the next one may take back. As many fixes out there as confirm a jump are
    believed for good."""
    newest, hop = state.newest, state.hop
    if newest is None:
        return None
    if hop is not None and len(hop.moments) + 1 < CONFIRMATIONS and not is_sudden(newest, fix, FROM_REST):
        return Hop(hop.before, (*hop.moments, fix.at), hop.fastest, hop.guarded)
    fastest = FROM_REST if state.status is Status.STOPPED else MOVING
    return Hop(newest, (fix.at,), fastest, state.guarded) if is_sudden(newest, fix, fastest) else None


def is_back(state: State, fix: Fix) -> bool:
    """Whether the device is where it was before the hop, as if there had been none."""
    newest, hop = state.newest, state.hop
    if newest is None or hop is None or not is_sudden(newest, fix, hop.fastest):
        return False
    away = metres_between(hop.before, newest)
    return metres_between(hop.before, fix) < max(SLACK, away / 2) and not is_sudden(hop.before, fix, hop.fastest)


def is_sudden(before: Fix, fix: Fix, fastest: float) -> bool:
    """Far off, faster than that, and no word of the device that it was so fast."""
    if abs(fix.lon_e7 - before.lon_e7) < NEAR_E7 and abs(fix.lat_e7 - before.lat_e7) < NEAR_E7:
        return False  # nearly every fix ends here, without trigonometry
    way = metres_between(before, fix) - (before.accuracy or 0.0) - (fix.accuracy or 0.0)
    seconds = (fix.at - before.at) / 1000
    if way < FAR or way <= fastest * seconds:
        return False
    return max(before.speed or 0.0, fix.speed or 0.0) * seconds < HALF * way


def metres_between(a: Fix, b: Fix) -> float:
    return distance(a.lon, a.lat, b.lon, b.lat)
