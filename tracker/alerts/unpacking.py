"""From the outbox into deliveries, in one transaction and in the order of the events."""

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg

from tracker.alerts.placing import Known, place
from tracker.model.delivery import Lane, Parcel, Shipment
from tracker.model.moment import now_ms
from tracker.model.subscription import Subscription
from tracker.store.deliveries import (
    LOCK,
    insert_delivery,
    lock_lanes,
    promote_lanes,
    select_open_groups,
    update_group,
)
from tracker.store.delivery_upkeep import select_cooldowns, upsert_cooldowns
from tracker.store.outbox import take_outbox
from tracker.store.subscriptions import select_subscriptions_by_key

CHUNK: Final = 500  # events of one transaction


async def unpack(conn: asyncpg.Connection) -> bool:
    """The oldest of the outbox. True: there may be more. Another process that does it meanwhile is left to it."""
    if not await conn.fetchval("select exists (select from outbox)"):
        return False
    async with conn.transaction():
        if not await conn.fetchval("select pg_try_advisory_xact_lock($1, 0)", LOCK):
            return False
        parcels = await take_outbox(conn, most=CHUNK)
        keys = sorted({each.subscription for each in parcels})
        await lock_lanes(conn, keys)
        subscriptions = {each.key: each for each in await select_subscriptions_by_key(conn, keys)}
        known = await _load_known(conn, parcels, subscriptions.values())
        before = dict(known.told)
        await _store(conn, place(parcels, subscriptions, known, now_ms()))
        await upsert_cooldowns(conn, {lane: at for lane, at in known.told.items() if before.get(lane) != at})
    return len(parcels) == CHUNK


async def _load_known(
    conn: asyncpg.Connection, parcels: Sequence[Parcel], subscriptions: Collection[Subscription]
) -> Known:
    cooling = {each.key for each in subscriptions if each.wish.cooldown}
    grouped = [each.key for each in subscriptions if each.wish.group]
    lanes = {Lane(p.subscription, p.device, p.geofence) for p in parcels if p.subscription in cooling}
    told = await select_cooldowns(conn, list(lanes)) if lanes else {}
    groups = await select_open_groups(conn, grouped) if grouped else []
    return Known(
        {Lane(*lane): at for lane, at in told.items()},
        {
            each.subscription: Shipment(Lane(each.subscription, "", ""), each.type, 0, each.id, each.count)
            for each in groups
        },
    )


async def _store(conn: asyncpg.Connection, shipments: Sequence[Shipment]) -> None:
    for shipment in shipments:
        if shipment.id is not None:
            await update_group(conn, shipment.id, shipment.type, shipment.events)
            continue
        await insert_delivery(conn, shipment)
    await promote_lanes(conn, {shipment.lane for shipment in shipments})
