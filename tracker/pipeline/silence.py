"""Silence: a device that says nothing for too long is offline, and online again with whatever of it is stored next."""

from typing import Final, NamedTuple

import msgspec

from tracker.model.device import Device
from tracker.model.event import Kind, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.moment import format_ms
from tracker.model.rhythm import Rhythm
from tracker.model.state import State
from tracker.pipeline.decide import Decided

MISSED: Final = 3  # in intervals: one fix may be lost and the next one late without anything being wrong
LEAST_USUAL_S: Final = 1_800.0  # where nobody said how often: what is usual is a guess
HOUR_US: Final = 3_600_000_000
EMPTY: Final = 0.05  # of the battery
EXCUSED_US: Final = 60_000_000  # s: a page that still sends so long after it said it was hidden is not hidden
LEAST_S: Final = 30.0  # to connect again, after a tunnel or a restart of the server, takes up to so long


def find_limit_s(interval: float) -> float:
    return max(MISSED * interval, LEAST_S)


class Patience(NamedTuple):
    """`interval`: s between its fixes; `limit`: s without any, after which its silence is told as `kind`."""

    kind: Kind
    interval: float
    limit: float


def find_expected(device: Device, state: State, rhythm: Rhythm | None) -> Patience | None:
    """By what somebody said, else by what is usual at that hour of the day. None: nothing is expected."""
    if device.interval is not None:
        return Patience("offline", device.interval, find_limit_s(device.interval))
    usual = None if rhythm is None else rhythm[max(state.heard_at, state.received_at) // HOUR_US % 24]
    return None if usual is None else Patience("silent", usual, max(MISSED * usual, LEAST_USUAL_S))


def find_silent_at(device: Device, state: State, since: int, rhythm: Rhythm | None = None) -> int | None:
    """From when on, in µs of the server, it is offline if nothing comes. None: never, or it was told already. `since`:
    silence before counts for nothing, since nobody listened or nothing was expected."""
    if state.newest is None or state.offline_at is not None or is_excused(state):
        return None
    expected = find_expected(device, state, rhythm)
    if expected is None:
        return None
    return max(state.heard_at, state.received_at, since) + round(expected.limit * 1e6)


def is_excused(state: State) -> bool:
    """It said that it would be silent, and has been."""
    return state.excused_at > 0 and max(state.heard_at, state.received_at) <= state.excused_at + EXCUSED_US


def follow_standing(state: State, excuses: bool, stamp: int) -> State:
    """The state after the device said how it is. That ends silence as a fix does, for the device was heard."""
    return msgspec.structs.replace(state, heard_at=stamp, excused_at=stamp if excuses else 0)


def decide_silence(device: Device, state: State, now: int, since: int, rhythm: Rhythm | None = None) -> Decided:
    """The state after `now`, in µs of the server, has come and no fix."""
    due, newest = find_silent_at(device, state, since, rhythm), state.newest
    expected = find_expected(device, state, rhythm)
    if due is None or newest is None or expected is None or now < due:
        return state, ()
    at = device_time(state, newest, due)
    evidence = Evidence(
        fixes=(make_seen(newest),),
        by="clock",
        interval_s=expected.interval,
        silent_s=measure_silence(state, due),
        battery=newest.battery,
        empty_since=find_empty_since(newest),
    )
    told = Transition(device.key, 0, expected.kind, at, newest, at, evidence)
    return msgspec.structs.replace(state, offline_at=at), (told,)


def find_empty_since(newest: Fix) -> str | None:
    """A phone with so little left that says nothing more has probably nothing left."""
    return format_ms(newest.at) if newest.battery is not None and newest.battery <= EMPTY else None


def end_outage(device: int, before: State, fix: Fix, received_at: int, moves: bool) -> tuple[Transition, ...]:
    """The end of an outage, by any fix that is stored. One that `moves` no marker, as it came late or is not believed,
    says that the device is there again, not where. Nor does one say when that was measured before the outage ended."""
    newest = before.newest
    if before.offline_at is None or newest is None:
        return ()
    at = fix.at
    if at <= before.offline_at:
        at = max(before.offline_at, device_time(before, newest, received_at))
    evidence = Evidence(fixes=(make_seen(fix),), silent_s=measure_silence(before, received_at))
    return (Transition(device, 0, "online", at, fix if moves else newest, at, evidence),)


def device_time(state: State, newest: Fix, now: int) -> int:
    """What its clock shows, in ms, at `now` in µs of the server."""
    return newest.at + (now - state.received_at) // 1000


def measure_silence(state: State, now: int) -> float:
    return round((now - max(state.heard_at, state.received_at)) / 1e6, 3)
