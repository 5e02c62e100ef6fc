"""Of messages and of names that nobody knows yet: what is over at which moment, and who is a friend of whom."""

import asyncpg
import msgspec

from tests.integration.people import make_group
from tests.moments import MONDAY
from tracker.model.device import Device
from tracker.model.fix import Fix, Row
from tracker.model.moment import DAY_MS, now_ms, to_datetime
from tracker.store.commands import update_command_answered
from tracker.store.devices import insert_device
from tracker.store.fixes import copy_fixes
from tracker.store.friends import select_friends, update_shows_friends
from tracker.store.messages import queue_message, select_expired
from tracker.store.unknowns import select_unknown_fixes


async def test_a_message_expires_once_and_only_where_nobody_answered(conn: asyncpg.Connection, device: Device) -> None:
    ahead = now_ms() + DAY_MS  # what expired already is answered no more
    numbers = [
        await queue_message(conn, device.key, f"m-{ms}", "hello", b"{}", expires=ahead + ms) for ms in (0, 1, 2, 3, 4)
    ]
    await update_command_answered(conn, device.key, "m-2", ok=True, detail="")
    assert await select_expired(conn, since=ahead, until=ahead + 3) == [numbers[1], numbers[3]]
    assert await select_expired(conn, since=ahead + 3, until=ahead + 4) == [numbers[4]]


async def test_friends_are_those_of_one_group_of_which_each_is_shown(conn: asyncpg.Connection) -> None:
    await conn.execute("create table fix_ever partition of fix for values from ('2000-01-01T00:00:00Z') to (maxvalue)")
    made = [await insert_device(conn, id, id.title()) for id in ("ann", "ben", "hidden", "stranger")]
    await copy_fixes(conn, [Row(each.key, MONDAY * 1000 + each.key, Fix(MONDAY, each.key, 0)) for each in made])
    for group, members in (("family", made[:3]), ("others", made[3:])):
        key = await make_group(conn, group)
        for each in members:
            await conn.execute("insert into group_device (in_group, device) values ($1, $2)", key, each.key)
    for each in (made[0], made[1], made[3]):
        await update_shows_friends(conn, each.key, True)
    found = [[friend.id for friend in await select_friends(conn, each.key)] for each in (made[0], made[1], made[3])]
    assert found == [["ann", "ben"], ["ben", "ann"], ["stranger"]], "itself first"


async def test_what_a_name_nobody_knows_sent_is_kept_for_a_day(conn: asyncpg.Connection) -> None:
    source = await conn.fetchval("insert into source (id, name) values ('one', 'One') returning key")
    async with conn.transaction():  # one moment for all of it
        await conn.execute(
            """insert into unknown_device (source, name, app, first_seen, last_seen)
               values ($1, 'van', 'x', now(), now())""",
            source,
        )
        for n, age in enumerate(("24 hours", "23 hours 59 minutes", "0 hours")):
            fix = Fix(MONDAY + n, n, 0)
            await conn.execute(
                """insert into unknown_fix (source, name, at, lon_e7, lat_e7, received_at, dialect, fix)
                   values ($1, 'van', $2, $3, 0, now() - $4::text::interval, 1, $5)""",
                source,
                to_datetime(fix.at),
                n,
                age,
                msgspec.json.encode(fix),
            )
        kept = await select_unknown_fixes(conn, source, "van", limit=9)
    assert [each.fix.lon_e7 for each in kept] == [1, 2]
