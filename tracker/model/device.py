"""Device: a thing that reports where it is."""

import re
from typing import Final, Literal

import msgspec

from tracker.model.guard import NO_GUARD, Guard

Icon = Literal["car", "van", "truck", "bus", "bike", "person", "boat", "animal", "parcel", "phone"]
ERASED: Final = "erased"  # stands in lists for devices that are gone or not to be named; no device is called so
SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Device(msgspec.Struct, frozen=True):
    """`key` is the number used inside (and the viewer's slot); `id` is the slug people see."""

    key: int
    id: str
    name: str
    category: str | None = None
    interval: float | None = None  # s between its fixes; silent for longer, it is told to be offline
    color: str | None = None  # '#rrggbb', by which people tell it from others
    icon: str | None = None
    photo: str | None = None  # which one, where it has one
    guard: Guard = NO_GUARD  # what is told of its motion


def is_slug(text: str) -> bool:
    return SLUG.fullmatch(text) is not None
