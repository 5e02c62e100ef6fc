"""What there is of a device, and would go with it: counted, for whoever is about to erase it."""

from typing import Final

import asyncpg
import msgspec

from tracker.model.moment import from_datetime

MOST: Final = 1_000_000  # fixes that are counted: nobody's mind is changed by more, and years of them take a minute


class Belongings(msgspec.Struct, frozen=True):
    """`fixes`: MOST where there are as many or more. `first` and `last`: of the fixes, in ms."""

    fixes: int
    first: int | None
    last: int | None
    events: int
    messages: int
    pairs: int


async def count_contents(conn: asyncpg.Connection, device: int) -> Belongings:
    """`device`: the key."""
    row = await conn.fetchrow(
        """select (select count(*) from (select from fix where device = $1 limit $2) as counted) as fixes,
                  (select min(at) from fix where device = $1) as first,
                  (select max(at) from fix where device = $1) as last,
                  (select count(*) from event where device = $1) as events,
                  (select count(*) from message where device = $1) as messages,
                  (select count(*) from pair where $1 in (one, two)) as pairs""",
        device,
        MOST,
    )
    first, last = row["first"], row["last"]
    return Belongings(
        row["fixes"],
        from_datetime(first) if first else None,
        from_datetime(last) if last else None,
        row["events"],
        row["messages"],
        row["pairs"],
    )
