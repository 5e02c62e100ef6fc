"""What the log knows of a device of the last day, for whoever asks what is wrong with it."""

from typing import Final

import asyncpg
import msgspec

from tracker.model.fix import Row
from tracker.model.moment import DAY_MS, datetime_to_micros, from_datetime, to_datetime
from tracker.store.fix_rows import COLUMNS
from tracker.store.fixes import to_fix

MOST: Final = 1_000  # fixes that are looked at, the newest
REACH_MS: Final = 8 * DAY_MS  # how old a fix may be that was received in the last day, for the count of them


class RefusalCount(msgspec.Struct, frozen=True):
    """`since` in ms."""

    reason: str
    count: int
    since: int


async def select_newest_rows(conn: asyncpg.Connection, device: int, now: int) -> list[Row]:
    """By time; also older ones, where there are none of the last day."""
    names = ", ".join(COLUMNS)
    query = f"select {names} from fix where device = $1 and at > $2 order by at desc limit $3"
    found = await conn.fetch(query, device, to_datetime(now - DAY_MS), MOST)
    found = found or await conn.fetch(query, device, to_datetime(0), 1)
    return [Row(device, datetime_to_micros(each["received_at"]), to_fix(each)) for each in reversed(found)]


async def count_stored(conn: asyncpg.Connection, device: int, now: int) -> int:
    """Received in the last day."""
    count: int = await conn.fetchval(
        "select count(*) from fix where device = $1 and at > $2 and received_at > $3",
        device,
        to_datetime(now - REACH_MS),
        to_datetime(now - DAY_MS),
    )
    return count


async def select_refused(conn: asyncpg.Connection, device: int, now: int) -> list[RefusalCount]:
    """Of the last day; the most frequent first."""
    rows = await conn.fetch(
        """select reason, count(*) as count, min(received_at) as since from quarantine
           where device = $1 and received_at > $2 group by reason order by count(*) desc, reason""",
        device,
        to_datetime(now - DAY_MS),
    )
    return [RefusalCount(row["reason"], row["count"], from_datetime(row["since"])) for row in rows]
