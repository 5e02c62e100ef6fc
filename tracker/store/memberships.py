"""Table group_person: who is in which group, and as what."""

from collections.abc import Collection, Sequence

import asyncpg
import msgspec


class Membership(msgspec.Struct, frozen=True):
    """`group` is the id of the group, `key` its number."""

    person: int
    key: int
    group: str
    role: str


class GroupPlace(msgspec.Struct, frozen=True):
    """A group somebody is asked into: `role` is that of the one who asks for it, None where that one is not in it."""

    key: int
    name: str
    role: str | None


async def select_memberships(conn: asyncpg.Connection, people: Collection[int]) -> list[Membership]:
    rows = await conn.fetch(
        """select m.person, g.key, g.id as group, m.role from group_person m join rights_group g on g.key = m.in_group
           where m.person = any($1::int[]) order by g.id""",
        list(people),
    )
    return [Membership(**row) for row in rows]


async def select_place(conn: asyncpg.Connection, group: str, person: int | None) -> GroupPlace | None:
    """None for a group that is not there."""
    row = await conn.fetchrow(
        """select g.key, g.name, (select m.role from group_person m where m.in_group = g.key and m.person = $2) as role
           from rights_group g where g.id = $1""",
        group,
        person,
    )
    return GroupPlace(**row) if row else None


async def is_manager(conn: asyncpg.Connection, group: int, person: int) -> bool:
    """Also the owner of the installation is one, of every group."""
    return bool(
        await conn.fetchval(
            """select exists (select from group_person where in_group = $1 and person = $2 and role = 'manager')
                   or exists (select from person where key = $2 and is_owner)""",
            group,
            person,
        )
    )


async def select_people_of(conn: asyncpg.Connection, groups: Sequence[int]) -> list[int]:
    """Who is in any of these groups."""
    rows = await conn.fetch("select distinct person from group_person where in_group = any($1::int[])", groups)
    return [row["person"] for row in rows]


async def join_group(conn: asyncpg.Connection, group: int, person: int, role: str) -> None:
    """Who is in it already keeps the greater of the two roles: an invitation takes nothing away."""
    await conn.execute(
        """insert into group_person as m (in_group, person, role) values ($1, $2, $3)
           on conflict (in_group, person) do update set role = excluded.role
           where array_position(array['viewer', 'dispatcher', 'manager'], excluded.role)
               > array_position(array['viewer', 'dispatcher', 'manager'], m.role)""",
        group,
        person,
        role,
    )
