"""Subscriptions: who is told of which events, and how."""

import secrets

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.guard import allow, caller, sight
from tracker.access.objects import check_removal, choose_group, hide_owner, put_into
from tracker.alerts.carriers.carrier import Carriers
from tracker.alerts.carriers.signature import new_webhook_secret
from tracker.api.channel_forms import read_channel
from tracker.api.edge import Cursor, Page, answer, below, clean_name, empty, read_json, read_query
from tracker.api.personal_alerts import find_person, read_own_channel
from tracker.api.subscription_forms import (
    NewSubscription,
    SubscriptionAnswer,
    SubscriptionChange,
    change_wish,
    read_group,
    shown,
)
from tracker.errors import Conflict, Invalid, NotFound
from tracker.model.channel import Channel, Webhook
from tracker.model.subscription import Subscription, Wish
from tracker.store.people import select_person
from tracker.store.pool import borrow
from tracker.store.subscriptions import (
    count_subscriptions,
    delete_subscription,
    give_subscription,
    insert_subscription,
    note_language,
    select_subscription,
    select_subscriptions,
    update_secret,
    update_subscription,
)

MOST = 1000  # subscriptions: each is asked about with every event
FORMER = 86_400  # s that a replaced secret still signs beside the new one


class SubscriptionQuery(Page, frozen=True):
    after: Cursor = ""


class SubscriptionPage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the next page; null on the last."""

    subscriptions: list[SubscriptionAnswer]
    next: str | None


def blueprint(pool: asyncpg.Pool, carriers: Carriers) -> Blueprint:
    routes = Blueprint("subscriptions", __name__, url_prefix="/api/subscriptions")

    @routes.get("")
    @document_querystring(SubscriptionQuery)
    @document_response(SubscriptionPage)
    @allow("told", rows=True)
    async def list_subscriptions() -> Response:
        """List subscriptions, by id."""
        query = read_query(SubscriptionQuery)
        async with borrow(pool) as conn:
            found = await select_subscriptions(conn, sight(), after=query.after, limit=query.most)
        last = found[-1].id if len(found) == query.most else None
        return answer(SubscriptionPage([shown(each, sight()) for each in found], last))

    @routes.post("")
    @document_request(NewSubscription)
    @document_response(SubscriptionAnswer, 201)
    @allow("told", rows=True)
    async def create_subscription() -> Response:
        """Subscribe; for a webhook the answer holds the secret its messages are signed with, once."""
        new, in_group = read_group(await read_json(NewSubscription))
        async with borrow(pool) as conn:
            person = await find_person(conn, new, in_group)
        channel = read_own_channel(new.channel, person) if person else read_channel(new.channel)
        await carriers.of(channel).check(channel)
        made = await _make(pool, new, channel, person.key if person else None, in_group)
        response = answer(shown(made, sight(), made.secrets[0] if isinstance(channel, Webhook) else None), 201)
        response.headers["Location"] = f"{below()}/api/subscriptions/{made.id}"
        return response

    @routes.get("/<slug:subscription>")
    @document_response(SubscriptionAnswer)
    @allow("told", rows=True)
    async def read_subscription(subscription: str) -> Response:
        """Show a subscription."""
        async with borrow(pool) as conn:
            return answer(shown(await subscribed(conn, subscription), sight()))

    _changes(routes, pool, carriers)
    return routes


def _changes(routes: Blueprint, pool: asyncpg.Pool, carriers: Carriers) -> None:
    @routes.patch("/<slug:subscription>")
    @document_request(SubscriptionChange)
    @document_response(SubscriptionAnswer)
    @allow("told", rows=True)
    async def change_subscription(subscription: str) -> Response:
        """Change what is given; messages that wait are sent by the new channel."""
        change = await read_json(SubscriptionChange)
        channel = await _read_changed(pool, subscription, change) if change.channel else None
        if channel:
            await carriers.of(channel).check(channel)
        async with borrow(pool) as conn:
            new = _change(await subscribed(conn, subscription), change, channel)
            await update_subscription(conn, new)
        return answer(shown(new, sight()))

    @routes.delete("/<slug:subscription>")
    @allow("told", rows=True)
    async def erase_subscription(subscription: str) -> Response:
        """Unsubscribe; what waits is not sent."""
        async with borrow(pool) as conn:
            found = await subscribed(conn, subscription)
            await check_removal(conn, sight(), "alerts", "subscription", found.key)
            if not await delete_subscription(conn, subscription):
                raise NotFound("there is no such subscription")
        return empty()

    @routes.post("/<slug:subscription>/secret")
    @document_response(SubscriptionAnswer, 201)
    @allow("told", rows=True)
    async def rotate_secret(subscription: str) -> Response:
        """Make a new secret; for a day messages are signed with the one before too."""
        secret = new_webhook_secret()
        async with borrow(pool) as conn:
            found = await subscribed(conn, subscription)
            await update_secret(conn, found.key, secret, former_s=FORMER)
        return answer(shown(found, sight(), secret), 201)


async def _make(
    pool: asyncpg.Pool, new: NewSubscription, channel: Channel, person: int | None, in_group: str | None
) -> Subscription:
    """`person`: whose own it is to be, by the key."""
    wish = change_wish(Wish(), new, sight())
    async with borrow(pool) as conn, conn.transaction():
        group = await choose_group(conn, sight(), "alerts", in_group) if person is None else None
        if await count_subscriptions(conn) >= MOST:
            raise Invalid(f"there may be {MOST} subscriptions")
        made = await _insert(conn, new, wish, channel)
        await put_into(conn, group, "subscription", made.key)
        if person is not None:
            made = await give_subscription(conn, made, person)
        if (token := caller()) is not None and token.person is not None:
            await note_language(conn, made, token.person)
        if new.enabled is False or new.language:
            made = msgspec.structs.replace(made, enabled=new.enabled is not False, chosen=new.language or None)
            await update_subscription(conn, made)
    return made


async def _read_changed(pool: asyncpg.Pool, id: str, change: SubscriptionChange) -> Channel:
    """NotFound where the caller has no say in the subscription, whatever the channel."""
    async with borrow(pool) as conn:
        found = await subscribed(conn, id)
        person = None if found.person is None else await select_person(conn, found.person)
    return read_own_channel(change.channel, person) if person else read_channel(change.channel)


async def _insert(conn: asyncpg.Connection, new: NewSubscription, wish: Wish, channel: Channel) -> Subscription:
    id = new.id or f"subscription-{secrets.token_hex(4)}"
    name = clean_name(new.name, "name") if new.name else ""
    try:
        return await insert_subscription(conn, id, name, wish, channel, new_webhook_secret())
    except Conflict as error:
        raise hide_owner(error, await select_subscription(conn, sight(), id) is not None) from None


async def subscribed(conn: asyncpg.Connection, id: str) -> Subscription:
    """NotFound where the caller has no say in it."""
    found = await select_subscription(conn, sight(), id)
    if found is None:
        raise NotFound("there is no such subscription")
    return found


def _change(old: Subscription, change: SubscriptionChange, channel: Channel | None) -> Subscription:
    return msgspec.structs.replace(
        old,
        name=old.name if change.name is None else change.name and clean_name(change.name, "name"),
        wish=change_wish(old.wish, change, sight()),
        channel=channel or old.channel,
        enabled=old.enabled if change.enabled is None else change.enabled,
        reason=None if change.enabled else old.reason,
        chosen=old.chosen if change.language is None else change.language or None,
    )
