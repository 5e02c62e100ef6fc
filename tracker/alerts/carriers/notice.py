"""Notice: a delivery on its way, and how a program reads it: a CloudEvent 1.0 in structured JSON."""

from typing import Final, Literal

import msgspec

from tracker.geo.towns import Town, Towns
from tracker.model.delivery import Delivery
from tracker.model.moment import format_ms
from tracker.model.names import Names
from tracker.model.subscription import Subscription

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"


class Notice(msgspec.Struct, frozen=True):
    """All that a carrier may say. `installation` names the event log, `names` are there for those that reach people;
    `page` is where a browser finds us, without a slash at its end."""

    delivery: Delivery
    subscription: Subscription
    installation: str
    names: Names = Names()
    page: str = ""
    towns: Towns | None = None

    def find_town(self, lon: float | None, lat: float | None) -> Town | None:
        return None if self.towns is None or lon is None or lat is None else self.towns.find(lon, lat)

    @property
    def id(self) -> str:
        """The same for every attempt and every replay, so that a receiver knows what it has already."""
        return f"{self.installation.partition('-')[0]}-{self.delivery.message}"


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


def encode(message: Notice) -> bytes:
    delivery = message.delivery
    event = CloudEvent(
        id=message.id,
        source=f"urn:uuid:{message.installation}",
        type=f"tracker.{delivery.type}",
        time=format_ms(delivery.created_at),
        data=Data(message.subscription.id, delivery.count, delivery.body),
        subject=delivery.device or msgspec.UNSET,
    )
    return msgspec.json.encode(event)
