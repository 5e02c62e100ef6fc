"""Table device_status: what devices say of themselves beside their fixes, by the writer's stamp."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from tracker.model.moment import micros_to_datetime

OPEN: Final = """not exists (select from device_privacy p where p.device = s.device
    and to_timestamp(s.stamp / 1e6) >= p.since and (p.until is null or to_timestamp(s.stamp / 1e6) < p.until))"""
Row = tuple[int, int, str, float | None, int | None, bool, datetime | None, str | None]  # as the columns stand

Walked = tuple[int, int, int, bool]  # device, stamp, steps, whether a pause that it said before goes on


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
        """insert into device_status (device, stamp, page, battery, steps, paused, until, location)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        rows,
    )


async def insert_walks(conn: asyncpg.Connection, rows: Sequence[Walked]) -> None:
    """Of who says how many steps it counted, all but the battery is as it was before, unless a pause is over."""
    await conn.executemany(
        """insert into device_status (device, stamp, page, steps, paused, until, location)
           select $1, $2, coalesce(s.page, 'visible'), $3, coalesce(s.paused and $4, false),
                  case when $4 then s.until end, s.location
           from (values (1)) one left join lateral (
               select page, paused, until, location from device_status
               where device = $1 and stamp < $2 order by stamp desc limit 1) s on true""",
        rows,
    )


async def select_status(conn: asyncpg.Connection, device: int, *, is_own: bool = True) -> DeviceStatus | None:
    """None: it never said any. Of what is not the reader's own, without battery and steps where it was said while the
    device was kept from others: steps tell that somebody walks."""
    row = await conn.fetchrow(
        f"""select stamp, page, battery, steps, paused, until, not ({OPEN}) as is_kept from device_status s
           where device = $1 order by stamp desc limit 1""",
        device,
    )
    if row is None:
        return None
    *columns, is_kept = row.values()
    stamp, *others = columns
    status = DeviceStatus(micros_to_datetime(stamp), *others)
    return msgspec.structs.replace(status, battery=None, steps=None) if is_kept and not is_own else status


async def prune_statuses(conn: asyncpg.Connection) -> None:
    """Those older than 30 days, but for the newest of each device."""
    await conn.execute(
        """delete from device_status s where s.stamp < (extract(epoch from now() - interval '30 days') * 1e6)::bigint
             and exists (select from device_status n where n.device = s.device and n.stamp > s.stamp)"""
    )
