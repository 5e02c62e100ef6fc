"""What is over at its very moment, and how many are many: more turns of the store, see test_store_bounds.py."""

import asyncio

import asyncpg
import pytest

from tests.alerts.conftest import until
from tests.integration.people import make_group
from tests.moments import MONDAY
from tracker.access.tokens import issue
from tracker.model.device import Device
from tracker.model.fix import Fix, Row
from tracker.model.frame import Frame
from tracker.model.group import Group
from tracker.model.moment import DAY_MS, now_ms
from tracker.model.sight import Sight
from tracker.store import unknowns
from tracker.store.commands import insert_command, update_command_answered
from tracker.store.devices import delete_device, insert_device, select_devices_by_key, update_device
from tracker.store.fixes import copy_fixes
from tracker.store.groups import delete_group, select_groups
from tracker.store.share_rows import Wanted, select_before
from tracker.store.sign_ins import insert_sign_in, select_sign_in_token
from tracker.store.tracks import select_line
from tracker.store.unknowns import insert_unknown
from tracker.store.vitals import REACH_MS, count_stored

EVER = "create table fix_ever partition of fix for values from ('2000-01-01T00:00:00Z') to (maxvalue)"


@pytest.mark.parametrize(("most", "places"), [(3, [0, 4, 8, 9]), (5, [0, 2, 4, 6, 8, 9]), (10, list(range(10)))])
async def test_a_line_is_of_every_nth_fix_and_the_last(conn: asyncpg.Connection, most: int, places: list[int]) -> None:
    await conn.execute(EVER)
    await copy_fixes(conn, [Row(1, MONDAY * 1000 + n, Fix(MONDAY + n, n, 0)) for n in range(10)])
    line = await select_line(conn, 1, MONDAY, MONDAY + 9, most=most)
    assert ((line.at - MONDAY).tolist(), line.total) == (places, 10)


async def test_what_expires_at_this_moment_has_expired(conn: asyncpg.Connection, device: Device) -> None:
    async with conn.transaction():  # one moment for all of it
        for id, left in (("a", "0"), ("b", "1 second")):
            await insert_command(conn, device.key, id, "locate", b"{}", expires=now_ms() + DAY_MS)
            await conn.execute("update command set expires = now() + $2::text::interval where id = $1", id, left)
            await insert_sign_in(conn, id.encode() * 32, None, 10)
            await conn.execute(
                "update session set expires_at = now() + $2::text::interval where hash = $1", id.encode() * 32, left
            )
        answered = [await update_command_answered(conn, device.key, id, ok=True, detail="") for id in "ab"]
        signed_in = [await select_sign_in_token(conn, [id]) is not None for id in (b"a" * 32, b"b" * 32)]
    assert answered == signed_in == [False, True]


async def test_a_device_is_deleted_once_where_two_ask_for_it(pool: asyncpg.Pool, device: Device) -> None:
    blocked = """select count(*) = 2 from pg_stat_activity
                 where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0"""
    async with pool.acquire() as holder, pool.acquire() as one, pool.acquire() as other, pool.acquire() as looking:
        held = holder.transaction()
        await held.start()
        await holder.execute("select from device where key = $1 for update", device.key)
        both = [asyncio.create_task(delete_device(conn, device.id)) for conn in (one, other)]
        await until(lambda: looking.fetchval(blocked))
        await held.rollback()
        assert sorted([await each for each in both]) == [False, True]
        assert not await delete_device(one, device.id)


async def test_what_was_received_in_the_last_day_is_counted_however_old(conn: asyncpg.Connection) -> None:
    await conn.execute(EVER)
    day, reach = MONDAY - DAY_MS, MONDAY - REACH_MS
    given = [(MONDAY, MONDAY), (day, day + 1), (day - 1, day), (reach + 1, MONDAY), (reach, MONDAY)]
    await copy_fixes(conn, [Row(1, received * 1000, Fix(at, n, 0)) for n, (at, received) in enumerate(given)])
    assert await count_stored(conn, 1, MONDAY) == 3


async def test_of_many_names_that_nobody_knows_those_heard_last_are_kept(
    conn: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknowns, "MOST_NAMES", 2)
    source = await conn.fetchval("insert into source (id, name) values ('one', 'One') returning key")
    for second, name in enumerate("abac"):
        await insert_unknown(conn, source, name, Frame(0, 1, (MONDAY + 1_000 * second) * 1000, []))
    kept = [row["name"] for row in await conn.fetch("select name from unknown_device order by name")]
    assert kept == ["a", "c"]


async def test_the_next_page_of_groups_begins_behind_the_last(conn: asyncpg.Connection) -> None:
    await conn.execute("insert into rights_group (id, name) select id, id from unnest(array['a', 'b', 'C']) as id")
    sight = Sight(everywhere=frozenset(("see",)))
    pages = [[each.id for each in await select_groups(conn, sight, after=id, limit=2)] for id in ("", "a", "b")]
    assert pages == [["C", "a"], ["b"], []]


async def test_a_change_of_a_device_is_of_no_other(conn: asyncpg.Connection, device: Device) -> None:
    other = await insert_device(conn, "bus", "Bus")
    changed = await update_device(conn, device.id, name="Another")
    found = await select_devices_by_key(conn, [device.key, other.key])
    assert found == {device.key: changed, other.key: other} and changed is not None and changed.name == "Another"
    assert await update_device(conn, "nobody", name="Another") is None


async def test_a_link_begins_with_the_newest_before_its_begin(conn: asyncpg.Connection) -> None:
    await conn.execute(EVER)
    await copy_fixes(conn, [Row(1, MONDAY * 1000 + n, Fix(MONDAY + n, n, 0)) for n in range(4)])
    begins = [Wanted(1, MONDAY + at, MONDAY * 1000 + moment) for at, moment in ((3, 9), (3, 1), (0, 9))]
    assert await select_before(conn, begins) == [MONDAY + 2, MONDAY + 1, MONDAY]


async def test_of_the_tokens_of_a_group_that_is_gone_all_are_told(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn, pool.acquire() as hearing:
        key = await make_group(conn, "north")
        ids = [
            (await issue(conn, "viewer", name=str(n), group=group))[0].id for n, group in enumerate((key, key, None))
        ]
        heard = set[str]()
        listen = "tracker_revoked", lambda *given: heard.add(given[-1])
        await hearing.add_listener(*listen)
        await delete_group(conn, Group(key, "north", "North"))
        await until(lambda: len(heard) >= 2)
        await hearing.remove_listener(*listen)
    assert heard == {str(id) for id in ids[:2]}
