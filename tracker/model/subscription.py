"""Subscription: a standing wish for events, with a channel."""

from typing import Literal

import msgspec

from tracker.model.channel import Channel


class Quiet(msgspec.Struct, frozen=True):
    """Hours of every day in a named zone: `start` and `end` are minutes since midnight there; `end` may be less, and
    then the night is meant. `days` are those on which it starts, Monday is 0; None: all."""

    start: int
    end: int
    zone: str
    days: tuple[int, ...] | None = None
    then: Literal["hold", "drop"] = "hold"


class Wish(msgspec.Struct, frozen=True):
    """Which events and when. None: all of them; `cooldown`, `group` and `max_age` in s, 0: none."""

    types: frozenset[str] | None = None
    geofences: frozenset[str] | None = None
    devices: frozenset[str] | None = None
    categories: frozenset[str] | None = None
    quiet: Quiet | None = None
    cooldown: int = 0  # after an alert, none of the same device and geofence for so long
    group: int = 0  # the first event waits so long for others; then they are one message
    zone: str | None = None  # of whoever reads it: times in words are by its clocks
    max_age: int = 0  # an event that was older when it was detected is not told


class Subscription(msgspec.Struct, frozen=True):
    """`key` is the number used inside, `id` the slug people see. `secrets`: to sign with, the newest first. `person`:
    whose own it is, by the key; None: of groups, or of the installation. `language`: in which it is written, where
    one is known; `chosen`: the one that was set for it."""

    key: int
    id: str
    name: str
    wish: Wish
    channel: Channel
    secrets: tuple[str, ...]
    enabled: bool = True
    reason: str | None = None
    person: int | None = None
    language: str | None = None
    chosen: str | None = None
