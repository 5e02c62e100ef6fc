"""Event: a durable, numbered fact for people. Transition: the entering or leaving that causes one."""

from typing import Literal

import msgspec

from tracker.model.fix import Fix

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
