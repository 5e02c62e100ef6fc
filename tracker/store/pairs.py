"""Tables pair and pair_head: devices of which it is told when they are near each other, and the number of changes.

The pairs of a device that is deleted go with it; who holds them in memory hears of the device.
"""

from collections.abc import Collection, Iterable
from typing import Final

import asyncpg
import msgspec

from tracker.errors import Conflict, Invalid
from tracker.model.geofence import Preset
from tracker.model.pair import Meeting, Pair
from tracker.model.sight import EVERYTHING, Sight
from tracker.store.ownership import ALL, PARTITIONS
from tracker.store.seen import Args, seen_devices

MOST: Final = 10_000  # pairs
MOST_OF_ONE: Final = 100  # pairs of one device: each is looked at with every fix of it
SELECT: Final = """select p.key, p.id, p.one, p.two, p.distance, p.preset, a.id as one_id, b.id as two_id
                   from pair p join device a on a.key = p.one join device b on b.key = p.two"""
# The first statement of each change: the lock it takes puts changes in one order, which a sequence would not; see
# geofences.py.
BUMP: Final = "update pair_head set revision = revision + 1 returning revision"


async def insert_pair(
    conn: asyncpg.Connection, id: str, devices: tuple[str, str], distance: float, preset: Preset
) -> Pair:
    """Conflict where the id is taken or there is a pair of the two already, Invalid where a device is not known."""
    async with conn.transaction():
        await conn.execute(BUMP)
        keys = dict(await conn.fetch("select id, key from device where id = any($1::text[]) for key share", devices))
        if unknown := [each for each in devices if each not in keys]:
            raise Invalid(f"devices: there is no device {unknown[0]}", field="devices")
        one, two = (keys[each] for each in devices)
        await _make_room(conn, one, two)
        row = await conn.fetchrow(
            """insert into pair (id, one, two, distance, preset, since)
               values ($1, $2, $3, $4, $5, (select id from event_head)) on conflict do nothing returning key""",
            id,
            one,
            two,
            distance,
            preset,
        )
        if row is None:
            raise await _find_conflict(conn, id, devices)
    return Pair(row["key"], id, devices, (one, two), distance, preset)


async def _make_room(conn: asyncpg.Connection, one: int, two: int) -> None:
    count = await conn.fetchval("select count(*) from pair")
    if count >= MOST:
        raise Invalid(f"there may be {MOST:,} pairs")
    for key in (one, two):
        if await conn.fetchval("select count(*) from pair where $1 in (one, two)", key) >= MOST_OF_ONE:
            raise Invalid(f"devices: a device may be in {MOST_OF_ONE} pairs", field="devices")


async def _find_conflict(conn: asyncpg.Connection, id: str, devices: tuple[str, str]) -> Conflict:
    if await conn.fetchval("select true from pair where id = $1", id):
        return Conflict(f"there is a pair {id} already", field="id")
    return Conflict(f"there is a pair of {devices[0]} and {devices[1]} already", field="devices")


async def update_pair(
    conn: asyncpg.Connection, id: str, *, distance: float | None = None, preset: Preset | None = None
) -> Pair | None:
    """None leaves a value as it is. Whether the two are near each other stays as it was told."""
    changed = await conn.fetchval(
        f"""with head as ({BUMP})
            update pair set distance = coalesce($2, distance), preset = coalesce($3, preset) from head
            where id = $1 returning true""",
        id,
        distance,
        preset,
    )
    return await select_pair(conn, EVERYTHING, id) if changed else None


async def delete_pair(conn: asyncpg.Connection, id: str) -> bool:
    """Its events stay. False where there is none."""
    gone = await conn.fetchval(f"with head as ({BUMP}) delete from pair using head where id = $1 returning true", id)
    return gone is not None


async def select_pair(conn: asyncpg.Connection, sight: Sight, id: str) -> Pair | None:
    """Seen by who sees both devices."""
    args: Args = [id]
    row = await conn.fetchrow(f"{SELECT} where p.id = $1{_limit_to_seen(sight, args)}", *args)
    return _read_pair(row) if row else None


async def select_pairs(conn: asyncpg.Connection, sight: Sight, *, after: str, limit: int) -> list[Pair]:
    """In the order of their ids."""
    args: Args = [after, limit]
    seen = _limit_to_seen(sight, args)
    rows = await conn.fetch(f"""{SELECT} where p.id collate "C" > $1{seen} order by p.id collate "C" limit $2""", *args)
    return [_read_pair(row) for row in rows]


async def select_all_pairs(conn: asyncpg.Connection) -> list[Pair]:
    return [_read_pair(row) for row in await conn.fetch(SELECT)]


async def select_meetings(conn: asyncpg.Connection, partitions: Collection[int] = ALL) -> list[Meeting]:
    """Of the pairs whose first device is in these partitions, as of the stamps they hold."""
    rows = await conn.fetch(
        f"select meeting from meeting where (meeting #>> '{{pair,keys,0}}')::int % {PARTITIONS} = any($1::int[])",
        list(partitions),
    )
    return _read_meetings(rows)


async def select_meetings_across(conn: asyncpg.Connection, partitions: Collection[int]) -> list[Meeting]:
    """Those that one log folds (`seen` is none), where one of the two is in these partitions and the other is not, and
    both had one owner until now."""
    rows = await conn.fetch(
        f"""select meeting from meeting, lateral (select meeting #> '{{pair,keys}}' as keys) as pair, lease a, lease b
            where meeting ->> 'seen' is null
              and a.partition = (keys ->> 0)::int % {PARTITIONS} and b.partition = (keys ->> 1)::int % {PARTITIONS}
              and a.owner = b.owner and (a.partition = any($1)) <> (b.partition = any($1))""",
        list(partitions),
    )
    return _read_meetings(rows)


def _read_meetings(rows: Iterable[asyncpg.Record]) -> list[Meeting]:
    decoder = msgspec.json.Decoder(Meeting)
    return [decoder.decode(row["meeting"]) for row in rows]


async def upsert_meetings(conn: asyncpg.Connection, meetings: Iterable[Meeting]) -> None:
    """Replaces what is known of these pairs."""
    given = list(meetings)
    if not given:
        return
    await conn.execute(
        """insert into meeting (pair, meeting) select * from unnest($1::int[], $2::jsonb[])
           on conflict (pair) do update set meeting = excluded.meeting""",
        [each.pair.key for each in given],
        [msgspec.json.encode(each) for each in given],
    )


async def delete_meetings(conn: asyncpg.Connection, pairs: Iterable[int]) -> None:
    await conn.execute("delete from meeting where pair = any($1::int[])", list(pairs))


def _limit_to_seen(sight: Sight, args: Args) -> str:
    return seen_devices(sight, "p.one", args) + seen_devices(sight, "p.two", args)


def _read_pair(row: asyncpg.Record) -> Pair:
    return Pair(
        row["key"], row["id"], (row["one_id"], row["two_id"]), (row["one"], row["two"]), row["distance"], row["preset"]
    )
