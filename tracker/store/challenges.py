"""Table used_challenge: what passkeys signed, so that no signature is worth anything twice."""

from hashlib import sha256

import asyncpg

from tracker.model.moment import to_datetime


async def use_challenge(conn: asyncpg.Connection, challenge: bytes, ends_at: int) -> bool:
    """It was answered rightly. False where somebody did so before. `ends_at`: ms, when it is over anyway,
    by the clock of whoever says so: what is over by the database's clock is kept for an hour more."""
    used = await conn.fetchval(
        """with over as (delete from used_challenge where ends_at < now() - interval '1 hour')
           insert into used_challenge (digest, ends_at) values ($1, $2) on conflict do nothing returning true""",
        sha256(challenge).digest(),
        to_datetime(ends_at),
    )
    return bool(used)
