"""Alarms are told again and again until somebody has seen them."""

import asyncpg

from tracker.alerts.matching import Subscriptions, load_subscriptions, write_outbox
from tracker.store.alarms import take_unseen
from tracker.store.outbox import delete_outbox
from tracker.store.subscriptions import select_subscription_revision


async def repeat_alarms(conn: asyncpg.Connection) -> int:
    """Those that are due, to the subscriptions of now. How many."""
    async with conn.transaction():
        events = await take_unseen(conn)
        if events:
            await delete_outbox(conn, [event.id for event in events])  # one that still waits there is not sent twice
            revision = await select_subscription_revision(conn)
            await write_outbox(conn, events, await load_subscriptions(conn, Subscriptions(), revision))
    return len(events)
