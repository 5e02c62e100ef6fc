"""Whether two devices are near each other, decided with each fix of one of them that moves its marker.

Near is clearly within the distance, apart is clearly beyond it and a band more; in between says nothing either way.
Fixes that come late decide nothing here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tracker.geofence.shape.distance import WGS84
from tracker.model.event import Kind, Transition
from tracker.model.evidence import Evidence, Seen, make_seen
from tracker.model.fix import NO_MARKER, Fix, Flag, Row
from tracker.model.pair import Meeting, Nearness, Pair, Sighting
from tracker.pipeline.presets import PRESETS, SHALLOW, Rules

TOGETHER_MS: Final = 300_000  # fixes of the two that are further apart in time say nothing of how near they were
STAYS: Final = int(NO_MARKER | Flag.LATE | Flag.IMPOSSIBLE_JUMP)  # flags of fixes that move no marker


class Met(msgspec.Struct, frozen=True):
    """`meetings`: of the pairs that a fix was folded into, by their keys."""

    meetings: dict[int, Meeting]
    transitions: list[Transition]


def meet(rows: Iterable[Row], meetings: Mapping[int, Meeting], by_device: Mapping[int, Sequence[int]]) -> Met:
    """`rows` as they were folded; `meetings` by the key of the pair; `by_device`: the keys of a device's pairs."""
    changed: dict[int, Meeting] = {}
    told: list[Transition] = []
    for row in rows:
        mine = by_device.get(row.device)
        if mine is None or row.fix.flags & STAYS:
            continue
        for key in mine:
            before = changed.get(key) or meetings[key]
            if row.received_at <= before.find_stamp(row.device):
                continue  # the meeting holds this fix already, as after a restart that read a later state of it
            changed[key], more = see(before, row)
            told += more
    return Met(changed, told)


def see(meeting: Meeting, row: Row) -> tuple[Meeting, list[Transition]]:
    """With one more fix of one of the two."""
    pair, before = meeting.pair, meeting.nearness
    one, two = meeting.newest
    fix = strip(row.fix)
    one, two = newest = (fix, two) if pair.keys[0] == row.device else (one, fix)
    after = Meeting(pair, before, newest, row.received_at)
    if meeting.seen is not None:
        side = pair.keys.index(row.device)
        seen = (row.received_at, meeting.seen[1]) if side == 0 else (meeting.seen[0], row.received_at)
        after = Meeting(pair, before, newest, seen[0], seen)
    if one is None or two is None or abs(one.at - two.at) > TOGETHER_MS:
        return after, []
    sighting = Sighting((one, two), measure_between(one, two))
    nearness = judge_pair(pair, before, sighting)
    after = msgspec.structs.replace(after, nearness=nearness)
    if nearness.is_near == before.is_near:
        return after, []
    return after, [tell_meeting(pair, row.device, before, sighting, nearness)]


def strip(fix: Fix) -> Fix:
    """Without its attributes, which decide nothing and may be two thousand bytes."""
    return msgspec.structs.replace(fix, attributes=None) if fix.attributes else fix


def judge_pair(pair: Pair, nearness: Nearness, sighting: Sighting) -> Nearness:
    """After one more sighting."""
    rules = PRESETS[pair.preset]
    is_near = decide_near(pair.distance, rules, sighting)
    if is_near is None or sighting.at <= nearness.told_at:
        return nearness
    if is_near == nearness.is_near:
        return Nearness(is_near, nearness.told_at) if nearness.count else nearness
    kept = (nearness.sightings[0], sighting) if nearness.count else (sighting,)
    if nearness.count + 1 >= rules.fixes and sighting.at - kept[0].at >= rules.seconds * 1000:
        return Nearness(is_near, kept[0].at)
    return Nearness(nearness.is_near, nearness.told_at, kept, nearness.count + 1)


def decide_near(limit: float, rules: Rules, sighting: Sighting) -> bool | None:
    """None where it is not clear. How far the older of the two fixes may be outdated counts as inaccuracy."""
    metres = sighting.metres
    if rules.is_plain:
        return metres <= limit
    rough = [fix.accuracy or 0.0 for fix in sighting.fixes]
    outdated = estimate_drift(*sighting.fixes)
    slack = rules.accuracy * sum(rough) + outdated
    if metres >= limit + rules.band + slack:
        return False
    is_fit = max(rough) + outdated <= max(rules.worst * limit, rules.band)
    return True if is_fit and metres <= limit - min(slack, SHALLOW * limit) else None


def estimate_drift(a: Fix, b: Fix) -> float:
    """Metres the older one may have gone since, at the speed it had."""
    older = a if a.at < b.at else b
    return (older.speed or 0.0) * abs(a.at - b.at) / 1000


def measure_between(a: Fix, b: Fix) -> float:
    metres: float = WGS84.inv(a.lon, a.lat, b.lon, b.lat)[2]
    return metres


def tell_meeting(pair: Pair, device: int, before: Nearness, last: Sighting, after: Nearness) -> Transition:
    """The transition is of the device whose fix decided, and at the time of the first sighting that said so."""
    first = before.sightings[0] if before.count else last
    me = pair.keys.index(device)
    shown = (first,) if first == last else (first, last)
    evidence = Evidence(
        preset=pair.preset,
        fixes=tuple(each for sighting in shown for each in of_both(pair, me, sighting)),
        confirmed_after_s=(last.at - first.at) / 1000,
        limit=pair.distance,
        other=pair.devices[1 - me],
        distance=round(first.metres, 1),
    )
    kind: Kind = "near" if after.is_near else "apart"
    return Transition(device, 0, kind, after.told_at, first.fixes[me], last.at, evidence, other=pair.keys[1 - me])


def of_both(pair: Pair, me: int, sighting: Sighting) -> tuple[Seen, ...]:
    """The device's own fix first, each with whose it is."""
    return tuple(
        msgspec.structs.replace(make_seen(sighting.fixes[side]), device=pair.devices[side]) for side in (me, 1 - me)
    )
