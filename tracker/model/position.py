"""Position: the newest accepted fix of a device, with its state."""

from enum import IntEnum

import msgspec

from tracker.model.fix import Fix


class Status(IntEnum):
    """The number is the one byte of binary positions; the lower-case name is the word of JSON ones."""

    UNKNOWN = 0
    STOPPED = 1
    MOVING = 2


class Position(msgspec.Struct, frozen=True, gc=False):
    """`device` is the device's key; `geofences` the ids of those it is inside."""

    device: int
    fix: Fix
    received_at: int  # microseconds
    status: Status
    geofences: tuple[str, ...] = ()
