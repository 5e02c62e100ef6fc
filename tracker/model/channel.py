"""Channel: the way by which a subscription is told."""

import msgspec


class Webhook(msgspec.Struct, frozen=True, tag_field="kind", tag="webhook"):
    url: str


Channel = Webhook
