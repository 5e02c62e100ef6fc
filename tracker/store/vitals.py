"""What the log knows of a device of the last day, for whoever asks what is wrong with it. Of what is not the reader's
own, what was kept from others is left out."""

from typing import Final

import asyncpg
import msgspec

from tracker.model.fix import Row
from tracker.model.moment import DAY_MS, datetime_to_micros, from_datetime, to_datetime
from tracker.store.fix_columns import COLUMNS, to_fix
from tracker.store.privacies import OPEN
from tracker.store.quarantine import OPEN as OPEN_REFUSED

MOST: Final = 1_000  # fixes that are looked at, the newest
MOST_GAPS: Final = 5
AHEAD_MS: Final = 600_000  # how far ahead of ours a device's clock may be
REACH_MS: Final = 8 * DAY_MS  # how old a fix may be that was received in the last day, for the count of them


class RefusalCount(msgspec.Struct, frozen=True):
    """`since` in ms; `text`: the newest that came, cut."""

    reason: str
    count: int
    since: int
    text: str


class Hour(msgspec.Struct, frozen=True):
    """What came of an hour. `begin` in ms; `accuracy`: the median, m; `battery`: the last, 0 to 1."""

    begin: int
    fixes: int
    accuracy: float | None
    battery: float | None


class Gap(msgspec.Struct, frozen=True):
    """Without a fix for so many seconds since `since` (ms)."""

    since: int
    seconds: float


def find_open(is_own: bool) -> str:
    return "" if is_own else OPEN


async def select_newest_rows(conn: asyncpg.Connection, device: int, now: int, *, is_own: bool = True) -> list[Row]:
    """By time; also older ones, where there are none of the last day."""
    names = ", ".join(COLUMNS)
    query = f"select {names} from fix where device = $1 and at > $2{find_open(is_own)} order by at desc limit $3"
    found = await conn.fetch(query, device, to_datetime(now - DAY_MS), MOST)
    found = found or await conn.fetch(query, device, to_datetime(0), 1)
    return [Row(device, datetime_to_micros(each["received_at"]), to_fix(each)) for each in reversed(found)]


async def count_stored(conn: asyncpg.Connection, device: int, now: int, *, is_own: bool = True) -> int:
    """Received in the last day."""
    count: int = await conn.fetchval(
        f"select count(*) from fix where device = $1 and at > $2 and received_at > $3{find_open(is_own)}",
        device,
        to_datetime(now - REACH_MS),
        to_datetime(now - DAY_MS),
    )
    return count


async def select_refused(conn: asyncpg.Connection, device: int, now: int, *, is_own: bool = True) -> list[RefusalCount]:
    """Of the last day; the most frequent first."""
    rows = await conn.fetch(
        f"""select reason, count(*) as count, min(received_at) as since,
                  (array_agg(left(text, 400) order by id desc))[1] as text from quarantine
           where device = $1 and received_at > $2{"" if is_own else OPEN_REFUSED}
           group by reason order by count(*) desc, reason""",
        device,
        to_datetime(now - DAY_MS),
    )
    return [RefusalCount(row["reason"], row["count"], from_datetime(row["since"]), row["text"]) for row in rows]


async def select_hours(conn: asyncpg.Connection, device: int, now: int, *, is_own: bool = True) -> list[Hour]:
    """Of the last day, by the time of the fixes; without those of which nothing came."""
    rows = await conn.fetch(
        f"""select date_trunc('hour', at, 'UTC') as begin, count(*) as fixes,
                  percentile_cont(0.5) within group (order by accuracy) as accuracy,
                  (array_agg(battery_e4 order by at desc) filter (where battery_e4 is not null))[1] as battery
           from fix where device = $1 and at > $2 and at <= $3{find_open(is_own)}
           group by 1 order by 1""",
        device,
        to_datetime(now - DAY_MS),
        to_datetime(now + AHEAD_MS),
    )
    return [
        Hour(
            from_datetime(row["begin"]),
            row["fixes"],
            None if row["accuracy"] is None else round(row["accuracy"], 1),
            None if row["battery"] is None else row["battery"] / 10_000,
        )
        for row in rows
    ]


async def select_gaps(
    conn: asyncpg.Connection, device: int, now: int, least: float, *, is_own: bool = True
) -> list[Gap]:
    """The longest of the last day, of `least` seconds, the longest first."""
    rows = await conn.fetch(
        f"""select at, seconds from (
               select at, extract(epoch from lead(at) over (order by at) - at)::float8 as seconds
               from fix where device = $1 and at > $2{find_open(is_own)}) as gap
           where seconds >= $3 order by seconds desc, at limit $4""",
        device,
        to_datetime(now - DAY_MS),
        least,
        MOST_GAPS,
    )
    return [Gap(from_datetime(row["at"]), round(row["seconds"], 1)) for row in rows]
