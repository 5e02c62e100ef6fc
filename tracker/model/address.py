"""Address: what the key in `/in/<key>` stands for."""

import msgspec

from tracker.model.device import Device


class Address(msgspec.Struct, frozen=True):
    """`secret`: what OwnTracks' messages of the device are encrypted with, where it has one. `shows_friends`: its app
    is told where others are."""

    device: Device
    secret: str | None = None
    shows_friends: bool = False
