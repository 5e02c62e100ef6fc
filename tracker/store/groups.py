"""Table rights_group and who is in it. Changes of rights nudge `tracker_rights` by triggers."""

from collections.abc import Collection
from typing import Final, Literal

import asyncpg

from tracker.errors import Conflict
from tracker.model.group import Group, Member
from tracker.model.sight import Sight
from tracker.store.seen import Args, seen_devices

Kind = Literal["devices", "geofences", "subscriptions", "people"]
MEMBERS: Final[dict[Kind, str]] = {
    "devices": "select x.id, null as role, x.key from group_device h join device x on x.key = h.device",
    "geofences": "select x.id, null as role, x.key from group_geofence h join geofence x on x.key = h.geofence",
    "subscriptions": """select x.id, null as role, x.key from group_subscription h
                        join subscription x on x.key = h.subscription""",
    "people": "select h.person::text as id, h.role, h.person as key from group_person h",
}


async def insert_group(conn: asyncpg.Connection, id: str, name: str) -> Group:
    """Conflict where the id is taken."""
    key = await conn.fetchval(
        "insert into rights_group (id, name) values ($1, $2) on conflict do nothing returning key", id, name
    )
    if key is None:
        raise Conflict(f"there is a group {id} already", field="id")
    return Group(key, id, name)


async def select_group(conn: asyncpg.Connection, sight: Sight, id: str) -> Group | None:
    args: Args = [id]
    row = await conn.fetchrow(
        f"select key, id, name from rights_group where id = $1{_limit_to_seen(sight, args)}", *args
    )
    return Group(**row) if row else None


async def select_groups(
    conn: asyncpg.Connection, sight: Sight, *, after: str, limit: int, geofence: str | None = None
) -> list[Group]:
    """In the order of their ids; of those only that hold this geofence, where one is named."""
    args: Args = [after, limit, geofence]
    rows = await conn.fetch(
        f"""select key, id, name from rights_group
            where id collate "C" > $1{_limit_to_seen(sight, args)}
              and ($3::text is null or exists (select from group_geofence h join geofence f on f.key = h.geofence
                                               where h.in_group = rights_group.key and f.id = $3))
            order by id collate "C" limit $2""",
        *args,
    )
    return [Group(**row) for row in rows]


async def update_group(conn: asyncpg.Connection, group: Group, name: str) -> Group:
    await conn.execute("update rights_group set name = $2 where key = $1", group.key, name)
    return Group(group.key, group.id, name)


async def delete_group(conn: asyncpg.Connection, group: Group) -> None:
    """Its tokens end with it."""
    async with conn.transaction():
        await conn.execute("select pg_notify('tracker_revoked', id::text) from token where in_group = $1", group.key)
        await conn.execute("delete from rights_group where key = $1", group.key)


async def select_members(conn: asyncpg.Connection, sight: Sight, group: Group, kind: Kind) -> list[Member]:
    """Those of them that are seen, by id."""
    args: Args = [group.key]
    seen = seen_devices(sight, "h.device", args) if kind == "devices" else ""
    rows = await conn.fetch(f"{MEMBERS[kind]} where h.in_group = $1{seen} order by 1", *args)
    return [Member(row["id"], row["role"]) for row in rows]


async def is_in_any(conn: asyncpg.Connection, person: int, groups: Collection[int] | None) -> bool:
    """Whether there is such a person, in any of these groups; None: or in none."""
    if groups is None:
        return bool(await conn.fetchval("select exists (select from person where key = $1)", person))
    return bool(
        await conn.fetchval(
            "select exists (select from group_person where person = $1 and in_group = any($2::integer[]))",
            person,
            list(groups),
        )
    )


async def upsert_person_in(conn: asyncpg.Connection, group: int, person: int, role: str) -> None:
    await conn.execute(
        """insert into group_person (in_group, person, role) values ($1, $2, $3)
           on conflict (in_group, person) do update set role = excluded.role""",
        group,
        person,
        role,
    )


async def delete_person_from(conn: asyncpg.Connection, group: int, person: int) -> bool:
    """False for somebody who was not in it."""
    gone = await conn.fetchval(
        "delete from group_person where in_group = $1 and person = $2 returning true", group, person
    )
    return gone is not None


def _limit_to_seen(sight: Sight, args: Args) -> str:
    if sight.everywhere:
        return ""
    args.append(list(sight.groups))
    return f" and key = any(${len(args)}::integer[])"
