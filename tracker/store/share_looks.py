"""Table share_look: who opened a sharing link, and the bearers that were given for that, by their hash."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import asyncpg

from tracker.model.moment import from_datetime
from tracker.model.share import Look
from tracker.model.token import Token
from tracker.store.shares import WORKS
from tracker.store.tokens import select_tokens_by_hash

MOST: Final = 1_000  # that a link keeps; whoever opened it longest ago opens it again


async def insert_look(
    conn: asyncpg.Connection, share: int, hash: bytes, look: tuple[str, str], expires: datetime
) -> None:
    """`look` is the address it came from, and what its browser calls itself."""
    await conn.execute(
        """with swept as (delete from share_look where hash in (
               select hash from share_look where share = $2 order by began_at desc offset $6))
           insert into share_look (hash, share, address, program, expires_at) values ($1, $2, $3, $4, $5)""",
        hash,
        share,
        *look,
        expires,
        MOST - 1,
    )


async def select_looks(conn: asyncpg.Connection, share: int) -> list[Look]:
    """The newest first."""
    rows = await conn.fetch(
        "select began_at, seen_at, address, program from share_look where share = $1 order by began_at desc limit 200",
        share,
    )
    return [Look(**row) for row in rows]


async def touch_looks(conn: asyncpg.Connection, shares: Collection[int], hashes: Collection[bytes]) -> None:
    """Somebody is looking by these just now."""
    await conn.execute(
        "update share_look set seen_at = now() where share = any($1::integer[]) and hash = any($2::bytea[])",
        list(shares),
        list(hashes),
    )


async def select_callers_by_hash(conn: asyncpg.Connection, hashes: Collection[bytes]) -> dict[bytes, Token]:
    """Whose secrets these are: tokens that work, and bearers of links that do."""
    found = await select_tokens_by_hash(conn, hashes)
    if left := [each for each in hashes if each not in found]:
        found |= await _select_bearers(conn, left)
    return found


async def _select_bearers(conn: asyncpg.Connection, hashes: Collection[bytes]) -> dict[bytes, Token]:
    rows = await conn.fetch(
        f"""select l.hash, s.key, s.name, least(l.expires_at, s.until) as expires_at
            from share_look l join share s on s.key = l.share left join token t on t.id = s.by_token
            where l.hash = any($1::bytea[]) and l.expires_at > now() and {WORKS}""",
        list(hashes),
    )
    return {
        row["hash"]: Token(
            -row["key"], "link", name=row["name"], link=row["key"], expires=from_datetime(row["expires_at"])
        )
        for row in rows
    }
