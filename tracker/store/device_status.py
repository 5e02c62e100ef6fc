"""Table device_status: what devices say of themselves beside their fixes, by the writer's stamp."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from tracker.model.moment import micros_to_datetime

Row = tuple[int, int, str, float | None, int | None, bool, datetime | None]  # as the columns stand


class DeviceStatus(msgspec.Struct, frozen=True):
    """The newest word of a device."""

    at: datetime
    page: str
    battery: float | None
    steps: int | None
    paused: bool
    until: datetime | None


async def insert_statuses(conn: asyncpg.Connection, rows: Sequence[Row]) -> None:
    await conn.executemany(
        """insert into device_status (device, stamp, page, battery, steps, paused, until)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        rows,
    )


async def select_status(conn: asyncpg.Connection, device: int) -> DeviceStatus | None:
    """None: it never said any."""
    row = await conn.fetchrow(
        """select stamp, page, battery, steps, paused, until from device_status
           where device = $1 order by stamp desc limit 1""",
        device,
    )
    if row is None:
        return None
    stamp, *others = row.values()
    return DeviceStatus(micros_to_datetime(stamp), *others)


async def prune_statuses(conn: asyncpg.Connection) -> None:
    """Those older than 30 days, but for the newest of each device."""
    await conn.execute(
        """delete from device_status s where s.stamp < (extract(epoch from now() - interval '30 days') * 1e6)::bigint
             and exists (select from device_status n where n.device = s.device and n.stamp > s.stamp)"""
    )
