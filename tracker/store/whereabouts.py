"""Where all devices are that may be told to a program of the operator's, by the newest checkpoint; and table
announced."""

from collections.abc import Collection

import asyncpg

from tracker.model.whereabouts import Whereabouts
from tracker.store.positions import decode_state
from tracker.store.privacies import OPEN_NOW


async def select_whereabouts(conn: asyncpg.Connection) -> list[Whereabouts]:
    """Without what is somebody's own and in no group, and without those that are vague or paused now."""
    fences = {
        row["key"]: row["name"] or row["id"]
        for row in await conn.fetch("select key, id, feature->'properties'->>'name' as name from geofence")
    }
    rows = await conn.fetch(
        f"""select d.key, d.name, d.category, p.state::text as state from device d join position p on p.device = d.key
           where p.place is not null
             and (d.person is null or exists (select from group_device g where g.device = d.key)){OPEN_NOW}
           order by d.key"""
    )
    found = []
    for row in rows:
        state = decode_state(row["state"])
        if state.newest is not None:
            inside = frozenset(fences[key] for key in state.inside if key in fences)
            status = state.status.name.lower()
            found.append(Whereabouts(row["key"], row["name"], row["category"], state.newest, inside, status))
    return found


async def select_announced(conn: asyncpg.Connection) -> set[int]:
    return {row["device"] for row in await conn.fetch("select device from announced")}


async def insert_announced(conn: asyncpg.Connection, devices: Collection[int]) -> None:
    await conn.execute(
        "insert into announced select unnest($1::integer[]) on conflict do nothing", list(devices), timeout=30
    )


async def delete_announced(conn: asyncpg.Connection, devices: Collection[int]) -> None:
    await conn.execute("delete from announced where device = any($1::integer[])", list(devices))
