"""Event: a durable, numbered fact for people. Transition: what a device did that causes one."""

from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec

from tracker.model.evidence import Evidence
from tracker.model.fix import Fix
from tracker.model.moment import format_ms

Kind = Literal[
    "enter",
    "exit",
    "cross",
    "dwell",
    "speeding",
    "release",
    "offline",
    "online",
    "near",
    "apart",
    "absent",
    "present",
    "retraction",
    "battery_low",
    "frozen",
    "silent",
    "moving",
    "stopped",
    "moved",
    "noted",
    "doubted",
]
AlarmKind = Literal["sos"]
# Late fixes change these.
BY_PLACE: Final[frozenset[Kind]] = frozenset(
    ("enter", "exit", "cross", "dwell", "speeding", "release", "noted", "doubted")
)
KEPT: Final[frozenset[Kind]] = frozenset(("release", "present", "noted", "doubted"))  # and told to nobody


class Happening(msgspec.Struct, frozen=True, gc=False):
    """The identity of a transition of one device: it happens once, whatever is sent again."""

    geofence: int  # key; 0: none
    kind: Kind
    at: int  # ms, of the device
    other: int = 0  # key of the other device; 0: none


class Transition(msgspec.Struct, frozen=True):
    """`at` is when it happened, `decided_at` the time of the fix (or the clock) that made it sure, both the device's.

    A retraction takes back `retracts` and says nothing of its own. `late`: it came out of order. A release is told to
    nobody: the geofence stopped to apply, and nothing was crossed; it is kept, since what follows depends on it. So is
    that a device was present where it was expected, for the day is decided once, and that a geofence which came into
    force noted it inside, or doubted whether it is. `stamp`: by which it counts as decided; None: that of its batch."""

    device: int  # key
    geofence: int  # key; 0: none
    kind: Kind
    at: int  # ms
    fix: Fix  # where it happened
    decided_at: int  # ms
    evidence: Evidence = Evidence()
    late: bool = False
    other: int = 0
    retracts: Happening | None = None
    stamp: int | None = None  # µs

    @property
    def happening(self) -> Happening:
        return Happening(self.geofence, self.kind, self.at, self.other)

    @property
    def is_told(self) -> bool:
        return (self.retracts or self).kind not in KEPT


class Alarm(msgspec.Struct, frozen=True):
    """A call for help by whoever holds the device: the message `message` of it makes an event, wherever the device is.
    `fix`: the newest place that is known, None for none."""

    device: int  # key
    kind: AlarmKind
    message: str
    at: int  # ms, when it was called
    fix: Fix | None
    evidence: Evidence = Evidence()


class Decision(msgspec.Struct, frozen=True, gc=False):
    """A transition that stands in the log: what happened, by which fix's time it was decided, and the writer's stamp of
    the batch that decided it."""

    happening: Happening
    decided_at: int  # ms
    stamp: int  # µs


class EventFilter(msgspec.Struct, frozen=True):
    """Which events are asked for, by the ids of devices and geofences and by type; None: all. An event of two devices
    is one of either."""

    devices: Sequence[str] | None = None
    geofences: Sequence[str] | None = None
    types: Sequence[str] | None = None


class Event(msgspec.Struct, frozen=True):
    """As people see it, names resolved. `id` counts up without gaps in the order of commit."""

    id: int
    type: str
    device: str
    geofence: str | None
    at: int  # ms
    detected_at: int  # ms
    late: bool
    lon: float | None  # None: it is not known where, which only an alarm may say
    lat: float | None
    evidence: msgspec.Raw  # a JSON object: the fixes and figures that decided it
    other: str | None = None  # the other device of near and apart
    private: frozenset[str] = frozenset()  # the ids of its devices that were vague or paused then

    def is_of(self, devices: Collection[str]) -> bool:
        """An event of two devices is of both."""
        return self.device in devices or (self.other is not None and self.other in devices)


class Told(msgspec.Struct, frozen=True):
    """An event as every reader gets it, on the live stream, over HTTP and in an alert: the same, times as text."""

    id: int
    type: str
    device: str
    geofence: str | None
    at: str
    detected_at: str
    late: bool
    lon: float | None
    lat: float | None
    evidence: msgspec.Raw


def make_told(event: Event) -> Told:
    return Told(
        event.id,
        event.type,
        event.device,
        event.geofence,
        format_ms(event.at),
        format_ms(event.detected_at),
        event.late,
        event.lon,
        event.lat,
        event.evidence,
    )
