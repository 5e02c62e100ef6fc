"""What each connection of the pool brings along."""

import asyncpg

from tracker.store.erasures import vacuum_touched
from tracker.store.pool import borrow, open_pool


async def test_jsonb_goes_in_as_text_or_bytes_and_comes_out_as_bytes(pool: asyncpg.Pool) -> None:
    for given in ('{"a": 1}', b'{"a": 1}'):
        assert await pool.fetchval("select $1::jsonb", given) == b'{"a": 1}'
    assert await pool.fetchval("select null::jsonb") is None


async def test_jsonb_can_be_copied(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("create temporary table t (n int, j jsonb)")
        await conn.copy_records_to_table("t", records=[(1, b'{"x": true}'), (2, None)])
        rows = await conn.fetch("select j from t order by n")
    assert [row["j"] for row in rows] == [b'{"x": true}', None]


async def test_sessions_are_utc_and_impatient(pool: asyncpg.Pool) -> None:
    assert await pool.fetchval("show timezone") == "UTC"
    assert await pool.fetchval("show lock_timeout") == "10s"
    assert await pool.fetchval("show statement_timeout") == "1min"


async def test_who_borrows_one_next_finds_nothing_of_who_had_it_before(database_url: str) -> None:
    """Though it is not asked to forget."""
    async with await open_pool(database_url, wipes=False) as pool:
        async with borrow(pool) as conn:
            await conn.execute("create table t (n int)")
            await conn.execute("begin; insert into t values (1)")
            backend = conn.get_server_pid()
        async with borrow(pool) as conn:
            assert conn.get_server_pid() == backend
            assert await conn.fetchval("select count(*) from t") == 0
            assert await vacuum_touched(conn)
            found = [
                await conn.fetchval(f"show {name}")
                for name in ("statement_timeout", "vacuum_cost_delay", "lock_timeout")
            ]
            assert found == ["1min", "0", "10s"]
