"""Table installation: one row, which names this database for as long as it lives."""

from asyncpg import Connection


async def select_epoch(conn: Connection) -> str:
    """What the numbers of events belong to: another database counts anew."""
    epoch: str = await conn.fetchval("select left(id::text, 8) from installation")
    return epoch


async def select_installation(conn: Connection) -> str:
    """Its UUID, by which the world knows it."""
    id: str = await conn.fetchval("select id::text from installation")
    return id


async def select_veil_key(conn: Connection) -> bytes:
    """What only this installation knows, for what its sharing links hide."""
    key: bytes = await conn.fetchval("select veil_key from installation")
    return key


async def upsert_push_key(conn: Connection, made: bytes) -> bytes:
    """The key that is kept; `made`, where there was none."""
    kept: bytes = await conn.fetchval(
        "update installation set push_key = coalesce(push_key, $1) returning push_key", made
    )
    return kept
