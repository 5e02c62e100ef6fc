"""Channels as they are written in JSON: read, held against their limits, and shown."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec

from tracker.api.wire import clean
from tracker.errors import Invalid
from tracker.model.channel import Channel, Email, Webhook

MOST_RECIPIENTS: Final = 20
# RFC 5321's Mailbox without quotes and comments, about what <input type=email> takes. No letter in it ends a header.
LOCAL: Final = r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS: Final = re.compile(rf"{LOCAL}@{LABEL}(\.{LABEL})*")
LONGEST_ADDRESS: Final = 254


class ChannelForm(msgspec.Struct, frozen=True, omit_defaults=True):
    """`kind` says which of the others is needed: `webhook` goes to `url`, https or http; `email` to up to 20 addresses
    in `to`.
    """

    kind: str
    url: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    to: list[str] | None = None


def read_channel(form: ChannelForm | None) -> Channel:
    """Invalid for a channel there is not, by its name."""
    if form is None:
        raise Invalid("channel: how is it to be sent?", field="channel")
    if form.kind not in READ:
        shown = clean(form.kind, "channel.kind")[:40]
        raise Invalid(f"channel.kind: {shown} is not built; there is {', '.join(READ)}", field="channel.kind")
    return READ[form.kind](form)


def shown_channel(channel: Channel) -> ChannelForm:
    match channel:
        case Webhook():
            return ChannelForm("webhook", url=channel.url)
        case Email():
            return ChannelForm("email", to=list(channel.to))


def _webhook(form: ChannelForm) -> Webhook:
    if form.url is None:
        raise Invalid("channel.url: where is it to be sent?", field="channel.url")
    return Webhook(form.url)


def _email(form: ChannelForm) -> Email:
    if not form.to:
        raise Invalid("channel.to: to whom is it to be sent?", field="channel.to")
    recipients = tuple(dict.fromkeys(form.to))
    if len(recipients) > MOST_RECIPIENTS:
        raise Invalid(f"channel.to: {MOST_RECIPIENTS} addresses at most", field="channel.to")
    for number, each in enumerate(recipients):
        if len(each) > LONGEST_ADDRESS or not ADDRESS.fullmatch(each):
            field = f"channel.to[{number}]"
            raise Invalid(f"{field}: not an address as ada@example.org is one", field=field)
    return Email(recipients)


READ: Final[Mapping[str, Callable[[ChannelForm], Channel]]] = {"webhook": _webhook, "email": _email}
