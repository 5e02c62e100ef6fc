"""Table session: browsers that signed in with a token and hold a cookie since."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import asyncpg

from tracker.model.token import Token

LIFETIME: Final = timedelta(days=30)


async def insert_sign_in(conn: asyncpg.Connection, hash: bytes, token: int | None) -> None:
    """`token` is None for the operator's, which has no row. Sign-ins that have ended are swept out on the way."""
    await conn.execute(
        """with swept as (delete from session where expires_at < now())
           insert into session (hash, token, expires_at) values ($1, $2, now() + $3)""",
        hash,
        token,
        LIFETIME,
    )


async def select_sign_in_token(conn: asyncpg.Connection, hashes: Sequence[bytes]) -> Token | None:
    """The token of the sign-in with one of these hashes; id 0 for the operator's."""
    row = await conn.fetchrow(
        """select coalesce(t.id, 0) as id, coalesce(t.kind, 'admin') as kind, t.device,
                  coalesce(t.name, 'operator') as name
           from session s left join token t on t.id = s.token
           where s.hash = any($1) and s.expires_at > now() and t.revoked_at is null""",
        hashes,
    )
    return Token(**row) if row else None


async def delete_sign_in(conn: asyncpg.Connection, hashes: Sequence[bytes]) -> None:
    await conn.execute("delete from session where hash = any($1)", hashes)
