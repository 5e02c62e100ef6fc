"""Tables delivery and cooldown, the rest: what waits and what is dead is counted, and nothing grows for ever."""

from collections.abc import Mapping
from typing import Final

import asyncpg
import msgspec

from tracker.model.delivery import Lane
from tracker.model.moment import from_datetime, to_datetime
from tracker.store.deliveries import find_lane, lock_lanes, promote_lanes

KEPT: Final = "30 days"  # finished deliveries and their attempts
EXPIRED: Final = "7 days"  # longer than the schedule: only those of disabled subscriptions wait so long
AT_ONCE: Final = 5_000  # rows of one statement


class Backlog(msgspec.Struct, frozen=True):
    waiting: int
    dead: int
    oldest: float  # s that the oldest waits


async def select_backlog(conn: asyncpg.Connection) -> Backlog:
    row = await conn.fetchrow(
        """select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'dead') as dead,
                  coalesce(extract(epoch from now() - min(created_at) filter (where state = 'waiting')), 0)::float8
                      as oldest
           from delivery where state in ('waiting', 'dead')"""
    )
    return Backlog(**row)


async def prune_deliveries(conn: asyncpg.Connection) -> None:
    """Of deleted subscriptions, and those that finished long ago; what waits too long is a dead letter."""
    await conn.execute(
        """delete from delivery where id in (
               select d.id from delivery d where not exists (select from subscription s where s.key = d.subscription)
               limit $1)""",
        AT_ONCE,
    )
    await conn.execute(
        """delete from delivery where id in (
               select id from delivery
               where created_at < now() - $1::text::interval and state <> 'waiting' limit $2)""",
        KEPT,
        AT_ONCE,
    )
    await conn.execute(
        """delete from cooldown where told_at < now() - $1::text::interval
           or not exists (select from subscription s where s.key = cooldown.subscription)""",
        KEPT,
    )
    await _expire(conn)


async def _expire(conn: asyncpg.Connection) -> None:
    """Of one subscription at a time."""
    key = await conn.fetchval(
        "select subscription from delivery where state = 'waiting' and created_at < now() - $1::text::interval limit 1",
        EXPIRED,
    )
    if key is None:
        return
    async with conn.transaction():
        await lock_lanes(conn, [key])
        rows = await conn.fetch(
            """update delivery set state = 'dead', reason = 'expired', finished_at = now() where id in (
                   select id from delivery where subscription = $1 and state = 'waiting'
                   and created_at < now() - $2::text::interval order by id limit $3)
               returning subscription, device, geofence""",
            key,
            EXPIRED,
            AT_ONCE,
        )
        await promote_lanes(conn, {find_lane(row) for row in rows})


async def bury_unnoted(conn: asyncpg.Connection, *, attempts: int, reason: str) -> None:
    """What was claimed so often and waits all the same: nobody could note what became of it, so it is given up."""
    rows = await conn.fetch(
        """select id, subscription, device, geofence from delivery
           where state = 'waiting' and attempts >= $1 and due <= now() limit $2""",
        attempts,
        AT_ONCE,
    )
    if not rows:
        return
    async with conn.transaction():
        await lock_lanes(conn, {row["subscription"] for row in rows})
        await conn.execute(
            """update delivery set state = 'dead', reason = $2, finished_at = now()
               where id = any($1) and state = 'waiting' and due <= now()""",
            [row["id"] for row in rows],
            reason,
        )
        await promote_lanes(conn, {find_lane(row) for row in rows})


async def select_cooldowns(conn: asyncpg.Connection, lanes: list[Lane]) -> dict[Lane, int]:
    """When each was last told, in ms."""
    subscriptions, devices, geofences = zip(*lanes, strict=True) if lanes else ((), (), ())
    rows = await conn.fetch(
        """select c.* from unnest($1::int[], $2::text[], $3::text[]) as lane (subscription, device, geofence)
           join cooldown c using (subscription, device, geofence)""",
        subscriptions,
        devices,
        geofences,
    )
    return {find_lane(row): from_datetime(row["told_at"]) for row in rows}


async def upsert_cooldowns(conn: asyncpg.Connection, told: Mapping[Lane, int]) -> None:
    await conn.executemany(
        """insert into cooldown (subscription, device, geofence, told_at) values ($1, $2, $3, $4)
           on conflict (subscription, device, geofence) do update set told_at = excluded.told_at""",
        [(*lane, to_datetime(at)) for lane, at in told.items()],
    )
