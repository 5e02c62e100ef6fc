"""Table session: browsers that signed in with a token and hold a cookie since."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import asyncpg
import msgspec

from tracker.model.person import Proof
from tracker.model.token import Token
from tracker.store.tokens import WORKS, read_token

LIFETIME: Final = timedelta(days=30)


class Origin(NamedTuple):
    """Where somebody signs in from, for the list of sessions. `program`: what the browser calls itself."""

    address: str
    program: str


async def insert_sign_in(conn: asyncpg.Connection, hash: bytes, token: int | None, most: int) -> None:
    """`token` is None for the operator's, which has no row. Sign-ins that have ended are swept out on the way, and of
    more than `most` of one token those used longest ago."""
    await conn.execute(
        """with swept as (delete from session where expires_at < now()),
                ended as (delete from session where id in (select id from session
                          where token = $2 order by seen_at desc, id desc offset $4))
           insert into session (hash, token, expires_at) values ($1, $2, now() + $3)""",
        hash,
        token,
        LIFETIME,
        most - 1,
    )


async def insert_person_sign_in(conn: asyncpg.Connection, hash: bytes, proof: Proof, origin: Origin, most: int) -> bool:
    """False where the person signs in by something else by now, or is gone. The row is locked: what changes it just now
    is either seen here, or sees this session and ends it."""
    done = await conn.fetchval(
        """with swept as (delete from session where expires_at < now()),
                ended as (delete from session where id in (select id from session
                          where person = $2 order by seen_at desc, id desc offset $7))
           insert into session (hash, person, expires_at, address, program)
           select $1, key, now() + $3, $4, $5 from person where key = $2 and ways = $6 for share
           returning true""",
        hash,
        proof.person,
        LIFETIME,
        origin.address,
        origin.program,
        proof.ways,
        most - 1,
    )
    return bool(done)


async def select_sign_in_token(conn: asyncpg.Connection, hashes: Sequence[bytes]) -> Token | None:
    """Who holds the cookie with one of these hashes: a person, a token's bearer, or the operator (id 0)."""
    row = await conn.fetchrow(
        f"""with seen as (
               update session set seen_at = now() where hash = any($1) and seen_at < now() - interval '5 minutes')
           select s.id as session, t.id, t.kind, t.device, t.name, t.in_group, t.expires_at, p.key as person,
                  p.is_owner, p.name as called, (select revision from rights_head) as rights
           from session s left join token t on t.id = s.token left join person p on p.key = s.person
           where s.hash = any($1) and s.expires_at > now() and (t.id is null or {WORKS})""",
        hashes,
    )
    return _read_holder(row) if row else None


def _read_holder(row: asyncpg.Record) -> Token:
    session, rights = row["session"], row["rights"]
    if (person := row["person"]) is not None:
        return Token(
            0, "person", name=row["called"], person=person, owner=row["is_owner"], session=session, rights=rights
        )
    if row["id"] is None:
        return Token(0, "admin", name="operator", session=session, rights=rights)
    return msgspec.structs.replace(read_token(row), session=session)


async def delete_sign_in(conn: asyncpg.Connection, hashes: Sequence[bytes]) -> None:
    await conn.execute("delete from session where hash = any($1)", hashes)
