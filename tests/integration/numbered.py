"""What a batch told, with its numbers, as the numberer gives them."""

from collections.abc import Awaitable

import asyncpg

from tracker.ingest.committed import Committed
from tracker.ingest.log import Log
from tracker.model.event import Event
from tracker.store.unnumbered import number


async def number_events(conn: asyncpg.Connection) -> list[Event]:
    """All that waits."""
    async with conn.transaction():
        numbered = await number(conn, 1_000)
    return numbered.events if numbered else []


async def told_by(log: Log, work: Awaitable[Committed]) -> list[Event]:
    """What was told by this one, and nothing of before it waited."""
    committed = await work
    events = await number_events(log.conn)
    assert len(events) == committed.told
    return events
