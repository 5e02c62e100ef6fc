"""A device sets out, stops, or is moved while parked: told where somebody asked, by the fixes that move the marker.

It stopped when a fix shows that it still is where it was three minutes before. Told by the clock, a van in a tunnel and
a phone that is off would have stopped, too. Fixes that come late decide nothing here.
"""

from typing import Final

import msgspec

from tracker.geo.distance import distance
from tracker.model.event import Kind, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.guard import NO_GUARD, Guard, Guarded
from tracker.model.moment import format_ms
from tracker.model.state import Hop, State
from tracker.pipeline.motion import MOVING

LEFT: Final = 100.0  # m, beside both accuracies: farther from where it rested, and it has set out
STAYS: Final = 50.0  # m, the same: within these it is at one place
STOPPED_MS: Final = 180_000
SURE: Final = 2  # fixes in a row, where none says that it is moving: one alone may be a bad one

Told = tuple[Transition, ...]


def begin_guard(before: Guarded | None, guard: Guard, newest: Fix | None) -> Guarded | None:
    """What is asked for from now on, where the device is. None: nothing."""
    if guard == NO_GUARD:
        return None
    after = msgspec.structs.replace(before or Guarded(NO_GUARD), guard=guard)
    if before is None or before.guard.trips != guard.trips:
        after = msgspec.structs.replace(after, rest=newest, is_moving=False, away=0)
    if before is None or (before.guard.radius, before.guard.since) != (guard.radius, guard.since):
        after = msgspec.structs.replace(after, post=newest, outside=0, is_told=False)
    return after


def follow_guard(device: int, state: State, fix: Fix) -> tuple[Guarded | None, Told]:
    """After this fix, which moves the marker."""
    if state.guarded is None:
        return None, ()
    after, moved = watch_post(device, state.guarded, fix)
    after, trip = follow_trip(device, after, fix)
    return after, (*moved, *trip)


def watch_post(device: int, before: Guarded, fix: Fix) -> tuple[Guarded, Told]:
    if before.guard.radius == 0 or before.is_told:
        return before, ()
    if before.post is None:
        return msgspec.structs.replace(before, post=fix), ()
    outside = before.outside + 1 if measure_way(before.post, fix) > before.guard.radius else 0
    if not is_sure(outside, fix):
        return msgspec.structs.replace(before, outside=outside), ()
    after = msgspec.structs.replace(before, outside=0, is_told=True)
    return after, (tell_left(device, "moved", before.post, fix, before.guard.radius),)


def follow_trip(device: int, before: Guarded, fix: Fix) -> tuple[Guarded, Told]:
    rest = before.rest
    if not before.guard.trips:
        return before, ()
    if rest is None:
        return msgspec.structs.replace(before, rest=fix), ()
    if before.is_moving:
        return follow_way(device, before, rest, fix)
    away = before.away + 1 if measure_way(rest, fix) > LEFT else 0
    if not is_sure(away, fix):
        return msgspec.structs.replace(before, away=away), ()
    after = msgspec.structs.replace(before, rest=fix, is_moving=True, away=0)
    return after, (tell_left(device, "moving", rest, fix),)


def follow_way(device: int, before: Guarded, rest: Fix, fix: Fix) -> tuple[Guarded, Told]:
    """On a trip `rest` is the newest place it came to, until it stays there."""
    if measure_way(rest, fix) > STAYS:
        return msgspec.structs.replace(before, rest=fix), ()
    if fix.at - rest.at < STOPPED_MS:
        return before, ()
    evidence = Evidence(fixes=(make_seen(rest), make_seen(fix)), since=format_ms(rest.at))
    told = Transition(device, 0, "stopped", rest.at, rest, fix.at, evidence)
    return msgspec.structs.replace(before, is_moving=False), (told,)


def measure_way(place: Fix, fix: Fix) -> float:
    """m that it is away at least, whatever both accuracies hide."""
    way = distance(place.lon, place.lat, fix.lon, fix.lat)
    return way - (place.accuracy or 0.0) - (fix.accuracy or 0.0)


def is_sure(count: int, fix: Fix) -> bool:
    return count >= SURE or (count > 0 and fix.speed is not None and fix.speed >= MOVING)


def tell_left(device: int, kind: Kind, place: Fix, fix: Fix, limit: float | None = None) -> Transition:
    way = round(distance(place.lon, place.lat, fix.lon, fix.lat), 1)
    evidence = Evidence(fixes=(make_seen(place), make_seen(fix)), distance=way, limit=limit)
    return Transition(device, 0, kind, fix.at, fix, fix.at, evidence)


def set_guard_back(guarded: Guarded | None, at: int) -> Guarded | None:
    """The clock ran ahead and was set right: it came to where it is at this time at the latest."""
    if guarded is None or guarded.rest is None or guarded.rest.at <= at:
        return guarded
    return msgspec.structs.replace(guarded, rest=msgspec.structs.replace(guarded.rest, at=at))


def take_hop_back(guarded: Guarded | None, hop: Hop) -> Guarded | None:
    """As before the hop: who is moved after it is told of that, also where the hop was taken for it. Of a trip, what
    was told stands, and is followed by its other end; it rests no earlier than it came back."""
    if guarded is None:
        return None
    after = begin_guard(hop.guarded, guarded.guard, hop.before)
    if after is None or after.is_moving == guarded.is_moving:
        return after
    return msgspec.structs.replace(after, rest=None, is_moving=guarded.is_moving, away=0)
