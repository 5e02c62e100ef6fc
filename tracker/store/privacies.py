"""Table device_privacy: when a device was vague or paused. Its triggers count the change as one of the rights."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from tracker.model.moment import datetime_to_micros, to_datetime
from tracker.model.privacy import Guise, Mode, Privacy

# Of a device `d`: it is neither vague nor paused now.
OPEN_NOW: Final = """ and not exists (select from device_privacy v where v.device = d.key
    and v.since <= clock_timestamp() and (v.until is null or v.until > clock_timestamp()))"""
# Of a row of `fix`: neither measured nor received while its device was vague or paused.
OPEN: Final = """ and not exists (select from device_privacy p where p.device = fix.device
    and ((fix.at >= p.since and (p.until is null or fix.at < p.until))
         or (fix.received_at >= p.since and (p.until is null or fix.received_at < p.until))))"""
Span = tuple[int, int, int, int]  # a number, the key of a device, and from when until when (ms, both included)


async def change_privacy(conn: asyncpg.Connection, device: int, mode: Mode | None, until: datetime | None) -> None:
    """From now on, in the transaction; None: exact."""
    await conn.execute(
        """update device set guise = coalesce(guise, nextval(pg_get_serial_sequence('device', 'key'))::integer)
           where key = $1 and ($2 or guise is not null)""",
        device,
        mode is not None,
    )
    # What was set in this very microsecond never was in force.
    await conn.execute("delete from device_privacy where device = $1 and since >= clock_timestamp()", device)
    now: datetime = await conn.fetchval("select clock_timestamp()")
    await conn.execute(
        "update device_privacy set until = $2 where device = $1 and (until is null or until > $2)", device, now
    )
    if mode is not None:
        await conn.execute(
            "insert into device_privacy (device, since, until, mode) values ($1, $2, $3, $4)", device, now, until, mode
        )


async def count_lately(conn: asyncpg.Connection, device: int) -> int:
    """How often it became vague or paused in the last hour."""
    found: int = await conn.fetchval(
        "select count(*) from device_privacy where device = $1 and since > now() - interval '1 hour'", device
    )
    return found


async def select_privacy(conn: asyncpg.Connection, device: int) -> Privacy | None:
    """What is in force now. None: it is exact."""
    row = await conn.fetchrow(
        """select mode, since, until from device_privacy where device = $1 and since <= clock_timestamp()
           and (until is null or until > clock_timestamp()) order by since desc limit 1""",
        device,
    )
    return _privacy(row) if row else None


async def select_guises(conn: asyncpg.Connection) -> dict[int, Guise]:
    """Of all devices that ever were vague or paused, by their keys."""
    devices = await conn.fetch("select key, id, guise from device where guise is not null")
    if not devices:
        return {}
    found: dict[int, list[Privacy]] = {}
    for row in await conn.fetch("select device, mode, since, until from device_privacy order by device, since"):
        found.setdefault(row["device"], []).append(_privacy(row))
    return {row["key"]: Guise(row["key"], row["id"], row["guise"], tuple(found.get(row["key"], ()))) for row in devices}


async def select_overlaps(conn: asyncpg.Connection, spans: Sequence[Span]) -> dict[int, set[int]]:
    """By the numbers of the spans, the devices that were vague or paused in one of theirs."""
    rows = await conn.fetch(
        """select distinct s.number, s.device from unnest($1::integer[], $2::integer[], $3::timestamptz[],
                  $4::timestamptz[]) as s (number, device, since, until)
           join device_privacy p on p.device = s.device and p.since <= s.until
                and (p.until is null or p.until > s.since)""",
        [number for number, _, _, _ in spans],
        [device for _, device, _, _ in spans],
        [to_datetime(since) for _, _, since, _ in spans],
        [to_datetime(until) for _, _, _, until in spans],
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row["number"], set()).add(row["device"])
    return found


def _privacy(row: asyncpg.Record) -> Privacy:
    until = row["until"]
    return Privacy(row["mode"], datetime_to_micros(row["since"]), None if until is None else datetime_to_micros(until))
