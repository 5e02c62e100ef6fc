"""Forward: a device's stored fixes, sent on to another server."""

from typing import Literal

import msgspec

from tracker.model.fix import Row

ForwardKind = Literal["owntracks", "tracker"]  # OwnTracks by HTTP; our own device stream


class Forward(msgspec.Struct, frozen=True):
    """`number` is of this wish: a change makes another. `name`: what the device is called there; `secret`: what it
    signs in with, a device token, or user:password. `reached`: the stamp of the last fix that is there (µs). `failures`
    in a row."""

    device: int
    number: int
    kind: ForwardKind
    url: str
    name: str
    secret: str | None
    reached: int
    failures: int = 0


class ForwardRow(msgspec.Struct, frozen=True):
    """`is_open`: not measured or received while the device was vague or paused to others."""

    row: Row
    is_open: bool
