"""Expectations: whether a device was in a geofence by the time at which it is expected there. Values in, values out."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

import msgspec

from tracker.model.clock import zone_of
from tracker.model.device import Device
from tracker.model.event import Happening, Kind, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.geofence import Expectation, Geofence
from tracker.model.moment import format_ms
from tracker.model.state import State
from tracker.pipeline.silence import find_limit_s

SILENT_S: Final = 900.0  # a device without an interval that says nothing for so long may be anywhere
JUDGED: Final[frozenset[Kind]] = frozenset(("absent", "present"))


class Term(NamedTuple):
    """One day's: the device is expected from `begin` on, and decided about at `end`. ms."""

    begin: int
    end: int


class Due(msgspec.Struct, frozen=True):
    """What is to be decided: of these devices, by their ids, in the geofence of this key."""

    geofence: int
    devices: frozenset[str]
    term: Term


def find_terms(expectation: Expectation, after: int, until: int) -> Iterator[Term]:
    """Those that end later than `after` and not after `until`, in ms, the earliest first. The clock on the wall
    decides: a minute that it skips in spring comes an hour later, one that it shows twice is meant the first time."""
    zone, window = zone_of(expectation.zone), expectation.window
    day = datetime.fromtimestamp(after / 1000, zone).date() - timedelta(days=2)
    last = datetime.fromtimestamp(until / 1000, zone).date()
    while day <= last:
        if day.weekday() in window.days:
            midnight = datetime.combine(day, time())
            night = timedelta(days=1 if window.end <= window.start else 0)
            begin, end = (
                round((midnight + more).replace(tzinfo=zone).astimezone(UTC).timestamp() * 1000)
                for more in (timedelta(minutes=window.start), timedelta(minutes=window.end) + night)
            )
            if after < end <= until:
                yield Term(begin, end)
        day += timedelta(days=1)


def was_inside(geofence: int, state: State, told: Iterable[Happening], term: Term) -> bool:
    """At any moment of the term. `told`: what was told of the device and the geofence since the term began."""
    if any(stay.geofence == geofence and stay.since <= term.end for stay in state.stays):
        return True
    for each in sorted(told, key=lambda each: each.at):
        if each.kind in ("enter", "noted", "exit", "cross", "dwell"):
            return each.at <= term.end or each.kind in ("exit", "dwell")  # who leaves later has been inside before
    return False


def judge(device: Device, state: State, fence: Geofence, told: Sequence[Happening], term: Term) -> Transition | None:
    """`present` is told to nobody, and kept so that the day is decided once. None: it was decided before, or nothing is
    known of the device yet, so that there is nobody to miss."""
    newest = state.newest
    if newest is None or any(each.kind in JUDGED and each.at == term.end for each in told):
        return None
    if was_inside(fence.key, state, told, term):
        return Transition(device.key, fence.key, "present", term.end, newest, term.end)
    limit = SILENT_S if device.interval is None else find_limit_s(device.interval)
    evidence = Evidence(
        revision=fence.revision,
        fixes=(make_seen(newest),),
        since=format_ms(term.begin),
        until=format_ms(term.end),
        by="clock",
        unknown=newest.at < term.end - round(limit * 1000),
    )
    return Transition(device.key, fence.key, "absent", term.end, newest, term.end, evidence)
