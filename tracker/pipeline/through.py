"""Passing through: between two fixes outside the way led through a geofence, with too few fixes inside to believe."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from tracker.geo.distance import distance
from tracker.geofence.border.depth import find_breadth, measure_depth, measure_each_depth
from tracker.geofence.border.passing import bound_way_depth, find_chord, find_crossing
from tracker.geofence.fences import GAP_METRES, GAP_MS
from tracker.model.event import Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import E7, Fix
from tracker.model.geofence import Geofence
from tracker.model.stay import Candidate
from tracker.pipeline.border import find_margin, find_moment, find_place_at, is_fit, locate_crossing
from tracker.pipeline.presets import PRESETS, SHALLOW

Meeting = tuple[Fix, Fix, float]  # two fixes, and the part of the way between them
DETOUR: Final = 1.5  # times the straight way, and twice the noise: who turned round inside was not passing through


def find_straight_way(device: int, fence: Geofence, before: Fix, after: Fix) -> Transition | None:
    """By the straight way between two fixes that follow each other; None where it does not lead clearly through."""
    rules = PRESETS[fence.preset]
    if rules.is_plain or not is_short(before, after) or not are_fit(fence, before, after):
        return None
    ends = (before.lon, before.lat), (after.lon, after.lat)
    slack = min(max(find_margin(rules, before), find_margin(rules, after)), SHALLOW * find_breadth(fence))
    if bound_way_depth(*ends) < slack:
        return None  # most who stand at a border: where a way so short leads need not be looked at
    cut = find_chord(fence, *ends)
    if cut is None or not 0.0 < cut.enter < cut.exit < 1.0 or cut.depth < slack:
        return None
    return tell_cross(
        device, fence, [before, after], ((before, after, cut.enter), (before, after, cut.exit)), cut.depth
    )


def find_bent_way(
    device: int, fence: Geofence, candidate: Candidate, last: Fix | None, after: Fix
) -> Transition | None:
    """By the fixes of a candidate that were too few: they lie on the way from outside to outside. `last`: the one
    before `after`, wherever it lies."""
    before = candidate.before
    if before is None or not is_short(before, after) or not are_fit(fence, before, after):
        return None
    around = {fix.at: fix for fix in (*candidate.fixes, *([last] if last else []))}
    depths = measure_each_depth(fence, [(fix.lon, fix.lat) for fix in around.values()])
    fixes = [fix for fix, depth in zip(around.values(), depths, strict=True) if depth >= 0]
    if not fixes or not is_onward(fence, [before, *fixes, after]):
        return None
    into = find_part(fence, before, fixes[0])
    out = find_part(fence, after, fixes[-1])
    if into is None or out is None:
        return None
    ends = (before, fixes[0], into), (fixes[-1], after, 1.0 - out)
    return tell_cross(device, fence, [before, *fixes, after], ends, max(depths))


def is_short(before: Fix, after: Fix) -> bool:
    return after.at - before.at <= GAP_MS and measure_between(before, after) <= GAP_METRES


def are_fit(fence: Geofence, before: Fix, after: Fix) -> bool:
    """Whether both fixes are exact enough for a geofence of this size: a rough one beside a small geofence would draw a
    way through it that nobody took."""
    return all(is_fit(fence, PRESETS[fence.preset], fix) for fix in (before, after))


def is_onward(fence: Geofence, way: Sequence[Fix]) -> bool:
    rules = PRESETS[fence.preset]
    along = sum(measure_between(a, b) for a, b in pairwise(way))
    return along <= DETOUR * measure_between(way[0], way[-1]) + 2 * max(find_margin(rules, fix) for fix in way)


def find_part(fence: Geofence, outside: Fix, inside: Fix) -> float | None:
    if measure_depth(fence, outside.lon, outside.lat) >= 0:
        return None
    return find_crossing(fence, (outside.lon, outside.lat), (inside.lon, inside.lat))


def measure_between(a: Fix, b: Fix) -> float:
    return distance(a.lon, a.lat, b.lon, b.lat)


def tell_cross(
    device: int, fence: Geofence, way: Sequence[Fix], ends: tuple[Meeting, Meeting], deepest: float
) -> Transition:
    """`ends`: where the way meets the border, in and out."""
    into, out = ends
    evidence = Evidence(
        preset=fence.preset,
        revision=fence.revision,
        fixes=tuple(map(make_seen, way, measure_each_depth(fence, [(fix.lon, fix.lat) for fix in way]))),
        enter=locate_crossing(*into),
        exit=locate_crossing(*out),
        inferred=True,
        depth=round(deepest, 1),
    )
    lon, lat = find_place_at(*into)
    where = Fix(find_moment(*into), round(lon * E7), round(lat * E7))
    return Transition(device, fence.key, "cross", where.at, where, way[-1].at, evidence)
