"""Table refused_event: what was told and the database refuses to number, by what it holds."""

from typing import Final

import asyncpg

LONGEST: Final = 1_000  # characters of a reason


async def select_told(conn: asyncpg.Connection, id: int) -> str | None:
    """The row of unnumbered as JSON. Its device is locked as the numbering locks it, so that this is the row that comes
    next; None where somebody else has it, who deletes the device."""
    told: str | None = await conn.fetchval(
        """select to_jsonb(u)::text from unnumbered u join device d on d.key = u.device
           where u.id = $1 for key share of d skip locked""",
        id,
    )
    return told


async def insert_refused(conn: asyncpg.Connection, told: str, event: int | None, reason: str) -> None:
    """In the transaction that numbers it, without its alerts (`event`), or in which it is not numbered at all."""
    await conn.execute(
        """with told as (select $1::text::jsonb as row),
                gone as (delete from unnumbered where id = (select (row ->> 'id')::bigint from told))
           insert into refused_event (id, device, event, told, reason)
           select (row ->> 'id')::bigint, (row ->> 'device')::int, $2, row, $3 from told""",
        told,
        event,
        reason[:LONGEST],
    )


async def count_refused(conn: asyncpg.Connection) -> int:
    found: int = await conn.fetchval("select count(*) from refused_event")
    return found
