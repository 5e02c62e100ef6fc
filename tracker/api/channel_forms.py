"""Channels as they are written in JSON: read, held against their limits, and shown."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec

from tracker.alerts.carriers.push_encryption import AUTH_BYTES, read_point
from tracker.alerts.carriers.template import LONGEST, check_template
from tracker.api.edge import clean
from tracker.errors import Invalid
from tracker.model import base64url
from tracker.model.channel import Channel, Email, Mqtt, PushKeys, Webhook, WebPush

MOST_RECIPIENTS: Final = 20
# RFC 5321's Mailbox without quotes and comments, about what <input type=email> takes. No letter in it ends a header.
LOCAL: Final = r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS: Final = re.compile(rf"{LOCAL}@{LABEL}(\.{LABEL})*")
LONGEST_ADDRESS: Final = 254
PLACEHOLDER: Final = re.compile(r"\{(device|geofence|type)\}")
LONGEST_TOPIC: Final = 65_535  # bytes, by the protocol
MOST_LEVELS: Final = 200  # a broker may end the connection over more, and it is everybody's


class PushKeysForm(msgspec.Struct, frozen=True, omit_defaults=True):
    """In base64url, as the browser gives them. `auth` is a secret: it is read, and not shown."""

    p256dh: str
    auth: str | None = None


class ChannelForm(msgspec.Struct, frozen=True, omit_defaults=True):
    """`kind` says which of the others is needed: `webhook` goes to `url`, https or http, as a CloudEvent or, with a
    `template`, as that text, in which `{title}` and the like stand for what happened; `email` to up to 20 addresses in
    `to`; `mqtt` to a `topic`, in which `{device}`, `{geofence}` and `{type}` stand for those of the message;
    `webpush` to the browser whose PushSubscription it is: its `endpoint` and `keys`.
    """

    kind: str
    url: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    template: Annotated[str, msgspec.Meta(max_length=LONGEST)] | None = None
    to: list[str] | None = None
    topic: str | None = None
    endpoint: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    keys: PushKeysForm | None = None


def read_channel(form: ChannelForm | None) -> Channel:
    """Invalid for a channel there is not, by its name."""
    if form is None:
        raise Invalid("channel: how is it to be sent?", field="channel")
    if form.kind not in READ:
        shown = clean(form.kind, "channel.kind")[:40]
        raise Invalid(f"channel.kind: {shown} is not built; there is {', '.join(READ)}", field="channel.kind")
    return READ[form.kind](form)


def show_channel(channel: Channel) -> ChannelForm:
    match channel:
        case Webhook():
            return ChannelForm("webhook", url=channel.url, template=channel.template)
        case Email():
            return ChannelForm("email", to=list(channel.to))
        case Mqtt():
            return ChannelForm("mqtt", topic=channel.topic)
        case WebPush():
            return ChannelForm("webpush", endpoint=channel.endpoint, keys=PushKeysForm(channel.keys.p256dh))


def _webhook(form: ChannelForm) -> Webhook:
    if form.url is None:
        raise Invalid("channel.url: where is it to be sent?", field="channel.url")
    if form.template is not None:
        check_template(form.template)
    return Webhook(form.url, form.template or None)


def _email(form: ChannelForm) -> Email:
    if not form.to:
        raise Invalid("channel.to: to whom is it to be sent?", field="channel.to")
    recipients = tuple(dict.fromkeys(form.to))
    if len(recipients) > MOST_RECIPIENTS:
        raise Invalid(f"channel.to: {MOST_RECIPIENTS} addresses at most", field="channel.to")
    for number, each in enumerate(recipients):
        if len(each) > LONGEST_ADDRESS or not ADDRESS.fullmatch(each):
            field = f"channel.to[{number}]"
            raise Invalid(f"{field}: {shorten(each)} is not an address as ada@example.org is one", field=field)
    return Email(recipients)


def shorten(address: str) -> str:
    """As it can stand in a sentence: whatever was typed turns nothing round and breaks no line."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in address[:80])
    return shown + ("…" if len(address) > 80 else "")


def _mqtt(form: ChannelForm) -> Mqtt:
    topic = form.topic or ""
    widest = PLACEHOLDER.sub("x" * 64, topic)
    wrong = {
        "to which topic is it to be sent?": not topic,
        "a message goes to one topic, without + and #": "+" in topic or "#" in topic,
        "topics that begin with $ are the broker's own": topic.startswith("$"),
        "control characters are not allowed": not topic.isprintable(),
        "there are {device}, {geofence} and {type}": "{" in widest or "}" in widest,
        f"{LONGEST_TOPIC} bytes at most": len(widest.encode()) > LONGEST_TOPIC,
        f"{MOST_LEVELS} levels at most": topic.count("/") >= MOST_LEVELS,
    }
    for reason, is_wrong in wrong.items():
        if is_wrong:
            raise Invalid(f"channel.topic: {reason}", field="channel.topic")
    return Mqtt(topic)


def _webpush(form: ChannelForm) -> WebPush:
    if form.endpoint is None:
        raise Invalid("channel.endpoint: the address that the browser gave", field="channel.endpoint")
    if form.keys is None:
        raise Invalid("channel.keys: those that the browser gave", field="channel.keys")
    point = _key(form.keys.p256dh, "p256dh")
    try:
        read_point(point)
    except ValueError:
        raise Invalid("channel.keys.p256dh: not a public key", field="channel.keys.p256dh") from None
    auth = _key(form.keys.auth or "", "auth")
    if len(auth) != AUTH_BYTES:
        raise Invalid(f"channel.keys.auth: not {AUTH_BYTES} bytes", field="channel.keys.auth")
    return WebPush(form.endpoint, PushKeys(base64url.encode(point), base64url.encode(auth)))


def _key(text: str, name: str) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError:
        raise Invalid(f"channel.keys.{name}: not base64url", field=f"channel.keys.{name}") from None


READ: Final[Mapping[str, Callable[[ChannelForm], Channel]]] = {
    "webhook": _webhook,
    "email": _email,
    "mqtt": _mqtt,
    "webpush": _webpush,
}
