"""Tables gathering and gathering_device: links for many phones, and how far each came."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import asyncpg

from tracker.errors import Conflict
from tracker.model.gathering import Gathering, GatheringPhone, find_step

GAP: Final = "2 minutes"  # between two positions: more is a gap
STEADY: Final = "30 minutes"  # without one
REMINDED: Final = "10 minutes"  # between two reminders
COLUMNS: Final = 'g.key, g.id, g.name, g.in_group as "group", r.id as group_id, g.most, g.expires_at'
FROM: Final = "from gathering g join rights_group r on r.key = g.in_group"


async def insert_gathering(conn: asyncpg.Connection, gathering: Gathering, hash: bytes) -> None:
    """`key` and `group_id` are the table's to give. Conflict where the id is taken."""
    made = await conn.fetchval(
        """insert into gathering (id, name, in_group, hash, most, expires_at) values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do nothing returning key""",
        gathering.id,
        gathering.name,
        gathering.group,
        hash,
        gathering.most,
        gathering.expires_at,
    )
    if made is None:
        raise Conflict(f"there is a gathering {gathering.id} already; choose another id", field="id")


async def select_gathering(conn: asyncpg.Connection, id: str) -> Gathering | None:
    row = await conn.fetchrow(f"select {COLUMNS} {FROM} where g.id = $1", id)
    return Gathering(**row) if row else None


async def select_gatherings(conn: asyncpg.Connection, groups: Collection[int] | None) -> list[Gathering]:
    """Of these groups (keys; None: all), the newest first."""
    rows = await conn.fetch(
        f"select {COLUMNS} {FROM} where $1::integer[] is null or g.in_group = any($1) order by g.key desc limit 1000",
        None if groups is None else list(groups),
    )
    return [Gathering(**row) for row in rows]


async def delete_gathering(conn: asyncpg.Connection, key: int) -> None:
    """Its devices stay."""
    await conn.execute("delete from gathering where key = $1", key)


async def use_gathering(conn: asyncpg.Connection, hash: bytes) -> tuple[Gathering, int] | None:
    """With the number of the phone that comes now; None: none is open by this code, or it is full. Two that come at
    once wait for each other here. Inside a transaction."""
    row = await conn.fetchrow(
        f"select {COLUMNS} {FROM} where g.hash = $1 and g.expires_at > now() for update of g", hash
    )
    if row is None:
        return None
    found = Gathering(**row)
    last: int = await conn.fetchval(
        "select coalesce(max(number), 0) from gathering_device where gathering = $1", found.key
    )
    return (found, last + 1) if last < found.most else None


async def insert_gathering_device(conn: asyncpg.Connection, gathering: int, device: int, number: int) -> None:
    await conn.execute(
        "insert into gathering_device (gathering, device, number) values ($1, $2, $3)", gathering, device, number
    )


async def select_gathering_phones(conn: asyncpg.Connection, gathering: int) -> list[GatheringPhone]:
    """In the order in which they came. The time without a gap is looked for in the day after the scan."""
    rows = await conn.fetch(
        f"""with phone as (select p.*, d.id from gathering_device p join device d on d.key = p.device
                           where p.gathering = $1),
                 placed as (select f.device, f.at, f.at - lag(f.at) over w > interval '{GAP}' as is_cut
                            from phone p join fix f on f.device = p.device and f.at >= p.scanned_at - interval '{GAP}'
                                 and f.at < p.scanned_at + interval '1 day'
                            window w as (partition by f.device order by f.at)),
                 stretch as (select device, at, count(*) filter (where is_cut)
                                                over (partition by device order by at) as number from placed),
                 longest as (select device, max(span) as span
                             from (select device, max(at) - min(at) as span from stretch group by device, number) s
                             group by device)
            select p.device as key, p.id as device, p.number, p.scanned_at, p.reminded_at,
                   exists (select from device_status s where s.device = p.device and s.location = 'granted') as allowed,
                   (select location from device_status s where s.device = p.device and s.location is not null
                    order by stamp desc limit 1) = 'denied' as denied,
                   l.device is not null as placed, coalesce(l.span >= interval '{STEADY}', false) as steady
            from phone p left join longest l on l.device = p.device order by p.number""",
        gathering,
    )
    return [
        GatheringPhone(
            row["key"],
            row["device"],
            row["number"],
            find_step(row["allowed"], row["placed"], row["steady"]),
            bool(row["denied"]),
            row["scanned_at"],
            row["reminded_at"],
        )
        for row in rows
    ]


async def claim_reminder(conn: asyncpg.Connection, device: int) -> datetime | None:
    """None: it was reminded a moment ago."""
    at: datetime | None = await conn.fetchval(
        f"""update gathering_device set reminded_at = now()
            where device = $1 and (reminded_at is null or reminded_at < now() - interval '{REMINDED}')
            returning reminded_at""",
        device,
    )
    return at
