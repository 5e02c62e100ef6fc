"""Channel: the way by which a subscription is told."""

import msgspec


class Webhook(msgspec.Struct, frozen=True, tag_field="kind", tag="webhook"):
    url: str


class Email(msgspec.Struct, frozen=True, tag_field="kind", tag="email"):
    to: tuple[str, ...]


class Mqtt(msgspec.Struct, frozen=True, tag_field="kind", tag="mqtt"):
    """`{device}`, `{geofence}` and `{type}` in the topic stand for those of the message."""

    topic: str


Channel = Webhook | Email | Mqtt
