"""Who may see a device, and who looked where it was: for the person whose device it is."""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from tracker.model.audit import find_who
from tracker.store.shares import WORKS as SHARE_WORKS

MOST: Final = 200


class Watcher(msgspec.Struct, frozen=True):
    """Somebody who may see it: a person or a token, by what they are called. `group`: by which one; None: by being the
    installation's."""

    kind: str
    name: str
    role: str
    group: str | None


class Visit(msgspec.Struct, frozen=True):
    """Somebody read where it had been, or opened a link that shows it."""

    at: datetime
    who: str
    link: str | None


class Subject(msgspec.Struct, frozen=True):
    """The device that is watched, and whose it is."""

    key: int
    person: int | None
    is_hidden: bool


async def select_subject(conn: asyncpg.Connection, id: str) -> Subject | None:
    row = await conn.fetchrow(
        """select key, person, person is not null and not exists (select from group_device where device = key)
                  as is_hidden
           from device where id = $1""",
        id,
    )
    return Subject(**row) if row else None


async def select_watchers(conn: asyncpg.Connection, subject: Subject) -> list[Watcher]:
    """But for the person whose own it is; nobody but that one where no group holds it."""
    if subject.is_hidden:
        return []
    rows = await conn.fetch(
        f"""select 'person' as kind, p.name, m.role, g.id as group
            from group_device h join group_person m on m.in_group = h.in_group join person p on p.key = m.person
                 join rights_group g on g.key = h.in_group
            where h.device = $1 and p.key is distinct from $2 and not p.is_owner
            union all
            select 'person', p.name, 'owner', null from person p where p.is_owner and p.key is distinct from $2
            union all
            select 'token', t.name, t.kind, g.id from token t left join rights_group g on g.key = t.in_group
            where t.kind <> 'device' and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
              and (t.in_group is null or t.in_group in (select in_group from group_device where device = $1))
            order by 1, 4 nulls first, 2 limit {MOST}""",
        subject.key,
        subject.person,
    )
    return [Watcher(**row) for row in rows]


async def select_links(conn: asyncpg.Connection, subject: Subject) -> list[asyncpg.Record]:
    """The sharing links that show it: id, name, until."""
    found: list[asyncpg.Record] = await conn.fetch(
        f"""select s.id, s.name, s.until from share s left join token t on t.id = s.by_token
            where {SHARE_WORKS} and (exists (select from share_device h where h.share = s.key and h.device = $1)
                  or s.in_group in (select in_group from group_device where device = $1))
            order by s.key desc limit {MOST}""",
        subject.key,
    )
    return found


async def select_readings(conn: asyncpg.Connection, subject: Subject, id: str) -> list[Visit]:
    """The newest first."""
    rows = await conn.fetch(
        f"""(select a.at, coalesce(p.name, t.name) as name, a.person, a.token, a.address, null as link
             from audit a left join person p on p.key = a.person left join token t on t.id = a.token
             where a.deed = 'history.read' and a.object = $2 order by a.number desc limit {MOST})
            union all
            (select l.began_at, null, null, null, l.address, s.id
             from share_look l join share s on s.key = l.share
             where exists (select from share_device h where h.share = s.key and h.device = $1)
                   or s.in_group in (select in_group from group_device where device = $1)
             order by l.began_at desc limit {MOST})
            order by 1 desc limit {MOST}""",
        subject.key,
        id,
    )
    return [Visit(row["at"], row["name"] or _find_who(row), row["link"]) for row in rows]


def _find_who(row: asyncpg.Record) -> str:
    return str(row["address"]) if row["link"] else find_who(row["person"], row["token"], row["address"])
