"""Tables delivery and attempt: messages to subscribers, and each try to send one."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import asyncpg
import msgspec

from tracker.model.delivery import Attempt, Delivery, DeliveryState, Lane, Shipment
from tracker.model.moment import from_datetime, to_datetime

COLUMNS: Final = """d.id, d.subscription, coalesce(d.message, d.id) as message, d.device, d.geofence, d.type, d.count,
                    d.body, d.state, d.reason, d.attempts, d.due, d.created_at, d.finished_at"""
ALL_TIME: Final = 8_640_000_000_000  # ms: a hundred years and more
LOCK: Final = 7_400_102  # with a subscription's key: who changes which of its messages are first in their lanes
FRESH: Final = "5 minutes"  # younger ones go before all older ones


async def lock_lanes(conn: asyncpg.Connection, subscriptions: Collection[int]) -> None:
    """Lock these lanes until the end of the transaction. They are locked in one order, for two transactions that lock
    in different orders wait for each other."""
    for key in sorted(subscriptions):
        await conn.execute("select pg_advisory_xact_lock($1, $2)", LOCK, key)


async def promote_lanes(conn: asyncpg.Connection, lanes: Collection[Lane]) -> None:
    """The first that waits in each of these lanes is due. The caller has locked them."""
    subscriptions, devices, geofences = zip(*lanes, strict=True) if lanes else ((), (), ())
    await conn.execute(
        """update delivery set due = greatest(now(), not_before)
           where due is null and id in (
               select (select d.id from delivery d
                       where (d.subscription, d.device, d.geofence) = (lane.subscription, lane.device, lane.geofence)
                         and d.state = 'waiting' order by d.id limit 1)
               from unnest($1::int[], $2::text[], $3::text[]) as lane (subscription, device, geofence))""",
        subscriptions,
        devices,
        geofences,
    )


async def insert_delivery(conn: asyncpg.Connection, shipment: Shipment) -> int:
    """Its id. Whoever inserts one that waits promotes its lane afterwards."""
    id: int = await conn.fetchval(
        """insert into delivery
               (subscription, device, geofence, type, count, body, state, reason, not_before, finished_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $7 <> 'waiting' then now() end) returning id""",
        *shipment.lane,
        shipment.type,
        len(shipment.events),
        msgspec.json.encode(shipment.events),
        shipment.state,
        shipment.reason,
        to_datetime(shipment.not_before),
    )
    return id


async def update_group(conn: asyncpg.Connection, id: int, type: str, events: Sequence[msgspec.Raw]) -> None:
    """A group that still takes events takes these."""
    await conn.execute(
        "update delivery set body = body || $3, count = count + $4, type = $2 where id = $1",
        id,
        type,
        msgspec.json.encode(events),
        len(events),
    )


async def select_open_groups(conn: asyncpg.Connection, subscriptions: Sequence[int]) -> list[Delivery]:
    """Groups that were not tried yet and are not due. The caller has locked them."""
    rows = await conn.fetch(
        f"""select distinct on (d.subscription) {COLUMNS} from delivery d
            where d.subscription = any($1) and d.device = '' and d.geofence = '' and d.state = 'waiting'
              and d.attempts = 0 and d.not_before > now() and d.message is null
            order by d.subscription, d.id desc""",
        subscriptions,
    )
    return [_read_delivery(row) for row in rows]


async def select_due(conn: asyncpg.Connection, subscriptions: Collection[int], *, fresh: bool) -> list[int]:
    """Which of these have a message that could be claimed."""
    which = "d.created_at > now() - $2::text::interval" if fresh else "d.created_at <= now() - $2::text::interval"
    rows = await conn.fetch(
        f"""select wish.subscription from unnest($1::int[]) as wish (subscription)
            where exists (select from delivery d where d.subscription = wish.subscription
                          and d.state = 'waiting' and d.due <= now() and {which})""",
        list(subscriptions),
        FRESH,
    )
    return [row["subscription"] for row in rows]


async def claim_deliveries(
    conn: asyncpg.Connection, slots: dict[int, int], *, lease_s: float, fresh: bool
) -> list[Delivery]:
    """What is due, at most so many by subscription key; nobody else gets them for `lease_s`. Those of the last five
    minutes with `fresh`, the others without.
    """
    which = "d.created_at > now() - $4::text::interval order by d.created_at"
    if not fresh:
        which = "d.created_at <= now() - $4::text::interval order by d.due"
    rows = await conn.fetch(
        f"""with claimed as (
                select due.id from unnest($1::int[], $2::int[]) as wish (subscription, slots)
                cross join lateral (
                    select d.id from delivery d
                    where d.subscription = wish.subscription and d.state = 'waiting' and d.due <= now() and {which}
                    limit wish.slots for update skip locked) as due)
            update delivery d set due = now() + make_interval(secs => $3), attempts = attempts + 1
            from claimed where d.id = claimed.id returning {COLUMNS}""",
        list(slots),
        list(slots.values()),
        lease_s,
        FRESH,
    )
    return sorted((_read_delivery(row) for row in rows), key=lambda each: each.id)


async def update_delivery_tried(
    conn: asyncpg.Connection, delivery: Delivery, attempt: Attempt, state: DeliveryState, wait_s: float | None
) -> None:
    """The attempt goes into the log. `wait_s`: until the next, where it waits on."""
    async with conn.transaction():
        await lock_lanes(conn, [delivery.subscription])
        await conn.execute(
            """insert into attempt (delivery, number, at, ms, status, error)
               select $1, $2, $3, $4, $5, $6 where exists (select from delivery where id = $1)
               on conflict do nothing""",
            delivery.id,
            attempt.number,
            to_datetime(attempt.at),
            attempt.ms,
            attempt.status,
            attempt.error,
        )
        await conn.execute(
            """update delivery set state = $2, reason = $3, due = now() + make_interval(secs => $4),
                      finished_at = case when $2 <> 'waiting' then now() end
               where id = $1 and state = 'waiting'""",
            delivery.id,
            state,
            attempt.error,
            wait_s,
        )
        if state != "waiting":
            await promote_lanes(conn, [delivery.lane])


async def update_delivery_skipped(conn: asyncpg.Connection, delivery: Delivery, reason: str) -> None:
    """Note that it is not sent after all, and why."""
    async with conn.transaction():
        await lock_lanes(conn, [delivery.subscription])
        await conn.execute(
            """update delivery set state = 'skipped', reason = $2, due = null, finished_at = now()
               where id = $1 and state = 'waiting'""",
            delivery.id,
            reason,
        )
        await promote_lanes(conn, [delivery.lane])


async def hasten_retries(
    conn: asyncpg.Connection, subscriptions: Sequence[int], *, within_s: float, after_s: float
) -> None:
    """The receiver is back: what would be tried later than in `after_s` is tried within `within_s`, spread."""
    await conn.execute(
        """update delivery set due = now() + random() * make_interval(secs => $2)
           where subscription = any($1) and state = 'waiting' and attempts > 0
             and due > now() + make_interval(secs => $3)""",
        subscriptions,
        within_s,
        after_s,
    )


class Past(NamedTuple):
    """Deliveries in these states that were made from `since` until `until` (ms); with `ids`, of those only."""

    states: Sequence[DeliveryState]
    since: int = 0
    until: int = ALL_TIME
    ids: Sequence[int] | None = None


async def replay_deliveries(conn: asyncpg.Connection, subscription: int, past: Past, most: int) -> list[int]:
    """Send these again, the oldest first. The receiver sees the same message ids. The ids of the new deliveries."""
    async with conn.transaction():
        await lock_lanes(conn, [subscription])
        rows = await conn.fetch(
            """insert into delivery (subscription, message, device, geofence, type, count, body, state)
               select subscription, coalesce(message, id), device, geofence, type, count, body, 'waiting' from delivery
               where subscription = $1 and state = any($5) and created_at >= $3 and created_at <= $4
                 and ($2::bigint[] is null or id = any($2))
               order by id limit $6 returning id, subscription, device, geofence""",
            subscription,
            past.ids,
            to_datetime(past.since),
            to_datetime(past.until),
            past.states,
            most,
        )
        await promote_lanes(conn, {find_lane(row) for row in rows})
        return [row["id"] for row in rows]


async def select_deliveries(
    conn: asyncpg.Connection, subscription: int, *, before: int, limit: int, states: Sequence[str] | None = None
) -> list[Delivery]:
    """The newest first, with ids below `before`."""
    rows = await conn.fetch(
        f"""select {COLUMNS} from delivery d where subscription = $1 and id < $2
            and ($4::text[] is null or state = any($4)) order by id desc limit $3""",
        subscription,
        before,
        limit,
        states,
    )
    return [_read_delivery(row) for row in rows]


async def select_attempts(conn: asyncpg.Connection, deliveries: Sequence[int]) -> dict[int, list[Attempt]]:
    """By delivery, in their order."""
    found: dict[int, list[Attempt]] = {}
    rows = await conn.fetch("select * from attempt where delivery = any($1) order by delivery, number", deliveries)
    for row in rows:
        attempt = Attempt(row["number"], from_datetime(row["at"]), row["ms"], row["status"], row["error"])
        found.setdefault(row["delivery"], []).append(attempt)
    return found


def _read_delivery(row: asyncpg.Record) -> Delivery:
    due, finished = row["due"], row["finished_at"]
    return Delivery(
        id=row["id"],
        subscription=row["subscription"],
        message=row["message"],
        device=row["device"],
        geofence=row["geofence"],
        type=row["type"],
        count=row["count"],
        body=msgspec.Raw(row["body"]),
        state=row["state"],
        reason=row["reason"],
        attempts=row["attempts"],
        due=from_datetime(due) if due else None,
        created_at=from_datetime(row["created_at"]),
        finished_at=from_datetime(finished) if finished else None,
    )


def find_lane(row: asyncpg.Record) -> Lane:
    return Lane(row["subscription"], row["device"], row["geofence"])
