"""Table identity: who a person is at an OpenID Connect provider."""

from datetime import datetime

import asyncpg
import msgspec

from tracker.errors import Conflict
from tracker.model.person import Proof
from tracker.model.subject import OidcSubject


class Bond(msgspec.Struct, frozen=True):
    """Of a person to an identity. `shown`: by which its person knows it."""

    id: int
    issuer: str
    shown: str
    made_at: datetime
    used_at: datetime | None


async def insert_identity(conn: asyncpg.Connection, person: int, who: OidcSubject) -> None:
    """Conflict where it is bound already, be it to somebody else."""
    made = await conn.fetchval(
        """insert into identity (person, issuer, subject, shown) values ($1, $2, $3, $4)
           on conflict do nothing returning true""",
        person,
        who.issuer,
        who.subject,
        who.shown,
    )
    if not made:
        raise Conflict("this identity is bound already")


async def use_identity(conn: asyncpg.Connection, who: OidcSubject) -> Proof | None:
    """Whose it is; None: nobody's here."""
    row = await conn.fetchrow(
        """with used as (update identity set used_at = now() where issuer = $1 and subject = $2 returning person)
           select key, ways from person join used on used.person = key""",
        who.issuer,
        who.subject,
    )
    return Proof(row["key"], row["ways"]) if row else None


async def select_identities(conn: asyncpg.Connection, person: int) -> list[Bond]:
    rows = await conn.fetch(
        "select id, issuer, shown, made_at, used_at from identity where person = $1 order by id", person
    )
    return [Bond(**row) for row in rows]


async def delete_identity(conn: asyncpg.Connection, person: int, id: int) -> bool:
    return bool(await conn.fetchval("delete from identity where person = $1 and id = $2 returning true", person, id))


async def has_another_way(conn: asyncpg.Connection, person: int, id: int) -> bool:
    """Whether this person still signs in without this identity."""
    return bool(
        await conn.fetchval(
            """select exists (select from person where key = $1 and password is not null)
                   or exists (select from passkey where person = $1)
                   or exists (select from identity where person = $1 and id <> $2)""",
            person,
            id,
        )
    )
