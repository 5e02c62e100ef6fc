"""Which subscriptions wish for which events; and the outbox, filled in the transaction that numbers the events."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import asyncpg
import msgspec

from tracker.model.delivery import Parcel
from tracker.model.event import Event, make_told
from tracker.model.subscription import Subscription, Wish
from tracker.store.outbox import insert_outbox
from tracker.store.subscriptions import select_categories, select_enabled_subscriptions


@dataclass(frozen=True)
class Subscriptions:
    """All that are enabled, as of a revision."""

    revision: int = -1
    enabled: Sequence[Subscription] = ()


async def load_subscriptions(conn: asyncpg.Connection, known: Subscriptions, revision: int) -> Subscriptions:
    """As of this revision, which the caller read in the same transaction."""
    if revision == known.revision:
        return known
    return Subscriptions(revision, await select_enabled_subscriptions(conn))


async def write_outbox(conn: asyncpg.Connection, events: Sequence[Event], known: Subscriptions) -> None:
    """Inside the transaction of the events, which are one at least."""
    categories: Mapping[str, str] = {}
    if any(each.wish.categories is not None for each in known.enabled):
        mentioned = [id for event in events for id in (event.device, event.other) if id]
        categories = await select_categories(conn, mentioned)
    if parcels := parcels_of(events, known.enabled, categories):
        await insert_outbox(conn, parcels)


def parcels_of(
    events: Sequence[Event], subscriptions: Sequence[Subscription], categories: Mapping[str, str]
) -> list[Parcel]:
    """What is private is sent to nobody: the groups that hold a subscription may not see it."""
    found: list[Parcel] = []
    for event in events:
        if event.private:
            continue
        has = {categories[id] for id in (event.device, event.other) if id is not None and id in categories}
        keys = [each.key for each in subscriptions if is_wished(each.wish, event, has)]
        if keys:
            found += parcels(event, keys)
    return found


def parcels(event: Event, subscriptions: Sequence[int]) -> list[Parcel]:
    """One for each, the event written once."""
    body = write_event(event)
    return [
        Parcel(event.id, key, event.device, event.geofence or "", event.type, event.at, event.detected_at, body)
        for key in subscriptions
    ]


def is_wished(wish: Wish, event: Event, categories: Set[str]) -> bool:
    """`categories`: of its device, or of both its devices."""
    return (
        (wish.types is None or not wish.types.isdisjoint(types_of(event)))
        and (wish.geofences is None or event.geofence in wish.geofences)
        and (wish.devices is None or event.is_of(wish.devices))
        and (wish.categories is None or not categories.isdisjoint(wish.categories))
        and (not wish.max_age or event.detected_at - event.at <= wish.max_age * 1000 or event.type == "retraction")
    )


def types_of(event: Event) -> tuple[str, ...]:
    """A retraction goes to who was told what it takes back, too."""
    if event.type != "retraction":
        return (event.type,)
    return event.type, msgspec.json.decode(event.evidence, type=Retracted).type


class Retracted(msgspec.Struct, frozen=True):
    type: str = ""


def write_event(event: Event) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(make_told(event)))
