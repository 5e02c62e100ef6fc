"""Delivery: one message to one subscription, and what became of it. Attempt: one try to send it."""

from typing import Final, Literal

import msgspec

DeliveryState = Literal["waiting", "sent", "dead", "skipped"]

TEST: Final = "test"  # the type of a message that tells of no event


class Parcel(msgspec.Struct, frozen=True):
    """An event on its way from the outbox into a delivery. Times in ms; `body` is the event's JSON."""

    event: int
    subscription: int  # key
    device: str
    geofence: str  # '' for an event without one
    type: str
    at: int
    detected_at: int
    body: msgspec.Raw


class Delivery(msgspec.Struct, frozen=True):
    """Times in ms. `message` is the id its receiver sees: a replay keeps that of the delivery it repeats."""

    id: int
    subscription: int  # key
    message: int
    device: str
    geofence: str
    type: str
    count: int
    body: msgspec.Raw  # JSON array of events
    state: DeliveryState
    reason: str | None
    attempts: int
    due: int | None
    created_at: int
    finished_at: int | None


class Attempt(msgspec.Struct, frozen=True):
    """`at` in ms; `status` None: there was no answer."""

    number: int
    at: int
    ms: int
    status: int | None
    error: str | None
