"""One border, one fix: is it clear on which side the fix lies, and is the crossing of it confirmed?"""

from tracker.geo import distance
from tracker.geofence.depth import breadth, depth
from tracker.geofence.fences import GAP_METRES, GAP_MS
from tracker.geofence.passing import boundary_fraction
from tracker.model.event import Transition
from tracker.model.evidence import Crossing, Evidence, seen
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.moment import format_ms
from tracker.model.stay import Candidate
from tracker.pipeline.presets import PRESETS, SHALLOW, Rules


def supported(device: int, fence: Geofence, candidate: Candidate, fix: Fix, enters: bool) -> Candidate | Transition:
    """The fix lies on the other side than the device is settled on: one more reason, or the last that was needed."""
    rules = PRESETS[fence.preset]
    metres = depth(fence, fix.lon, fix.lat)
    if not is_clear(fence, rules, fix, metres):
        return candidate
    more = with_fix(candidate, fix, metres)
    return confirmed(device, fence, more, enters) if is_enough(rules, more) else more


def is_clear(fence: Geofence, rules: Rules, fix: Fix, metres: float) -> bool:
    """`metres` as `depth` says. Inside a small geofence half of what is possible must do, or nobody could enter it."""
    if rules.is_plain:
        return True
    slack = margin(rules, fix)
    if metres < 0:
        return -metres >= slack
    return is_fit(fence, rules, fix) and metres >= min(slack, SHALLOW * breadth(fence))


def is_fit(fence: Geofence, rules: Rules, fix: Fix) -> bool:
    """Whether its accuracy lets it say anything about the inside of a geofence of this size."""
    return (fix.accuracy or 0.0) <= max(rules.worst * breadth(fence), rules.band)


def margin(rules: Rules, fix: Fix) -> float:
    return rules.band + rules.accuracy * (fix.accuracy or 0.0)


def with_fix(candidate: Candidate, fix: Fix, metres: float) -> Candidate:
    kept = (candidate.fixes[0], (fix, metres)) if candidate.fixes else ((fix, metres),)
    return Candidate(candidate.geofence, candidate.before, kept, candidate.count + 1)


def is_enough(rules: Rules, candidate: Candidate) -> bool:
    first, last = candidate.fixes[0][0], candidate.fixes[-1][0]
    return candidate.count >= rules.fixes and last.at - first.at >= rules.seconds * 1000


def confirmed(device: int, fence: Geofence, candidate: Candidate, enters: bool) -> Transition:
    first, last = candidate.fixes[0][0], candidate.fixes[-1][0]
    before = candidate.before
    shown = [seen(fix, metres) for fix, metres in candidate.fixes]
    if before is not None:
        shown.insert(0, seen(before, depth(fence, before.lon, before.lat)))
    evidence = Evidence(
        preset=fence.preset,
        revision=fence.revision,
        fixes=tuple(shown),
        crossing=crossing(fence, before, first, enters) if before is not None else None,
        confirmed_after_s=(last.at - first.at) / 1000,
    )
    return Transition(device, fence.key, "enter" if enters else "exit", first.at, first, last.at, evidence)


def crossing(fence: Geofence, before: Fix, after: Fix, enters: bool) -> Crossing | None:
    """Where the straight way between two fixes meets the border; None where they are too far apart to draw one, or do
    not lie on both sides of it."""
    if after.at - before.at > GAP_MS or distance(before.lon, before.lat, after.lon, after.lat) > GAP_METRES:
        return None
    outside, inside = (before, after) if enters else (after, before)
    if depth(fence, inside.lon, inside.lat) < 0 or depth(fence, outside.lon, outside.lat) >= 0:
        return None
    part = boundary_fraction(fence, (outside.lon, outside.lat), (inside.lon, inside.lat))
    return met(before, after, part if enters else 1.0 - part)


def met(before: Fix, after: Fix, part: float) -> Crossing:
    """At this part of the way. If the fixes are right it was between them; by how much they may be wrong, at the speed
    of the way, comes on top."""
    span = (after.at - before.at) / 1000
    way = distance(before.lon, before.lat, after.lon, after.lat)
    noise = max(before.accuracy or 0.0, after.accuracy or 0.0)
    wrong = min(noise * span / way if way else 0.0, span)
    lon, lat = between(before, after, part)
    return Crossing(format_ms(moment(before, after, part)), round(max(part, 1.0 - part) * span + wrong, 3), lon, lat)


def moment(before: Fix, after: Fix, part: float) -> int:
    return before.at + round(part * (after.at - before.at))


def between(before: Fix, after: Fix, part: float) -> tuple[float, float]:
    """The short way across 180."""
    turn = after.lon - before.lon
    turn -= 360.0 * round(turn / 360.0)
    lon = before.lon + part * turn
    return round((lon + 180.0) % 360.0 - 180.0, 7), round(before.lat + part * (after.lat - before.lat), 7)
