"""Table device: who reports. Whatever changes a row nudges `tracker_device` with its key in the same statement."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

import asyncpg

from tracker.errors import Conflict
from tracker.model.device import Device
from tracker.model.guard import NO_GUARD, Guard
from tracker.model.moment import from_datetime
from tracker.model.sight import Sight
from tracker.store.ownership import PARTITIONS
from tracker.store.seen import Args, seen_devices
from tracker.store.tokens import revoke_device_tokens

COLUMNS: Final = "key, id, name, category, interval_s, color, icon, photo, trips, guard_radius, guarded_at"


async def insert_device(
    conn: asyncpg.Connection, id: str, name: str, category: str | None = None, interval: float | None = None
) -> Device:
    """Conflict where the id is taken."""
    row = await conn.fetchrow(
        f"""with made as (insert into device (id, name, category, interval_s) values ($1, $2, $3, $4)
                          on conflict do nothing returning {COLUMNS})
           select made.*, pg_notify('tracker_device', key::text) from made""",
        id,
        name,
        category,
        interval,
    )
    if row is None:
        raise Conflict(f"there is a device {id} already", field="id")
    return read_device(row)


async def select_device(conn: asyncpg.Connection, sight: Sight, id: str) -> Device | None:
    args: Args = [id]
    row = await conn.fetchrow(f"select {COLUMNS} from device where id = $1{seen_devices(sight, 'key', args)}", *args)
    return read_device(row) if row else None


async def select_device_by_key(conn: asyncpg.Connection, key: int) -> Device | None:
    row = await conn.fetchrow(f"select {COLUMNS} from device where key = $1", key)
    return read_device(row) if row else None


async def select_devices_by_key(conn: asyncpg.Connection, keys: Collection[int]) -> dict[int, Device]:
    rows = await conn.fetch(f"select {COLUMNS} from device where key = any($1::integer[])", list(keys))
    return {device.key: device for device in map(read_device, rows)}


async def select_devices_of(conn: asyncpg.Connection, partitions: Collection[int]) -> list[Device]:
    rows = await conn.fetch(
        f"select {COLUMNS} from device where key % {PARTITIONS} = any($1::integer[])", list(partitions)
    )
    return list(map(read_device, rows))


async def select_devices_by_id(conn: asyncpg.Connection, ids: Collection[str]) -> dict[str, Device]:
    """Whoever sees them: the caller is asked afterwards."""
    rows = await conn.fetch(f"select {COLUMNS} from device where id = any($1::text[])", list(ids))
    return {device.id: device for device in map(read_device, rows)}


async def select_devices(
    conn: asyncpg.Connection, sight: Sight, *, after: str = "", limit: int | None = None
) -> list[Device]:
    """In the order of their ids; `after` is the last id of the page before. No limit: all of them."""
    args: Args = [after, limit]
    seen = seen_devices(sight, "key", args)
    rows = await conn.fetch(
        f"""select {COLUMNS} from device where id collate "C" > $1{seen} order by id collate "C" limit $2""", *args
    )
    return [read_device(row) for row in rows]


async def select_unknown(conn: asyncpg.Connection, sight: Sight, ids: Sequence[str]) -> str | None:
    """Any of these ids that no device has."""
    args: Args = [ids]
    seen = seen_devices(sight, "d.key", args)
    found: str | None = await conn.fetchval(
        f"""select id from unnest($1::text[]) as given (id)
            where not exists (select from device d where d.id = given.id{seen})""",
        *args,
    )
    return found


async def update_device(
    conn: asyncpg.Connection,
    id: str,
    *,
    name: str | None = None,
    category: str | None = None,
    interval: float | None = None,
) -> Device | None:
    """None leaves a value as it is; an empty category and an interval of 0 take it away."""
    row = await conn.fetchrow(
        f"""with made as (update device set name = coalesce($2, name), category = nullif(coalesce($3, category), ''),
                                 interval_s = nullif(coalesce($4, interval_s), 0)
                          where id = $1 returning {COLUMNS})
           select made.*, pg_notify('tracker_device', key::text) from made""",
        id,
        name,
        category,
        interval,
    )
    return read_device(row) if row else None


async def delete_device(
    conn: asyncpg.Connection, id: str, note: Callable[[asyncpg.Connection], Awaitable[None]] | None = None
) -> bool:
    """With its fixes, tokens, events and all else that is known of it. False where there is none. `note` writes into
    the last of its transactions; within one around all of them the device would go on sending until the end.

    It is silenced first, and most of its fixes go before its row is locked: the writer waits for that lock whenever the
    device says something to quarantine, and every other device with it.
    """
    key = await conn.fetchval("select key from device where id = $1", id)
    if key is None:
        return False
    await revoke_device_tokens(conn, key)
    await _delete_fixes(conn, key)
    async with conn.transaction():
        if await conn.fetchval("select key from device where key = $1 for update", key) is None:
            return False
        await revoke_device_tokens(conn, key)
        await _delete_fixes(conn, key)
        await conn.execute("delete from device where key = $1", key, timeout=600)
        await conn.execute("select pg_notify('tracker_device', $1)", str(key))
        if note is not None:
            await note(conn)
        return True


async def _delete_fixes(conn: asyncpg.Connection, key: int) -> None:
    """Delete its fixes, which no foreign key does: one would have to be looked up for each fix that is stored."""
    async with conn.transaction():
        await conn.execute("set local statement_timeout = '10min'")  # years of them may lie in a thousand partitions
        await conn.execute("delete from fix where device = $1", key, timeout=600)


def read_device(row: asyncpg.Record) -> Device:
    key, id, name, category, interval, color, icon, photo, trips, radius, since = (
        row[column] for column in COLUMNS.split(", ")
    )
    guard = Guard(trips, radius or 0.0, from_datetime(since) if since else 0) if trips or radius else NO_GUARD
    return Device(key, id, name, category, interval, color, icon, photo, guard)
