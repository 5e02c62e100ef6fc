"""A person's own subscriptions: whose one becomes, and where it may lead."""

from typing import Final

import asyncpg
import msgspec

from tracker.access.guard import caller, sight
from tracker.api.channel_forms import ChannelForm, read_channel
from tracker.api.subscription_forms import NewSubscription
from tracker.errors import Invalid, NotAllowed
from tracker.model.channel import Channel, Email, WebPush
from tracker.model.person import Person
from tracker.store.people import select_person
from tracker.store.subscriptions import count_subscriptions

MOST: Final = 20  # of one person: each is asked about with every event


async def find_person(conn: asyncpg.Connection, new: NewSubscription, in_group: str | None) -> Person | None:
    """Whose own it is to be; None: a group's. NotAllowed for who may make none of that kind."""
    token = caller()
    person = token.person if token else None
    is_manager = sight().holds("alerts")
    if not (new.personal or (person is not None and not is_manager and in_group is None)):
        if not is_manager:
            raise NotAllowed
        return None
    if in_group is not None:
        raise Invalid("personal: it is in no group then", field="personal")
    if person is None:
        raise Invalid("personal: a token is no person", field="personal")
    if await count_subscriptions(conn, person) >= MOST:
        raise Invalid(f"there may be {MOST} of a person's own")
    return await select_person(conn, person)


def read_own_channel(form: ChannelForm | None, person: Person) -> Channel:
    """Of somebody's own subscription: the browser in hand, or the address of the account, which need not be said."""
    if form is not None and form.kind == "email" and not form.to:
        form = msgspec.structs.replace(form, to=[person.email])
    channel = read_channel(form)
    if isinstance(channel, Email):
        if [each.casefold() for each in channel.to] != [person.email.casefold()]:
            raise Invalid("channel.to: the address of your account, and no other", field="channel.to")
    elif not isinstance(channel, WebPush):
        raise NotAllowed("alerts of one's own go by webpush, or by email to one's own address")
    return channel
