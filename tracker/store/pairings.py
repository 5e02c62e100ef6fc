"""Table pairing: codes that become a device's token once, by the hash of each."""

from datetime import datetime, timedelta

import asyncpg


async def insert_pairing(conn: asyncpg.Connection, device: int, hash: bytes, lifetime: timedelta) -> datetime:
    """When it ends. Codes that ended are swept out on the way."""
    expires: datetime = await conn.fetchval(
        """with swept as (delete from pairing where expires_at < now())
           insert into pairing (hash, device, expires_at) values ($1, $2, now() + $3) returning expires_at""",
        hash,
        device,
        lifetime,
    )
    return expires


async def use_pairing(conn: asyncpg.Connection, hash: bytes) -> int | None:
    """The key of its device; None for one that is unknown, used or too old. Of two that come at once the second waits
    here, and loses."""
    device: int | None = await conn.fetchval(
        """update pairing set used_at = now() where hash = $1 and used_at is null and expires_at > now()
           returning device""",
        hash,
    )
    return device
