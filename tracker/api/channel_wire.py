"""Channels as they are written in JSON: read, held against their limits, and shown."""

from typing import Annotated, Final

import msgspec

from tracker.api.wire import clean
from tracker.errors import Invalid
from tracker.model.channel import Channel, Webhook

KINDS: Final = ("webhook",)


class ChannelForm(msgspec.Struct, frozen=True, omit_defaults=True):
    """`kind` is `webhook`; `url` is where its messages go, https or http."""

    kind: str
    url: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


def read_channel(form: ChannelForm | None) -> Channel:
    """Invalid for a channel there is not, by its name."""
    if form is None:
        raise Invalid("channel: how is it to be sent?", field="channel")
    if form.kind not in KINDS:
        shown = clean(form.kind, "channel.kind")[:40]
        raise Invalid(f"channel.kind: {shown} is not built; there is {', '.join(KINDS)}", field="channel.kind")
    if form.url is None:
        raise Invalid("channel.url: where is it to be sent?", field="channel.url")
    return Webhook(form.url)


def shown_channel(channel: Channel) -> ChannelForm:
    return ChannelForm("webhook", channel.url)
