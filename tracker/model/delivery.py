"""Parcel: an event on its way out. Shipment: the message it is put into. Delivery: one message to one subscription, and
what became of it. Attempt: one try to send it."""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import msgspec

DeliveryState = Literal["waiting", "sent", "dead", "skipped"]

TEST: Final = "test"  # the type of a message that tells of no event
MIXED: Final = "mixed"  # the type of a group of several types


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


class Lane(NamedTuple):
    """Messages of one lane are sent one after the other. A grouped subscription has one, with '' for both."""

    subscription: int
    device: str
    geofence: str


@dataclass(eq=False)
class Shipment:
    """A delivery in the making, or one that is stored (`id`) and still takes events."""

    lane: Lane
    type: str
    not_before: int  # ms
    id: int | None = None
    count: int = 0  # with those that are stored already
    events: list[msgspec.Raw] = field(default_factory=list)
    state: DeliveryState = "waiting"
    reason: str | None = None

    def add(self, parcel: Parcel) -> None:
        self.type = parcel.type if parcel.type == self.type else MIXED
        self.events.append(parcel.body)
        self.count += 1


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

    @property
    def lane(self) -> Lane:
        return Lane(self.subscription, self.device, self.geofence)


class Attempt(msgspec.Struct, frozen=True):
    """`at` in ms; `status` None: there was no answer."""

    number: int
    at: int
    ms: int
    status: int | None
    error: str | None
