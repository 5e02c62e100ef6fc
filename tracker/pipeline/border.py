"""One border, one fix: is it clear on which side the fix lies, and is the crossing of it confirmed?"""

from tracker.geo.distance import distance
from tracker.geofence.border.depth import find_breadth, measure_each_depth
from tracker.geofence.border.near import is_further
from tracker.geofence.border.passing import find_crossing
from tracker.geofence.fences import GAP_METRES, GAP_MS
from tracker.model.event import Kind, Transition
from tracker.model.evidence import Crossing, Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.moment import format_ms
from tracker.model.stay import Candidate
from tracker.pipeline.presets import PRESETS, SHALLOW, Rules


def weigh_crossing(
    device: int, fence: Geofence, candidate: Candidate, fix: Fix, enters: bool
) -> Candidate | Transition:
    """The fix lies on the other side than the device is settled on: one more reason, or the last that was needed."""
    rules = PRESETS[fence.preset]
    if is_waiting(rules, candidate, fix):
        return candidate
    if not is_clear(fence, rules, fix, enters):
        return candidate
    more = add_fix(candidate, fix)
    return tell_crossing(device, fence, more, enters) if is_enough(rules, more) else more


def is_waiting(rules: Rules, candidate: Candidate, fix: Fix) -> bool:
    """Whether only time is missing: enough fixes say that the border was crossed, and until the time is up it does not
    matter how clear a fix on the other side is."""
    return fix.at < find_wait_end(rules, candidate)


def find_wait_end(rules: Rules, candidate: Candidate) -> int:
    """From which time (ms) on a fix can confirm. 0: fixes are missing and not time, so each counts."""
    return candidate.fixes[0].at + round(rules.seconds * 1000) if candidate.count >= rules.fixes else 0


def is_clear(fence: Geofence, rules: Rules, fix: Fix, is_inside: bool) -> bool:
    """How far from the border (m) a fix must lie to be clear of it. Inside a small geofence half of its depth is
    enough: with the same margin as outside nobody could ever enter it."""
    if rules.is_plain:
        return True
    slack = find_margin(rules, fix)
    if is_inside:
        if not is_fit(fence, rules, fix):
            return False
        slack = min(slack, SHALLOW * find_breadth(fence))
    return is_further(fence, fix.lon, fix.lat, slack)


def is_fit(fence: Geofence, rules: Rules, fix: Fix) -> bool:
    """Whether its accuracy lets it say anything about the inside of a geofence of this size."""
    return (fix.accuracy or 0.0) <= max(rules.worst * find_breadth(fence), rules.band)


def find_margin(rules: Rules, fix: Fix) -> float:
    return rules.band + rules.accuracy * (fix.accuracy or 0.0)


def add_fix(candidate: Candidate, fix: Fix) -> Candidate:
    kept = (candidate.fixes[0], fix) if candidate.fixes else (fix,)
    return Candidate(candidate.geofence, candidate.before, kept, candidate.count + 1, candidate.is_noted)


def is_enough(rules: Rules, candidate: Candidate) -> bool:
    first, last = candidate.fixes[0], candidate.fixes[-1]
    return candidate.count >= rules.fixes and last.at - first.at >= rules.seconds * 1000


def tell_crossing(device: int, fence: Geofence, candidate: Candidate, enters: bool) -> Transition:
    first, last = candidate.fixes[0], candidate.fixes[-1]
    fixes = candidate.fixes if candidate.before is None else (candidate.before, *candidate.fixes)
    metres = measure_each_depth(fence, [(fix.lon, fix.lat) for fix in fixes])
    are_apart = candidate.before is not None and (metres[0] < 0 <= metres[1] if enters else metres[1] < 0 <= metres[0])
    evidence = Evidence(
        preset=fence.preset,
        revision=fence.revision,
        fixes=tuple(map(make_seen, fixes, metres)),
        crossing=draw_crossing(fence, fixes[0], first, enters) if are_apart else None,
        confirmed_after_s=(last.at - first.at) / 1000,
    )
    kind: Kind = ("noted" if candidate.is_noted else "enter") if enters else "exit"
    return Transition(device, fence.key, kind, first.at, first, last.at, evidence)


def draw_crossing(fence: Geofence, before: Fix, after: Fix, enters: bool) -> Crossing | None:
    """Where the straight way between two fixes, on both sides of the border, meets it; None where they are too far
    apart to draw one."""
    if after.at - before.at > GAP_MS or distance(before.lon, before.lat, after.lon, after.lat) > GAP_METRES:
        return None
    outside, inside = (before, after) if enters else (after, before)
    part = find_crossing(fence, (outside.lon, outside.lat), (inside.lon, inside.lat))
    return locate_crossing(before, after, part if enters else 1.0 - part)


def locate_crossing(before: Fix, after: Fix, part: float) -> Crossing:
    """At this part of the way. If the fixes are right it was between them; by how much they may be wrong, at the speed
    of the way, comes on top."""
    span = (after.at - before.at) / 1000
    way = distance(before.lon, before.lat, after.lon, after.lat)
    noise = max(before.accuracy or 0.0, after.accuracy or 0.0)
    wrong = min(noise * span / way if way else 0.0, span)
    lon, lat = find_place_at(before, after, part)
    return Crossing(
        format_ms(find_moment(before, after, part)), round(max(part, 1.0 - part) * span + wrong, 3), lon, lat
    )


def find_moment(before: Fix, after: Fix, part: float) -> int:
    return before.at + round(part * (after.at - before.at))


def find_place_at(before: Fix, after: Fix, part: float) -> tuple[float, float]:
    """At this part of the way, which runs across the 180th meridian where that is shorter."""
    turn = after.lon - before.lon
    turn -= 360.0 * round(turn / 360.0)
    lon = before.lon + part * turn
    return round((lon + 180.0) % 360.0 - 180.0, 7), round(before.lat + part * (after.lat - before.lat), 7)
