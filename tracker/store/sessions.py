"""Table session, of people: where one is signed in, and what ends when."""

from collections.abc import Collection
from datetime import datetime

import asyncpg
import msgspec


class OpenSession(msgspec.Struct, frozen=True):
    """Where somebody is signed in. `program`: what the browser calls itself."""

    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str | None
    program: str | None


async def select_sessions(conn: asyncpg.Connection, person: int) -> list[OpenSession]:
    """The one used last first."""
    rows = await conn.fetch(
        """select id, created_at, seen_at, expires_at, address, program from session
           where person = $1 and expires_at > now() order by seen_at desc, id desc limit 200""",
        person,
    )
    return [OpenSession(**row) for row in rows]


async def delete_session(conn: asyncpg.Connection, person: int, session: int) -> bool:
    """False where this person has none of this number. Its sockets hear of it, as of all that follow."""
    return bool(
        await conn.fetchval("delete from session where person = $1 and id = $2 returning true", person, session)
    )


async def delete_sessions(conn: asyncpg.Connection, person: int, *, but: int | None = None) -> None:
    """All of a person, but for the one that asks."""
    await conn.execute("delete from session where person = $1 and id is distinct from $2", person, but)


async def select_ended(conn: asyncpg.Connection, ids: Collection[int]) -> list[int]:
    """Those of these sessions that are over."""
    rows = await conn.fetch(
        """select given.id from unnest($1::int[]) as given (id)
           where not exists (select from session s where s.id = given.id and s.expires_at > now())""",
        list(ids),
    )
    return [row["id"] for row in rows]
