"""Tables source and source_device: addresses that speak for many devices, and whom they mean by a name."""

from collections.abc import Collection, Sequence
from typing import Final

import asyncpg

from tracker.errors import Conflict
from tracker.model.address import Address
from tracker.model.source import Source
from tracker.model.storable import make_storable
from tracker.store.addresses import read_device

Named = tuple[int, str]  # (key of the source, what it calls the device)
SELECT: Final = 'select key, id, name, in_group as "group" from source'


async def insert_source(conn: asyncpg.Connection, id: str, name: str, group: int | None) -> Source:
    """Conflict where the id is taken."""
    key = await conn.fetchval(
        "insert into source (id, name, in_group) values ($1, $2, $3) on conflict do nothing returning key",
        id,
        name,
        group,
    )
    if key is None:
        raise Conflict(f"there is a source {id} already", field="id")
    return Source(key, id, name, group)


async def upsert_source(conn: asyncpg.Connection, id: str) -> Source:
    """The one of this id, made where there is none."""
    await conn.execute("insert into source (id, name) values ($1, $1) on conflict do nothing", id)
    return Source(**await conn.fetchrow(f"{SELECT} where id = $1", id))


async def select_source(conn: asyncpg.Connection, id: str, groups: Sequence[int] | None) -> Source | None:
    """Among those of these groups (keys); None: among all."""
    row = await conn.fetchrow(
        f"{SELECT} where id = $1 and ($2::integer[] is null or in_group = any($2))",
        id,
        groups,
    )
    return Source(**row) if row else None


async def select_sources(
    conn: asyncpg.Connection, groups: Sequence[int] | None, *, after: str, limit: int
) -> list[Source]:
    """In the order of their ids."""
    rows = await conn.fetch(
        f"""{SELECT} where id collate "C" > $1 and ($2::integer[] is null or in_group = any($2))
           order by id collate "C" limit $3""",
        after,
        groups,
        limit,
    )
    return [Source(**row) for row in rows]


async def select_source_keys(conn: asyncpg.Connection, keys: Collection[str]) -> dict[str, Source]:
    """What these keys of addresses stand for; those that no source has are absent."""
    rows = await conn.fetch(
        """select ingest_key, key, id, name, in_group from source where ingest_key = any($1::text[])""", list(keys)
    )
    return {row["ingest_key"]: Source(row["key"], row["id"], row["name"], row["in_group"]) for row in rows}


async def select_source_secret(conn: asyncpg.Connection, source: int) -> tuple[str, str | None]:
    """The key of its address, and the newest of what could not be given to anybody."""
    row = await conn.fetchrow("select ingest_key, fault from source where key = $1", source)
    return row["ingest_key"], row["fault"]


async def delete_source(conn: asyncpg.Connection, source: int) -> None:
    await conn.execute("delete from source where key = $1", source)


async def lock_source(conn: asyncpg.Connection, source: int) -> None:
    """Until the end of the transaction nobody else notes names of this source: two that cut each other's list would
    wait for each other."""
    await conn.execute("select from source where key = $1 for no key update", source)


async def update_fault(conn: asyncpg.Connection, source: int, fault: str) -> None:
    await conn.execute("update source set fault = $2, fault_at = now() where key = $1", source, make_storable(fault))


async def select_named(conn: asyncpg.Connection, given: Collection[Named]) -> dict[Named, Address]:
    """Whom a source means: the device that was put there for the name; else the one that has it as its id, where the
    source may speak for it: it is in the source's group, or, for a source of the installation, nobody's own."""
    rows = await conn.fetch(
        """select g.source, g.name as said, d.key, d.id, d.name, d.category, d.interval_s, d.color, d.icon,
                  d.owntracks_secret
           from unnest($1::integer[], $2::text[]) as g (source, name)
           join source s on s.key = g.source
           cross join lateral (select coalesce(
               (select device from source_device m where m.source = g.source and m.name = g.name),
               (select f.key from device f where f.id = g.name and case
                    when s.in_group is null then f.person is null
                    else exists (select from group_device h where h.in_group = s.in_group and h.device = f.key) end)
           ) as key) meant
           join device d on d.key = meant.key""",
        [source for source, _ in given],
        [name for _, name in given],
    )
    return {(row["source"], row["said"]): Address(read_device(row), row["owntracks_secret"]) for row in rows}


async def select_names_of(conn: asyncpg.Connection, source: int, device: int) -> list[str]:
    """What this source calls the device; put there by somebody, in their order."""
    rows = await conn.fetch(
        "select name from source_device where source = $1 and device = $2 order by name", source, device
    )
    return [row["name"] for row in rows]


async def select_devices_of_source(conn: asyncpg.Connection, source: int) -> list[int]:
    """The keys of the devices that were put there for a name."""
    rows = await conn.fetch("select distinct device from source_device where source = $1", source)
    return [row["device"] for row in rows]


async def insert_name(conn: asyncpg.Connection, source: int, name: str, device: int) -> None:
    """From now on the source means this device by the name. Nudges `tracker_device`."""
    await conn.execute(
        """insert into source_device (source, name, device) values ($1, $2, $3)
           on conflict (source, name) do update set device = excluded.device""",
        source,
        name,
        device,
    )
    await conn.execute("select pg_notify('tracker_device', $1)", str(device))
