"""Table repeated_fix: how many fixes of a device came again, by the hour."""

from collections.abc import Mapping
from typing import Final

import asyncpg

HOUR_US: Final = 3_600_000_000
HOURS: Final = 24  # that are kept


async def add_repeats(conn: asyncpg.Connection, counts: Mapping[tuple[int, int], int]) -> None:
    """By device and hour. Of a device that is gone, or is being deleted, nothing is kept: joined without a lock, its
    row could go before ours is looked at, which refuses all of them."""
    await conn.execute(
        """insert into repeated_fix (device, hour, count)
           select each.device, each.hour, each.count
           from unnest($1::int[], $2::bigint[], $3::bigint[]) as each (device, hour, count)
           join (select key from device where key = any($1) for key share skip locked) d on d.key = each.device
           on conflict (device, hour) do update set count = repeated_fix.count + excluded.count""",
        [device for device, _ in counts],
        [hour for _, hour in counts],
        [*counts.values()],
    )


def find_begin(now: int) -> int:
    """The first hour of the last day; `now` in µs."""
    return now // HOUR_US - HOURS + 1


async def sum_repeats(conn: asyncpg.Connection, device: int, now: int) -> int:
    """Of the last day; `now` in µs."""
    found: int = await conn.fetchval(
        "select coalesce(sum(count), 0)::bigint from repeated_fix where device = $1 and hour >= $2",
        device,
        find_begin(now),
    )
    return found


async def prune_repeats(conn: asyncpg.Connection, now: int) -> None:
    await conn.execute("delete from repeated_fix where hour < $1", find_begin(now))
