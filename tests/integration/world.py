"""Two depots and a person's own phone: who is there, who may see what, and clients for each kind of reader."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tracker.access.tokens import digest, issue, new_secret
from tracker.model.token import TokenKind

DEVICES: Final = {"north-van": "north", "south-van": "south", "both-van": "north south", "loose-van": ""}
FENCES: Final = {"north-yard": "north", "south-yard": "south", "loose-yard": ""}
SOURCES: Final = {"north-source": "north", "south-source": "south", "loose-source": ""}
WISHES: Final = {"north-wish": "north", "south-wish": "south", "loose-wish": ""}
ROLES: Final[Sequence[TokenKind]] = ("viewer", "dispatcher", "manager")
SQUARE: Final = '{"type":"Polygon","coordinates":[[[7,43],[8,43],[8,44],[7,44],[7,43]]]}'


async def build(conn: asyncpg.Connection) -> None:
    """As it is at first; what a test took away is put back."""
    await insert_people(conn)
    await insert_devices(conn)
    await insert_fences(conn)
    await insert_wishes(conn)
    await insert_sources(conn)
    for table, things in (("device", DEVICES), ("geofence", FENCES), ("subscription", WISHES)):
        await put_into_groups(conn, table, things)


async def insert_people(conn: asyncpg.Connection) -> None:
    """The two groups, and who is in them; whom each person is called after is their role."""
    await conn.execute(
        "insert into rights_group (id, name) values ('north', 'N'), ('south', 'S') on conflict do nothing"
    )
    await conn.execute(
        """insert into person (email, name, is_owner)
           select mail, mail, mail = 'owner' from unnest(array['owner', 'child', 'nobody', 'viewer', 'dispatcher',
                  'manager', 'southern']) as given (mail)
           on conflict do nothing"""
    )
    await conn.execute(
        """insert into group_person (in_group, person, role)
           select g.key, p.key, case p.email when 'southern' then 'manager' else p.email end
           from rights_group g join person p
             on p.email = any(array['viewer', 'dispatcher', 'manager']) and g.id = 'north'
                or p.email = 'southern' and g.id = 'south'
           on conflict (in_group, person) do update set role = excluded.role"""
    )


async def insert_devices(conn: asyncpg.Connection) -> None:
    """The vans, the child's phone, and pairs of vans."""
    await conn.execute(
        "insert into device (id, name) select id, id from unnest($1::text[]) as id on conflict do nothing",
        list(DEVICES),
    )
    await conn.execute(
        """insert into device (id, name, person) select 'phone', 'phone', key from person where email = 'child'
           on conflict do nothing"""
    )
    await conn.execute(
        """insert into device_photo (device, media, bytes) select key, 'image/png', '\\x00' from device
           on conflict do nothing"""
    )
    await conn.execute(
        """insert into pair (id, one, two, distance, preset, since)
           select one.id || '-pair', least(one.key, two.key), greatest(one.key, two.key), 100, 'balanced', 0
           from device one, device two where one.id in ('north-van', 'south-van') and two.id = 'both-van'
           on conflict do nothing"""
    )


async def insert_fences(conn: asyncpg.Connection) -> None:
    await conn.execute(
        """insert into geofence (id, revision, feature, shape)
           select id, 1, jsonb_build_object('type', 'Feature', 'id', id, 'geometry', $2::jsonb, 'properties',
                  jsonb_build_object('name', id, 'preset', 'balanced')), st_setsrid(st_geomfromgeojson($2), 4326)
           from unnest($1::text[]) as id on conflict do nothing""",
        list(FENCES),
        SQUARE,
    )


async def insert_wishes(conn: asyncpg.Connection) -> None:
    await conn.execute(
        """insert into subscription (id, name, wish, channel, secrets)
           select id, id, '{}', '{"kind":"mqtt","topic":"t/x"}', array['x'] from unnest($1::text[]) as id
           on conflict do nothing""",
        list(WISHES),
    )


async def insert_sources(conn: asyncpg.Connection) -> None:
    """Each says a name that is no device. One that a test made of it goes."""
    await conn.execute("delete from device where id = 'adopted'")
    await conn.execute(
        """insert into source (id, name, in_group)
           select id, id, (select key from rights_group where id = held) from unnest($1::text[], $2::text[])
                as given (id, held) on conflict do nothing""",
        list(SOURCES),
        list(SOURCES.values()),
    )
    await conn.execute(
        """insert into unknown_device (source, name, app, first_seen, last_seen)
           select key, 'a/b', 'Traccar server', now(), now() from source on conflict do nothing"""
    )


async def put_into_groups(conn: asyncpg.Connection, table: str, things: Mapping[str, str]) -> None:
    """`things`: by their ids, the groups of each, with spaces between."""
    pairs = [(group, id) for id, groups in things.items() for group in groups.split()]
    await conn.execute(
        f"""insert into group_{table} (in_group, {table})
            select g.key, x.key from unnest($1::text[], $2::text[]) as given (in_group, id)
            join rights_group g on g.id = given.in_group join {table} x on x.id = given.id
            on conflict do nothing""",
        [group for group, _ in pairs],
        [id for _, id in pairs],
    )


async def sign_in(conn: asyncpg.Connection, email: str) -> dict[str, str]:
    """The headers of a browser in which this person signed in."""
    secret = new_secret()
    await conn.execute(
        """insert into session (hash, person, expires_at) select $1, key, now() + interval '1 hour' from person
           where email = $2""",
        digest(secret),
        email,
    )
    return {"Cookie": f"tracker_session={secret}", "Origin": "http://localhost"}


async def headers_of_readers(conn: asyncpg.Connection, operator: str = ADMIN) -> dict[str, dict[str, str]]:
    """By name: what who reads shows. `operator`: that one's token."""
    found = {"operator": _bear(operator)}
    north = await conn.fetchval("select key from rights_group where id = 'north'")
    for kind in ROLES:
        found[f"{kind} of north"] = _bear((await issue(conn, kind, group=north))[1])
        found[f"{kind} of all"] = _bear((await issue(conn, kind))[1])
    for email in ("owner", "nobody", "child", "southern", *ROLES):
        found[f"person {email}"] = await sign_in(conn, email)
    device = await conn.fetchval("select key from device where id = 'north-van'")
    found["device"] = _bear((await issue(conn, "device", device=device))[1])
    return found


def _bear(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def readers(app: Quart, conn: asyncpg.Connection) -> dict[str, Caller]:
    """By name: who reads."""
    found = {}
    for name, headers in (await headers_of_readers(conn)).items():
        found[name] = Caller(app, None)
        found[name].headers = headers
    return found
