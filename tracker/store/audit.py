"""Table audit: who did what to what, when and from where. Rows are added, and never changed."""

from typing import Final

import asyncpg
import msgspec

from tracker.model.audit import Deed, Entry, find_who
from tracker.model.moment import format_ms, from_datetime

LOCK: Final = 7_214_903_166_016  # any number, the same for all: entries are numbered in the order of commit


async def insert_audit(conn: asyncpg.Connection, deed: Deed) -> None:
    """In the transaction of the deed, and last in it: others that note something wait here until it ends."""
    async with conn.transaction():  # also where there is none around: the lock is held until the row is committed
        await conn.execute("select pg_advisory_xact_lock($1)", LOCK)
        await conn.execute(
            """insert into audit (number, person, token, address, deed, object, in_group, detail)
               select coalesce((select max(number) from audit), 0) + 1, $1, $2, $3, $4, $5, $6, $7""",
            deed.person,
            deed.token,
            deed.address,
            deed.name,
            deed.object,
            deed.group,
            msgspec.json.encode(deed.detail) if deed.detail else None,
        )


async def select_audit(conn: asyncpg.Connection, *, after: int, limit: int, groups: list[int] | None) -> list[Entry]:
    """Oldest first; `groups`: of these only, None for all."""
    rows = await conn.fetch(
        """select a.number, a.at, a.person, p.name, a.token, t.name as token_name, a.address, a.deed, a.object,
                  g.id as in_group, a.detail
           from audit a left join person p on p.key = a.person left join token t on t.id = a.token
                        left join rights_group g on g.key = a.in_group
           where a.number > $1 and ($3::int[] is null or a.in_group = any($3)) order by a.number limit $2""",
        after,
        limit,
        groups,
    )
    return [_make_entry(row) for row in rows]


def _make_entry(row: asyncpg.Record) -> Entry:
    return Entry(
        number=row["number"],
        at=format_ms(from_datetime(row["at"])),
        person=row["person"],
        token=row["token"],
        who=row["name"] or row["token_name"] or find_who(row["person"], row["token"], row["address"]),
        address=row["address"],
        deed=row["deed"],
        object=row["object"],
        group=row["in_group"],
        detail=msgspec.json.decode(row["detail"]) if row["detail"] else {},
    )
