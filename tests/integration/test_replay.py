"""A restart finds the states it lost: the checkpoint and the fixes since, folded again, are what was in memory."""

import asyncio
from typing import Any, Final

import asyncpg
import msgspec
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.moments import MONDAY
from tests.patience import PATIENCE_S
from tracker.ingest.log import Log
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import now_us, to_datetime
from tracker.model.report import App
from tracker.model.state import State
from tracker.store.geofences import delete_geofence, insert_geofence, update_geofence
from tracker.store.pool import open_connection

AT = MONDAY
PLACES = ((74250000, 437350000), (74260000, 437350000), (74270000, 437350000), (84250000, 437350000), (0, 0))
DEVICES = (1, 2, 3)
FENCES = ("a", "b")
MOST: Final = 8  # sessions
# The greatest stamp that left a trace, in microseconds.
NEWEST: Final = """select greatest(0, (select max(stamp) from in_force),
                                   (select (extract(epoch from max(received_at)) * 1000000)::bigint from fix))"""
SESSIONS: Final = "select count(*) from pg_stat_activity where datname = current_database()"

fixes = st.builds(
    lambda at, place, accuracy: Fix(AT + at * 1000, *PLACES[place], accuracy=accuracy, flags=4 if place == 4 else 0),
    st.integers(0, 60),
    st.integers(0, 4),
    st.sampled_from([None, 5.0]),
)
sent = st.tuples(st.just("send"), st.sampled_from(DEVICES), st.lists(fixes, min_size=1, max_size=6))
fenced = st.tuples(st.just("fence"), st.sampled_from(FENCES), st.sampled_from([None, 0, 1, 2]))
others = st.sampled_from([("checkpoint", 0, 0), ("crash", 0, 0)])
scripts = st.lists(sent | sent | fenced | others, max_size=14)


def here(second: int, place: int = 0) -> tuple[str, int, list[Fix]]:
    return ("send", 1, [Fix(AT + second * 1000, *PLACES[place])])


def test_states_after_a_crash_are_those_before(database_url: str) -> None:
    with asyncio.Runner() as runner:
        conn = runner.run(open_connection(database_url))

        @settings(max_examples=examples(25))
        @example([here(0), ("fence", "a", 0)])  # a fence made around a device: it has not entered yet
        @example([("fence", "a", 0), here(0), ("fence", "a", 1)])  # a fence moved away: it has not left yet
        @example([("fence", "a", 0), here(0), ("fence", "a", None)])
        @example([here(0), ("crash", 0, 0), here(0)])  # nothing new after the first crash
        @example([here(1), ("checkpoint", 0, 0), here(0)])  # a late fix after the first checkpoint
        @given(scripts)
        def law(script: list[Any]) -> None:
            runner.run(played(database_url, conn, [*script, ("crash", 0, 0)]))

        law()
        runner.run(conn.close())


async def played(url: str, conn: asyncpg.Connection, script: list[Any]) -> None:
    await few_sessions(conn)
    await afresh(conn)
    log = Log(url, "test")
    await log.open()
    try:
        for number, (action, *arguments) in enumerate(script):
            if action == "send":
                device, entries = arguments
                await log.append([Frame(device, number + 1, now_us(), list(entries))])
            elif action == "fence":
                await change_fence(conn, *arguments)
            elif action == "checkpoint":
                await log.checkpoint()
            else:
                log = await crashed(log, conn)
    finally:
        await log.conn.close()


async def crashed(log: Log, conn: asyncpg.Connection) -> Log:
    await log.conn.close()  # without a word to the tables: a successor sees what a crash leaves
    after = Log(log.url, "test")
    await after.open()
    try:
        known = frozenset(await conn.fetchval("select coalesce(array_agg(key), '{}') from geofence"))
        assert values(after, known) == values(log, known)
        # An input that changed nothing (the pairs as they were, read again) and a frame of nothing new left no trace of
        # their stamps, so these may be given again: to ask for equal ones would ask for a row to be written for them.
        assert await conn.fetchval(NEWEST) <= after.stamp <= log.stamp
    except BaseException:
        await after.conn.close()  # each script that fails while hypothesis looks for a shorter one would leave one
        raise
    return after


async def few_sessions(conn: asyncpg.Connection) -> None:
    """One that was closed is gone when PostgreSQL gets round to it: thousands of scripts are faster than that."""
    async with asyncio.timeout(PATIENCE_S):
        while await conn.fetchval(SESSIONS) > MOST:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_an_app_sent_and_the_device_says_again_after_a_crash_is_stored_once(
    database_url: str, conn: asyncpg.Connection
) -> None:
    await afresh(conn)
    log = Log(database_url, "test")
    await log.open()
    await log.append([Frame(1, -1, now_us(), [Fix(AT, *PLACES[0])], app=App(Dialect.OWNTRACKS, "OwnTracks"))])
    after = await crashed(log, conn)
    await after.append([Frame(1, 1, now_us(), [Fix(AT + 250, *PLACES[0])])])
    assert [each["at"] for each in await conn.fetch("select at from fix")] == [to_datetime(AT + 250)], "the finer one"
    await after.conn.close()


def values(log: Log, known: frozenset[int]) -> dict[int, State]:
    """Geofences that are gone count for nothing: nobody is told of leaving them, and their keys do not come again.
    Anchors are written now and then only, and when to look at the stays is found with the next fix."""
    return {
        device: msgspec.structs.replace(
            state,
            inside=state.inside & known,
            anchors=(),
            due=0,
            stays=tuple(stay for stay in state.stays if stay.geofence in known),
        )
        for device, state in log.states.items()
    }


# What a script leaves. To truncate all these takes a third of a second, since each gets new files.
LEFT: Final = (
    *("fix", "device", "pair", "geofence", "geofence_revision", "transition", "event", "position", "anchor"),
    *("quarantine", "token", "session", "command", "meeting", "message", "alarm", "event_seen", "device_status"),
    *("device_app", "outbox", "group_device", "group_geofence", "invitation", "pairing", "unnumbered"),
)


async def afresh(conn: asyncpg.Connection) -> None:
    async with conn.transaction():
        await conn.execute("set local session_replication_role = replica")  # nobody is told, and no order is asked for
        await conn.execute("; ".join(f"delete from {table}" for table in LEFT))
        await conn.execute(
            """delete from in_force where stamp > 0; update in_force set revision = 0;
               update lease set owner = null, checkpoint = '-infinity';
               update event_head set id = 0; update geofence_head set revision = 0"""
        )
    await conn.executemany(
        "insert into device (key, id, name) overriding system value values ($1, $2, $2)",
        [(key, f"van-{key}") for key in DEVICES],
    )


async def change_fence(conn: asyncpg.Connection, id: str, place: int | None) -> None:
    if place is None:
        await delete_geofence(conn, id)
        return
    lon, lat = (value / 1e7 for value in PLACES[place])
    shape = shapely.box(lon - 0.0004, lat - 0.0004, lon + 0.0004, lat + 0.0004)
    feature = msgspec.json.encode(
        {
            "type": "Feature",
            "id": id,
            "geometry": shapely.geometry.mapping(shape),
            "properties": {"name": id, "preset": "strict"},
        }
    )
    if await update_geofence(conn, id, feature, shape.wkb) is None:
        await insert_geofence(conn, id, feature, shape.wkb)
