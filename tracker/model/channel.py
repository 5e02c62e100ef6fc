"""Channel: the way by which a subscription is told."""

import msgspec


class Webhook(msgspec.Struct, frozen=True, tag_field="kind", tag="webhook"):
    """`template`: what the body says instead of a CloudEvent."""

    url: str
    template: str | None = None


class Email(msgspec.Struct, frozen=True, tag_field="kind", tag="email"):
    to: tuple[str, ...]


class Mqtt(msgspec.Struct, frozen=True, tag_field="kind", tag="mqtt"):
    """`{device}`, `{geofence}` and `{type}` in the topic stand for those of the message."""

    topic: str


class PushKeys(msgspec.Struct, frozen=True):
    """Of a browser, in base64url: its public key, and the secret that only it and we know."""

    p256dh: str
    auth: str


class WebPush(msgspec.Struct, frozen=True, tag_field="kind", tag="webpush"):
    """A browser's PushSubscription."""

    endpoint: str
    keys: PushKeys


Channel = Webhook | Email | Mqtt | WebPush
