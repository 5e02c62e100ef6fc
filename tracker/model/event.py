"""Event: a durable, numbered fact for people. Transition: the entering or leaving that causes one."""

from typing import Literal

import msgspec

from tracker.model.fix import Fix
from tracker.model.moment import format_ms

Kind = Literal["enter", "exit"]


class Transition(msgspec.Struct, frozen=True):
    """A device entered or left a geofence, decided by `fix`. (device, geofence, kind, at) happens once."""

    device: int  # key
    geofence: int  # key
    kind: Kind
    fix: Fix


class Event(msgspec.Struct, frozen=True):
    """As people see it, names resolved. `id` counts up without gaps in the order of commit."""

    id: int
    type: str
    device: str
    geofence: str | None
    at: int  # ms
    detected_at: int  # ms
    late: bool
    lon: float
    lat: float
    evidence: msgspec.Raw  # a JSON object: the fixes and figures that decided it


class Told(msgspec.Struct, frozen=True):
    """An event as every reader gets it, on the live stream, over HTTP and in an alert: the same, times as text."""

    id: int
    type: str
    device: str
    geofence: str | None
    at: str
    detected_at: str
    late: bool
    lon: float
    lat: float
    evidence: msgspec.Raw


def told(event: Event) -> Told:
    return Told(
        event.id, event.type, event.device, event.geofence, format_ms(event.at), format_ms(event.detected_at),
        event.late, event.lon, event.lat, event.evidence,
    )  # fmt: skip
