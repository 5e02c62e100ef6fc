"""Where a query of the store turns: what is in force, what comes next, how many are many."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from tests.integration.people import wait_until_blocked
from tests.integration.player import draw
from tests.integration.test_ownership import owner_of
from tests.moments import MONDAY
from tracker.access.tokens import issue
from tracker.errors import Conflict
from tracker.geofence.reading.collection import Collection, Draft
from tracker.model.delivery import Parcel
from tracker.model.fix import Fix, Row
from tracker.model.moment import DAY_MS, now_ms
from tracker.model.sight import EVERYTHING
from tracker.store.circles import select_circles
from tracker.store.commands import insert_command, select_unsent, update_given
from tracker.store.devices import insert_device
from tracker.store.fixes import copy_fixes
from tracker.store.geofences import Terms, insert_geofence, insert_geofences, select_is_much
from tracker.store.outbox import insert_outbox, take_outbox
from tracker.store.ownership import InForce, delete_in_force, replace_in_force, select_in_force
from tracker.store.passkeys import NewPasskey, insert_passkey, select_passkeys
from tracker.store.privacies import change_privacy, select_guises, select_privacy
from tracker.store.share_rows import Wanted, select_newest, select_rows, select_way
from tracker.store.shares import count_shares
from tracker.store.subscriptions import update_secret
from tracker.store.takeout import select_devices_of
from tracker.store.tokens import revoke_token, select_revoked
from tracker.store.unknowns import is_unknown
from tracker.store.vitals import AHEAD_MS, select_hours

STEP = 1_000


async def test_a_device_is_as_vague_as_was_said_for_as_long_as_was_said(conn: asyncpg.Connection) -> None:
    van, bus = [(await insert_device(conn, id, id)).key for id in ("van", "bus")]
    assert await select_guises(conn) == {}
    now = datetime.now(UTC)
    for until in (None, now + timedelta(hours=1)):
        await change_privacy(conn, van, "vague", until)
        found = await select_privacy(conn, van)
        assert found is not None and found.mode == "vague"
    assert await select_privacy(conn, bus) is None
    assert list(await select_guises(conn)) == [van]
    await conn.execute("update device_privacy set until = clock_timestamp() where until > clock_timestamp()")
    assert await select_privacy(conn, van) is None
    assert list(await select_guises(conn)) == [van], "of what it was then"


async def test_a_link_is_shown_what_is_newer_than_what_it_was_shown(conn: asyncpg.Connection) -> None:
    await conn.execute("create table fix_ever partition of fix for values from ('2000-01-01T00:00:00Z') to (maxvalue)")
    await copy_fixes(conn, [Row(1, MONDAY * 1000 + n, Fix(MONDAY + n * STEP, n, 0)) for n in range(4)])
    wanted = Wanted(1, MONDAY + STEP, MONDAY * 1000 + 2)
    assert await select_newest(conn, [wanted]) == [MONDAY + 2 * STEP]
    assert await select_newest(conn, [Wanted(1, MONDAY + 2 * STEP, MONDAY * 1000 + 2)]) == [None]
    assert [row.fix.lon_e7 for row in (await select_rows(conn, [wanted], by_minutes=False))[0]] == [2]
    way = await select_way(conn, Wanted(1, MONDAY + STEP, MONDAY * 1000 + 3), MONDAY + 3 * STEP, step=0, late=False)
    assert [row.fix.lon_e7 for row in way] == [2, 3], "with the last, without the first"


async def test_geofences_are_many_when_they_are_more_than_so_many(conn: asyncpg.Connection) -> None:
    assert not await select_is_much(conn, most=0, largest=0)
    await insert_geofence(conn, "a", *draw("a", 0, {}))
    size = await conn.fetchval("select pg_column_size(feature) from geofence")
    assert not await select_is_much(conn, most=1, largest=size)
    assert await select_is_much(conn, most=0, largest=size) and await select_is_much(conn, most=1, largest=size - 1)


async def test_of_the_geofences_that_were_in_force_the_newest_from_before_a_stamp_is_kept(
    conn: asyncpg.Connection,
) -> None:
    """A late fix from right after the stamp was decided by it."""
    owner = await owner_of(conn)
    history = [InForce(stamp, stamp) for stamp in (10, 20, 30, 40)]
    for before, kept in ((10, 0), (11, 0), (20, 0), (21, 1), (31, 2), (99, 3)):
        await replace_in_force(conn, owner, history)
        await delete_in_force(conn, owner, before)
        assert sorted((await select_in_force(conn, [0]))[0]) == history[kept:], before


async def test_the_hours_of_the_last_day_begin_behind_its_begin_and_end_with_what_may_be_ahead(
    conn: asyncpg.Connection,
) -> None:
    await conn.execute("create table fix_ever partition of fix for values from ('2000-01-01T00:00:00Z') to (maxvalue)")
    times = (MONDAY - DAY_MS, MONDAY - DAY_MS + 1, MONDAY + AHEAD_MS, MONDAY + AHEAD_MS + 1)
    await copy_fixes(conn, [Row(1, MONDAY * 1000 + n, Fix(at, n, 0)) for n, at in enumerate(times)])
    assert sum(hour.fixes for hour in await select_hours(conn, 1, MONDAY)) == 2


async def test_what_somebody_takes_along_has_no_device_of_others(conn: asyncpg.Connection) -> None:
    insert = "insert into person (email, name) values ($1, $1) returning key"
    ann, ben, eve = [await conn.fetchval(insert, f"{name}@example.org") for name in ("ann", "ben", "eve")]
    for id, person in (("van", ann), ("bike", ben), ("pool", None)):
        device = await insert_device(conn, id, id)
        await conn.execute("update device set person = $2 where key = $1", device.key, person)
    assert [own.id for own in await select_devices_of(conn, ann)] == ["van"]
    assert await select_devices_of(conn, eve) == []


async def test_a_new_secret_is_of_one_subscription(conn: asyncpg.Connection) -> None:
    insert = """insert into subscription (id, name, wish, channel, secrets)
                values ($1, $1, '{}', '{"type": "webhook"}', array['old']) returning key"""
    one, _ = [await conn.fetchval(insert, id) for id in ("one", "other")]
    await update_secret(conn, one, "new", former_s=60)
    secrets = dict(await conn.fetch("select id, secrets from subscription"))
    assert secrets == {"one": ["new", "old"], "other": ["old"]}


async def test_a_geofence_that_expired_is_no_circle_on_a_phone(conn: asyncpg.Connection) -> None:
    van = await insert_device(conn, "van", "van")
    now = datetime.now(UTC)
    for id, expires in (("past", now - timedelta(hours=1)), ("ahead", now + timedelta(hours=1)), ("ever", None)):
        await insert_geofence(conn, id, *draw(id, 0, {} if expires is None else {"expires": expires.isoformat()}))
    assert [circle.id for circle in await select_circles(conn, EVERYTHING, van)] == ["ahead", "ever"]


async def test_what_waits_longest_for_its_alerts_is_taken_first_and_in_its_order(conn: asyncpg.Connection) -> None:
    parcels = [
        Parcel(event, subscription, "van", "port", "enter", MONDAY, MONDAY, msgspec.Raw(b"{}"))
        for event, subscription in ((3, 1), (1, 2), (2, 1), (1, 1), (4, 1))
    ]
    await insert_outbox(conn, parcels)
    taken = [await take_outbox(conn, most=3) for _ in range(3)]
    assert [[(each.event, each.subscription) for each in some] for some in taken] == [
        [(1, 1), (1, 2), (2, 1)],
        [(3, 1), (4, 1)],
        [],
    ]
    assert taken[0][0] == parcels[3]


async def test_of_open_sockets_those_end_whose_token_works_no_more(conn: asyncpg.Connection) -> None:
    ids = [(await issue(conn, "viewer", name=name))[0].id for name in ("works", "ends", "is revoked")]
    await conn.execute("update token set expires_at = now() where id = $1", ids[1])
    await revoke_token(conn, ids[2])
    gone = max(ids) + 1
    assert await select_revoked(conn, [0, *ids, gone]) == [*ids[1:], gone], "the operator's own, 0, has no row"


async def test_what_a_device_was_not_told_yet_is_looked_at_without_taking_it(conn: asyncpg.Connection) -> None:
    van = (await insert_device(conn, "van", "Van")).key
    until = now_ms() + DAY_MS
    made = [await insert_command(conn, van, id, "locate", b"{}", expires=until) for id in ("a", "b")]
    assert await select_unsent(conn, van) == await select_unsent(conn, van) == made
    await update_given(conn, van, made[0], ok=True, detail="")
    assert await select_unsent(conn, van) == made[1:]


async def test_a_name_is_unknown_at_the_address_that_it_came_to(conn: asyncpg.Connection) -> None:
    one, other = [
        await conn.fetchval("insert into source (id, name) values ($1, $1) returning key", id)
        for id in ("one", "other")
    ]
    insert = (
        "insert into unknown_device (source, name, app, first_seen, last_seen) values ($1, 'van', 'x', now(), now())"
    )
    await conn.execute(insert, one)
    assert await is_unknown(conn, one, "van")
    assert not await is_unknown(conn, one, "bus") and not await is_unknown(conn, other, "van")


async def test_a_passkey_is_one_persons_once(conn: asyncpg.Connection) -> None:
    insert = "insert into person (email, name) values ($1, $1) returning key"
    ann, ben = [await conn.fetchval(insert, f"{name}@example.org") for name in ("ann", "ben")]
    made = await insert_passkey(conn, ann, NewPasskey(b"credential", b"key", 0, "map.example.org", "Phone"))
    assert await select_passkeys(conn, ann) == [made] and (made.site, made.name) == ("map.example.org", "Phone")
    for person in (ann, ben):
        with pytest.raises(Conflict, match="known already"):
            await insert_passkey(conn, person, NewPasskey(b"credential", b"other", 0, "map.example.org", "Other"))
    assert await select_passkeys(conn, ben) == []


async def test_links_that_work_are_counted_to_their_last_moment(conn: asyncpg.Connection) -> None:
    assert await count_shares(conn) == 0
    insert = """insert into share (id, hash, veil, max_viewers, until, ended_at)
                values ($1, sha256($1::text::bytea), '{}', 1, now() + $2::interval, case when $3 then now() end)"""
    hours = timedelta(hours=1)
    async with conn.transaction():  # one moment for all of it
        for id, until, has_ended in (
            ("a", hours, False),
            ("b", hours, False),
            ("c", hours, True),
            ("d", -hours, False),
        ):
            await conn.execute(insert, id, until, has_ended)
        await conn.execute(insert, "e", timedelta(0), False)
        assert await count_shares(conn) == 2


async def test_two_imports_of_one_geofence_follow_one_another(pool: asyncpg.Pool) -> None:
    """The second is settled by what the first left."""
    found = Collection([Draft("a", *draw("a", 0, {}))], [0], [], 0, [], frozenset({"name", "preset"}))
    async with pool.acquire() as one, pool.acquire() as other:
        first = one.transaction()
        await first.start()
        assert (await insert_geofences(one, found, Terms("fail"))).changed == found.drafts
        second = asyncio.create_task(insert_geofences(other, found, Terms("fail")))
        await wait_until_blocked(one)
        await first.commit()
        settled = await second
    assert not settled.changed and settled.unchanged == {"a"}
