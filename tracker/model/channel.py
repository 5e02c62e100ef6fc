"""Channel: the way by which a subscription is told."""

import msgspec


class Webhook(msgspec.Struct, frozen=True, tag_field="kind", tag="webhook"):
    url: str


class Email(msgspec.Struct, frozen=True, tag_field="kind", tag="email"):
    to: tuple[str, ...]


Channel = Webhook | Email
