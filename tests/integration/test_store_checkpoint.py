"""A checkpoint beside what else happens to devices."""

import asyncio

import asyncpg

from tests.patience import PATIENCE_S
from tracker.model.state import State
from tracker.store.positions import upsert_states

# Of this database: a server that other tests share is in the same cluster.
WAITING = """select exists (
    select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"""


async def test_a_device_deleted_during_the_checkpoint_is_left_out(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as deleting, pool.acquire() as writing:
        gone, kept = [
            await writing.fetchval("insert into device (id, name) values ($1, $1) returning key", id) for id in "ab"
        ]
        delete = deleting.transaction()
        await delete.start()
        await deleting.execute("delete from device where key = $1", gone)
        checkpoint = asyncio.create_task(upsert_states(writing, {gone: State(), kept: State()}, {}))
        async with asyncio.timeout(PATIENCE_S):
            while not await pool.fetchval(WAITING):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await delete.commit()
        await checkpoint
        assert await writing.fetch("select device from position") == [(kept,)]
