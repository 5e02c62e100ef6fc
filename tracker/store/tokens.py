"""Table token: who may call, by the hash of a secret."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import asyncpg

from tracker.model.moment import from_datetime, to_datetime
from tracker.model.token import Token, TokenKind

COLUMNS: Final = "id, kind, device, name, in_group, expires_at, (select revision from rights_head) as rights"
WORKS: Final = "t.revoked_at is null and (t.expires_at is null or t.expires_at > now())"


class TokenToIssue(NamedTuple):
    """`device` and `group` are the keys of those it is of; `expires` in ms."""

    kind: TokenKind
    name: str
    device: int | None = None
    group: int | None = None
    expires: int | None = None


async def insert_token(conn: asyncpg.Connection, new: TokenToIssue, hash: bytes) -> Token:
    row = await conn.fetchrow(
        f"""insert into token (kind, device, name, hash, in_group, expires_at) values ($1, $2, $3, $4, $5, $6)
            returning {COLUMNS}""",
        new.kind,
        new.device,
        new.name,
        hash,
        new.group,
        None if new.expires is None else to_datetime(new.expires),
    )
    return read_token(row)


async def select_tokens_by_hash(conn: asyncpg.Connection, hashes: Collection[bytes]) -> dict[bytes, Token]:
    """Those of these that work, by their hash."""
    rows = await conn.fetch(
        f"select hash, {COLUMNS} from token t where hash = any($1::bytea[]) and {WORKS}",
        list(hashes),
    )
    return {row["hash"]: read_token(row) for row in rows}


async def select_tokens(conn: asyncpg.Connection, *, after: int, limit: int) -> list[Token]:
    """Those that work, device tokens included, in the order they were made."""
    rows = await conn.fetch(
        f"select {COLUMNS} from token t where {WORKS} and id > $1 order by id limit $2",
        after,
        limit,
    )
    return [read_token(row) for row in rows]


async def select_revoked(conn: asyncpg.Connection, ids: Collection[int]) -> list[int]:
    """Those of these tokens that work no more. The operator's own, 0, has no row and always works."""
    rows = await conn.fetch(
        f"""select given.id from unnest($1::int[]) as given (id)
           where given.id <> 0 and not exists (select from token t where t.id = given.id and {WORKS})""",
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


def read_token(row: asyncpg.Record) -> Token:
    expires = None if row["expires_at"] is None else from_datetime(row["expires_at"])
    return Token(
        row["id"],
        row["kind"],
        row["device"],
        row["name"],
        group=row["in_group"],
        rights=row["rights"],
        expires=expires,
    )
