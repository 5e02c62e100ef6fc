"""Message: a delivery as its receiver reads it, a CloudEvent 1.0 in structured JSON."""

from typing import Final, Literal

import msgspec

from tracker.model.delivery import Delivery
from tracker.model.moment import format_ms

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"


class Data(msgspec.Struct, frozen=True):
    """`count` events, the oldest first."""

    subscription: str
    count: int
    events: msgspec.Raw


class CloudEvent(msgspec.Struct, frozen=True):
    """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md"""

    id: str
    source: str
    type: str
    time: str
    data: Data
    subject: str | msgspec.UnsetType = msgspec.UNSET  # the device, where it is about one
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"


def message_id(delivery: Delivery, installation: str) -> str:
    """The same for every attempt and every replay, so that a receiver knows what it has already."""
    return f"{installation.partition('-')[0]}-{delivery.message}"


def encoded(delivery: Delivery, subscription: str, installation: str) -> bytes:
    """`subscription` is the id people see, `installation` names the event log."""
    event = CloudEvent(
        id=message_id(delivery, installation),
        source=f"urn:uuid:{installation}",
        type=f"tracker.{delivery.type}",
        time=format_ms(delivery.created_at),
        data=Data(subscription, delivery.count, delivery.body),
        subject=delivery.device or msgspec.UNSET,
    )
    return msgspec.json.encode(event)
