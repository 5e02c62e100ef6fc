"""Table sign_in_link: what signs a browser in once, by the hash of a secret."""

from datetime import timedelta

import asyncpg


async def insert_sign_in_link(conn: asyncpg.Connection, hash: bytes, lifetime: timedelta) -> None:
    """Links that ended unused are swept out on the way."""
    await conn.execute(
        """with swept as (delete from sign_in_link where used_at is null and expires_at < now())
           insert into sign_in_link (hash, expires_at) values ($1, now() + $2)""",
        hash,
        lifetime,
    )


async def use_sign_in_link(conn: asyncpg.Connection, hash: bytes) -> bool:
    """False for one that is unknown, used or too old. Of two that use it at once the second waits here for the first,
    and is then told False."""
    used = await conn.fetchval(
        """update sign_in_link set used_at = now() where hash = $1 and used_at is null and expires_at > now()
           returning true""",
        hash,
    )
    return bool(used)


async def has_way_in(conn: asyncpg.Connection) -> bool:
    """Whether there was ever an admin token, or a link that somebody used."""
    found = await conn.fetchval(
        """select exists (select from token where kind = 'admin')
               or exists (select from sign_in_link where used_at is not null)"""
    )
    return bool(found)
