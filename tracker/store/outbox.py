"""Table outbox: events that somebody wished to be told of, from their commit until they are deliveries."""

from collections.abc import Sequence

import asyncpg
import msgspec

from tracker.model.delivery import Parcel
from tracker.model.moment import from_datetime, to_datetime


async def insert_outbox(conn: asyncpg.Connection, parcels: Sequence[Parcel]) -> None:
    """Inside the transaction of the events."""
    await conn.copy_records_to_table(
        "outbox",
        columns=("event", "subscription", "device", "geofence", "type", "at", "detected_at", "body"),
        records=[
            (
                each.event,
                each.subscription,
                each.device,
                each.geofence,
                each.type,
                to_datetime(each.at),
                to_datetime(each.detected_at),
                bytes(each.body),
            )
            for each in parcels
        ],
    )


async def delete_outbox(conn: asyncpg.Connection, events: Sequence[int]) -> None:
    """What still waits of these events."""
    await conn.execute("delete from outbox where event = any($1::bigint[])", events)


async def take_outbox(conn: asyncpg.Connection, *, most: int) -> list[Parcel]:
    """The oldest, in their order; inside the transaction that makes deliveries of them."""
    rows = await conn.fetch(
        """delete from outbox where (event, subscription) in
               (select event, subscription from outbox order by event, subscription limit $1)
           returning *""",
        most,
    )
    rows.sort(key=lambda row: (row["event"], row["subscription"]))
    return [
        Parcel(
            row["event"],
            row["subscription"],
            row["device"],
            row["geofence"],
            row["type"],
            from_datetime(row["at"]),
            from_datetime(row["detected_at"]),
            msgspec.Raw(row["body"]),
        )
        for row in rows
    ]
