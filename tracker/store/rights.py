"""Tables rights_group, group_* and rights_head: who is in which group, what these hold, and the number of changes.

Whatever changes a right counts rights_head up in the same transaction and nudges `tracker_rights`: triggers see to it.
"""

from collections.abc import Iterable, Mapping

import asyncpg
import msgspec

from tracker.model.privacy import Guise
from tracker.model.sight import NOTHING, Things
from tracker.store.privacies import select_guises


class Contents(msgspec.Struct, frozen=True):
    """What one group holds."""

    devices: Things = Things()
    fences: Things = Things()
    subscriptions: frozenset[int] = NOTHING


class Rights(msgspec.Struct, frozen=True):
    """All that decides who sees what, as of a revision. `members`: of each person the roles, by the group's key. `own`:
    of each person the devices; `hidden`: those of them that no group holds; `wishes`: of each person the subscriptions;
    `people`: how many there are. `guises`: of the devices that were ever vague or paused, by their keys. `dots`: the
    devices that one person carries, where there are several."""

    revision: int = -1
    groups: Mapping[int, Contents] = {}
    members: Mapping[int, Mapping[int, str]] = {}
    owners: frozenset[int] = NOTHING
    own: Mapping[int, Things] = {}
    hidden: Things = Things()
    wishes: Mapping[int, frozenset[int]] = {}
    people: int = 0
    guises: Mapping[int, Guise] = {}
    dots: tuple[frozenset[int], ...] = ()


async def select_rights_revision(conn: asyncpg.Connection) -> int:
    revision: int = await conn.fetchval("select revision from rights_head")
    return revision


async def select_rights(conn: asyncpg.Connection) -> Rights:
    """All of it as of one moment, in one statement. Two statements would read two moments, and what was taken from one
    group and given to another between them would belong to both."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        revision = await select_rights_revision(conn)
        groups = await conn.fetch(
            """select g.key,
                      array(select d.key from group_device h join device d on d.key = h.device
                            where h.in_group = g.key order by d.key) as devices,
                      array(select d.id from group_device h join device d on d.key = h.device
                            where h.in_group = g.key) as device_ids,
                      array(select f.key from group_geofence h join geofence f on f.key = h.geofence
                            where h.in_group = g.key) as fences,
                      array(select f.id from group_geofence h join geofence f on f.key = h.geofence
                            where h.in_group = g.key) as fence_ids,
                      array(select subscription from group_subscription where in_group = g.key) as subscriptions
               from rights_group g"""
        )
        members = await conn.fetch("select person, in_group, role from group_person")
        owners = await conn.fetch("select key from person where is_owner")
        own = await conn.fetch(
            """select person, key, id, category, exists (select from group_device where device = key) as shared
               from device where person is not null"""
        )
        wishes = await conn.fetch(
            "select person, array_agg(key) as keys from subscription where person is not null group by person"
        )
        people = await conn.fetchval("select count(*) from person")
        guises = await select_guises(conn)
    return Rights(
        revision,
        {row["key"]: _read_contents(row) for row in groups},
        _read_members(members),
        frozenset(row["key"] for row in owners),
        _read_own(own),
        _make_things((row["key"], row["id"]) for row in own if not row["shared"]),
        {row["person"]: frozenset(row["keys"]) for row in wishes},
        people,
        guises,
        _make_dots(own),
    )


def _make_dots(rows: Iterable[asyncpg.Record]) -> tuple[frozenset[int], ...]:
    """Of one category: a car of one's own is not a phone."""
    found: dict[tuple[int, str | None], set[int]] = {}
    for row in rows:
        found.setdefault((row["person"], row["category"]), set()).add(row["key"])
    return tuple(frozenset(each) for each in found.values() if len(each) > 1)


def _read_contents(row: asyncpg.Record) -> Contents:
    return Contents(
        Things(frozenset(row["devices"]), frozenset(row["device_ids"])),
        Things(frozenset(row["fences"]), frozenset(row["fence_ids"])),
        frozenset(row["subscriptions"]),
    )


def _read_members(rows: Iterable[asyncpg.Record]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    for row in rows:
        found.setdefault(row["person"], {})[row["in_group"]] = row["role"]
    return found


def _read_own(rows: Iterable[asyncpg.Record]) -> dict[int, Things]:
    found: dict[int, Things] = {}
    for row in rows:
        found[row["person"]] = found.get(row["person"], Things()).join(_make_things([(row["key"], row["id"])]))
    return found


def _make_things(pairs: Iterable[tuple[int, str]]) -> Things:
    given = list(pairs)
    return Things(frozenset(key for key, _ in given), frozenset(id for _, id in given))
