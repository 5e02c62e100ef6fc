"""Table installation: one row, which names this database for as long as it lives."""

from asyncpg import Connection


async def select_epoch(conn: Connection) -> str:
    """What the numbers of events belong to: another database counts anew."""
    epoch: str = await conn.fetchval("select left(id::text, 8) from installation")
    return epoch
