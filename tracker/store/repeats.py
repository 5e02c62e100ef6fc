"""Table repeated_fix: how many fixes of a device came again, by the hour."""

from collections.abc import Mapping

import asyncpg


async def add_repeats(conn: asyncpg.Connection, counts: Mapping[tuple[int, int], int]) -> None:
    """By device and hour. Of a device that is gone nothing is kept."""
    await conn.execute(
        """insert into repeated_fix (device, hour, count)
           select each.device, each.hour, each.count
           from unnest($1::int[], $2::bigint[], $3::bigint[]) as each (device, hour, count)
           join device d on d.key = each.device
           on conflict (device, hour) do update set count = repeated_fix.count + excluded.count""",
        [device for device, _ in counts],
        [hour for _, hour in counts],
        [*counts.values()],
    )


async def sum_repeats(conn: asyncpg.Connection, device: int, since: int) -> int:
    """From this hour on."""
    found: int = await conn.fetchval(
        "select coalesce(sum(count), 0)::bigint from repeated_fix where device = $1 and hour >= $2", device, since
    )
    return found


async def prune_repeats(conn: asyncpg.Connection, since: int) -> None:
    await conn.execute("delete from repeated_fix where hour < $1", since)
