"""Tables group_device, group_geofence and group_subscription: which groups hold a thing."""

from collections.abc import Collection, Sequence
from typing import Final, Literal

import asyncpg

Noun = Literal["device", "geofence", "subscription"]
HOLDERS: Final[dict[Noun, str]] = {
    "device": "select in_group from group_device where device = $1",
    "geofence": "select in_group from group_geofence where geofence = $1",
    "subscription": "select in_group from group_subscription where subscription = $1",
}
HOLD: Final[dict[Noun, str]] = {
    "device": "insert into group_device (in_group, device) values ($1, $2) on conflict do nothing",
    "geofence": "insert into group_geofence (in_group, geofence) values ($1, $2) on conflict do nothing",
    "subscription": "insert into group_subscription (in_group, subscription) values ($1, $2) on conflict do nothing",
}
LET_GO: Final[dict[Noun, str]] = {
    "device": "delete from group_device where in_group = $1 and device = $2",
    "geofence": "delete from group_geofence where in_group = $1 and geofence = $2",
    "subscription": "delete from group_subscription where in_group = $1 and subscription = $2",
}


async def select_holders(conn: asyncpg.Connection, noun: Noun, key: int) -> list[int]:
    """The keys of the groups that hold it."""
    return [row["in_group"] for row in await conn.fetch(HOLDERS[noun], key)]


async def hold(conn: asyncpg.Connection, group: int, noun: Noun, key: int) -> None:
    await conn.execute(HOLD[noun], group, key)


async def let_go(conn: asyncpg.Connection, group: int, noun: Noun, key: int) -> None:
    await conn.execute(LET_GO[noun], group, key)


async def hold_geofences(conn: asyncpg.Connection, group: int, ids: Sequence[str]) -> None:
    await conn.execute(
        """insert into group_geofence (in_group, geofence) select $1, key from geofence where id = any($2::text[])
           on conflict do nothing""",
        group,
        ids,
    )


async def select_fences_of(conn: asyncpg.Connection, groups: Collection[int]) -> frozenset[str]:
    """The ids of the geofences that any of these groups holds."""
    rows = await conn.fetch(
        """select distinct f.id from group_geofence h join geofence f on f.key = h.geofence
           where h.in_group = any($1::integer[])""",
        list(groups),
    )
    return frozenset(row["id"] for row in rows)


async def select_group_ids(conn: asyncpg.Connection, keys: Collection[int]) -> dict[int | None, str | None]:
    rows = (
        await conn.fetch("select key, id from rights_group where key = any($1::integer[])", list(keys)) if keys else ()
    )
    return {row["key"]: row["id"] for row in rows}


async def select_group_key(conn: asyncpg.Connection, id: str) -> int | None:
    key: int | None = await conn.fetchval("select key from rights_group where id = $1", id)
    return key
