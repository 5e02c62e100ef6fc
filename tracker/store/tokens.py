"""Table token: who may call, by the hash of a secret."""

from collections.abc import Collection, Sequence

import asyncpg

from tracker.model.token import Token, TokenKind


async def insert_token(
    conn: asyncpg.Connection, kind: TokenKind, *, device: int | None, name: str, hash: bytes
) -> Token:
    row = await conn.fetchrow(
        "insert into token (kind, device, name, hash) values ($1, $2, $3, $4) returning id, kind, device, name",
        kind,
        device,
        name,
        hash,
    )
    return Token(**row)


async def select_tokens_by_hash(conn: asyncpg.Connection, hashes: Collection[bytes]) -> dict[bytes, Token]:
    """Those of these that work, by their hash."""
    rows = await conn.fetch(
        "select hash, id, kind, device, name from token where hash = any($1::bytea[]) and revoked_at is null",
        list(hashes),
    )
    return {row["hash"]: Token(row["id"], row["kind"], row["device"], row["name"]) for row in rows}


async def select_tokens(conn: asyncpg.Connection, *, after: int, limit: int) -> list[Token]:
    """Those that work, device tokens included, in the order they were made."""
    rows = await conn.fetch(
        "select id, kind, device, name from token where revoked_at is null and id > $1 order by id limit $2",
        after,
        limit,
    )
    return [Token(**row) for row in rows]


async def select_revoked(conn: asyncpg.Connection, ids: Collection[int]) -> list[int]:
    """Those of these tokens that work no more. The operator's own, 0, has no row and always works."""
    rows = await conn.fetch(
        """select given.id from unnest($1::int[]) as given (id)
           where given.id <> 0 and not exists (select from token t where t.id = given.id and t.revoked_at is null)""",
        list(ids),
    )
    return [row["id"] for row in rows]


async def revoke_token(conn: asyncpg.Connection, id: int) -> bool:
    """False where there is none that works. Its sign-ins end with it; its open sockets hear of it."""
    return bool(await _revoke(conn, "id = $1", id))


async def revoke_device_tokens(conn: asyncpg.Connection, device: int) -> Sequence[int]:
    return await _revoke(conn, "device = $1", device)


async def _revoke(conn: asyncpg.Connection, which: str, value: int) -> list[int]:
    rows = await conn.fetch(
        f"""with gone as (update token set revoked_at = now() where {which} and revoked_at is null returning id),
                 ended as (delete from session where token in (select id from gone))
            select id, pg_notify('tracker_revoked', id::text) from gone""",
        value,
    )
    return [row["id"] for row in rows]
