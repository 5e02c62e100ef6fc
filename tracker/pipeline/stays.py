"""What a device does while it is inside: it stays long, it goes too fast."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from tracker.geo.distance import distance
from tracker.geofence.fences import GAP_MS
from tracker.model.event import Happening, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.moment import format_ms
from tracker.model.state import NOT_DUE
from tracker.model.stay import Episode, Stay
from tracker.pipeline.motion import STEADY_MS, is_contradicted
from tracker.pipeline.presets import PRESETS

CALM_MS: Final = 30_000  # without a fix that was too fast an episode is over
TELL_MS: Final = 60_000  # an episode that lasts is told after so long, with the peak until then

StayStep = tuple[Stay, list[Transition]]


class Doubt(NamedTuple):
    """One more fix of a device that is inside. `left`: when it left, in ms, None: it did not; `since`: since when it
    seems to have left and nothing is sure yet."""

    before: Fix | None
    fix: Fix
    left: int | None
    since: int | None

    def has_left_before(self, moment: int) -> bool:
        return (self.left is not None and self.left < moment) or (self.since is not None and self.since < moment)


def decide_stay(device: int, fence: Geofence, stay: Stay, doubt: Doubt) -> StayStep:
    """What one more fix says of a stay."""
    stay, dwelt = decide_dwell(device, fence, stay, doubt)
    if fence.speed_limit is None:
        return stay, dwelt
    stay, sped = decide_speeding(device, fence, stay, doubt)
    return stay, dwelt + sped


def decide_dwell(device: int, fence: Geofence, stay: Stay, doubt: Doubt) -> StayStep:
    """The dwell, told once when the stay is long enough. It is taken back where the clock told it and a fix says now
    that the device had left before: to wait for that fix would tell nothing of a device that is switched off inside."""
    fix = doubt.fix
    if stay.dwelt is not None and doubt.left is not None and doubt.left < stay.dwelt:
        told = Happening(fence.key, "dwell", stay.dwelt)
        why = Evidence(reason="the device had left before")
        return stay, [Transition(device, fence.key, "retraction", stay.dwelt, fix, fix.at, why, retracts=told)]
    due = find_dwell_due(fence, stay)
    if fix.at < due or doubt.has_left_before(due):
        return stay, []
    return tell_dwell(device, fence, stay, fix, due, "fix")


def find_dwell_due(fence: Geofence, stay: Stay) -> int:
    if fence.dwell is None or stay.dwelt is not None:
        return NOT_DUE
    return stay.since + round(fence.dwell * 1000)


def tell_dwell(device: int, fence: Geofence, stay: Stay, fix: Fix, due: int, by: str) -> StayStep:
    evidence = Evidence(
        preset=fence.preset,
        revision=fence.revision,
        fixes=(make_seen(fix),),
        since=format_ms(stay.since),
        dwell_s=fence.dwell,
        by=by,
    )
    told = Transition(device, fence.key, "dwell", due, fix, due if by == "clock" else fix.at, evidence)
    return msgspec.structs.replace(stay, dwelt=due), [told]


def decide_speeding(device: int, fence: Geofence, stay: Stay, doubt: Doubt) -> StayStep:
    """One event for each episode: when it ends, or after a minute of it."""
    told: list[Transition] = []
    fix, has_left = doubt.fix, doubt.left is not None
    episode, speed = stay.episode, find_speed(doubt.before, fix)
    is_too_fast = not has_left and is_fast(fence, speed)
    if episode is not None and (has_left or is_over(episode, fix, is_too_fast)):
        told += tell_episode(device, fence, episode, episode.last, fix)
        episode = None
    if is_too_fast:
        episode = extend_episode(episode, fix, speed or 0.0)
        if fix.at - episode.first.at >= TELL_MS and (now := tell_episode(device, fence, episode, None, fix)):
            told += now
            episode = msgspec.structs.replace(episode, told=True)
    return msgspec.structs.replace(stay, episode=episode), told


def is_fast(fence: Geofence, speed: float | None) -> bool:
    limit = fence.speed_limit or 0.0
    return speed is not None and speed > limit * (1 + PRESETS[fence.preset].tolerance)


def is_over(episode: Episode, fix: Fix, is_too_fast: bool) -> bool:
    """Whether the episode has ended: for a while no fix was too fast. To end it with the first slow fix would be
    simpler, and tell of who drives at the limit every few seconds."""
    return fix.at - episode.last > (GAP_MS if is_too_fast else CALM_MS)


def find_speed(before: Fix | None, fix: Fix) -> float | None:
    """m/s as the device measured it, or else the least that its way allows. None: unknown."""
    if before is None or not 0 < fix.at - before.at <= STEADY_MS:
        return fix.speed
    if fix.speed is not None and not is_contradicted(before, fix):
        return fix.speed
    way = distance(before.lon, before.lat, fix.lon, fix.lat)
    noise = (before.accuracy or 0.0) + (fix.accuracy or 0.0)
    return max(0.0, way - noise) / (fix.at - before.at) * 1000


def extend_episode(episode: Episode | None, fix: Fix, speed: float) -> Episode:
    if episode is None:
        return Episode(fix, fix, speed, fix.at)
    peak, fastest = (fix, speed) if speed > episode.fastest else (episode.peak, episode.fastest)
    return Episode(episode.first, peak, fastest, fix.at, episode.count + 1, episode.told)


def tell_episode(
    device: int, fence: Geofence, episode: Episode, until: int | None, fix: Fix, by: str = "fix"
) -> list[Transition]:
    """Nothing where it was told, or too few fixes say it."""
    if episode.told or episode.count < PRESETS[fence.preset].fixes:
        return []
    shown = (episode.first,) if episode.peak is episode.first else (episode.first, episode.peak)
    evidence = Evidence(
        preset=fence.preset,
        revision=fence.revision,
        fixes=tuple(make_seen(each) for each in shown),
        by=by,
        limit=fence.speed_limit,
        peak=round(episode.fastest, 2),
        peak_at=format_ms(episode.peak.at),
        until=None if until is None else format_ms(until),
    )
    first = episode.first
    decided_at = first.at + TELL_MS if by == "clock" else fix.at
    return [Transition(device, fence.key, "speeding", first.at, first, decided_at, evidence)]


def find_stay_wakes(fence: Geofence, stay: Stay, doubt: int | None) -> Iterator[int]:
    """When, in ms of the device, something is to be told even where no fix comes."""
    due = find_dwell_due(fence, stay)
    if due != NOT_DUE and not (doubt is not None and doubt < due):
        yield due
    episode = stay.episode
    if episode is not None and not episode.told and episode.count >= PRESETS[fence.preset].fixes:
        yield episode.first.at + TELL_MS
