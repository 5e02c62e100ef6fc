"""Whereabouts: where a device is, as it is told to another program."""

import msgspec

from tracker.model.fix import Fix


class Whereabouts(msgspec.Struct, frozen=True):
    """`device`: its key; `inside`: the names of geofences; `status`: as the live stream says it."""

    device: int
    name: str
    category: str | None
    fix: Fix
    inside: frozenset[str]
    status: str
