"""Advisory locks that say of a session that it lives: whoever takes over from one that hangs ends it."""

from collections.abc import Sequence

from asyncpg import Connection


async def end_holders(conn: Connection, lock_class: int, keys: Sequence[int]) -> None:
    """End the sessions that hold these locks, and with them what they have not committed."""
    await conn.execute(
        """select pg_terminate_backend(pid) from pg_locks
           where locktype = 'advisory' and classid = $1 and objid = any($2::bigint[]) and objsubid = 2 and granted
             and database = (select oid from pg_database where datname = current_database())""",
        lock_class,
        keys,
    )
