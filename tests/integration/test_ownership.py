"""Who was fenced commits nothing more, whatever it tries; and what is told is in the outbox, or was not told at all."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from tests.patience import PATIENCE_S
from tracker.alerts.carriers.signature import new_webhook_secret
from tracker.errors import Fenced
from tracker.ingest.log import Log
from tracker.ingest.numberer import Numberer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.channel import Webhook
from tracker.model.fix import E7, Fix
from tracker.model.frame import Frame
from tracker.model.moment import now_ms, now_us
from tracker.model.subscription import Wish
from tracker.store.devices import insert_device
from tracker.store.ownership import (
    PARTITIONS,
    insert_owner,
    mark_batch,
    release_owner,
    renew_owner,
    select_batch,
    select_checkpoints,
    take_leases,
    update_checkpoints,
)
from tracker.store.pool import AWAY
from tracker.store.subscriptions import insert_subscription

ALL = list(range(PARTITIONS))
PORT = {
    "type": "Feature",
    "id": "port",
    "geometry": {"type": "Point", "coordinates": [7.42, 43.73]},
    "properties": {"radius": 100, "preset": "strict"},
}


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The session of another server."""
    conn = await asyncpg.connect(database_url)
    yield conn
    conn.terminate()


async def owner_of(conn: asyncpg.Connection) -> UUID:
    """One that is registered and holds all it can get."""
    owner = uuid4()
    await insert_owner(conn, owner, "first")
    await take_leases(conn, owner)
    return owner


async def test_a_fenced_owner_marks_no_batch_renews_nothing_and_is_told_of_none(conn: asyncpg.Connection) -> None:
    owner = await owner_of(conn)
    await mark_batch(conn, owner, 1)
    await renew_owner(conn, owner)
    assert await select_batch(conn, owner) == 1
    await release_owner(conn, owner)
    for attempt in (mark_batch(conn, owner, 2), renew_owner(conn, owner), select_batch(conn, owner)):
        with pytest.raises(Fenced):
            await attempt
    assert await conn.fetchval("select batch from owner where id = $1", owner) == 1


async def test_one_that_was_never_registered_is_no_owner(conn: asyncpg.Connection) -> None:
    await owner_of(conn)
    for attempt in (mark_batch(conn, uuid4(), 1), renew_owner(conn, uuid4()), select_batch(conn, uuid4())):
        with pytest.raises(Fenced):
            await attempt


async def test_a_batch_and_a_renewal_keep_the_owner_alive_and_nobody_else(conn: asyncpg.Connection) -> None:
    first, second = await owner_of(conn), uuid4()
    await insert_owner(conn, second, "second")
    left = "select extract(epoch from expires_at - now())::float from owner where id = $1"
    for keep_alive in (lambda: mark_batch(conn, first, 1), lambda: renew_owner(conn, first)):
        await conn.execute("update owner set expires_at = now() + interval '1 second'")
        await keep_alive()
        assert 5 < await conn.fetchval(left, first) <= 10 and await conn.fetchval(left, second) <= 1
    assert [await select_batch(conn, each) for each in (first, second)] == [1, 0]


async def test_the_partitions_of_the_living_stay_theirs(conn: asyncpg.Connection, other: asyncpg.Connection) -> None:
    first = await owner_of(conn)
    second = uuid4()
    await insert_owner(other, second, "second")
    assert not await take_leases(other, second)
    await mark_batch(conn, first, 1)
    assert await take_leases(conn, first), "they are its own already"


async def test_one_that_leaves_in_good_order_is_followed_at_once(
    conn: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    first = await owner_of(conn)
    epochs = await conn.fetchval("select sum(epoch) from lease")
    await release_owner(conn, first)
    second = uuid4()
    await insert_owner(other, second, "second")
    assert await take_leases(other, second)
    assert await conn.fetchval("select sum(epoch) from lease") == epochs + PARTITIONS


@pytest.mark.parametrize("ending", ["its session ends", "it hangs"])
async def test_one_that_dies_or_hangs_is_fenced_by_who_follows(
    conn: asyncpg.Connection, other: asyncpg.Connection, pool: asyncpg.Pool, ending: str
) -> None:
    first = await owner_of(other)
    if ending == "it hangs":
        await conn.execute("update owner set expires_at = now() - interval '1 second'")
    else:
        await other.close()
    second = uuid4()
    await insert_owner(conn, second, "second")
    async with asyncio.timeout(PATIENCE_S):
        while not await take_leases(conn, second):  # noqa: ASYNC110 - a session's end takes PostgreSQL a moment
            await asyncio.sleep(0.02)
    with pytest.raises(Fenced):
        await mark_batch(pool, first, 1)
    if ending == "it hangs":
        with pytest.raises(AWAY):
            await other.fetchval("select 1")  # it cannot commit what it has begun, either


async def test_a_checkpoint_is_of_the_owners_partitions_only(
    conn: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    first = await owner_of(conn)
    await conn.execute("update lease set owner = null where partition >= 32")
    await update_checkpoints(conn, first, stamp := await conn.fetchval("select now()"))
    assert await select_checkpoints(conn, [0, 31, 32]) == {0: stamp, 31: stamp, 32: None}


async def test_a_fenced_server_writes_neither_states_nor_checkpoints(
    database_url: str, conn: asyncpg.Connection
) -> None:
    device = await insert_device(conn, "van-12", "Van 12")
    log = Log(database_url, "first")
    await log.open()
    await log.append([frame(device.key)])
    await release_owner(conn, log.owner)
    for attempt in (log.checkpoint(), log.renew(), log.append([frame(device.key, 1)])):
        with pytest.raises(Fenced):
            await attempt
    assert await conn.fetchval("select count(*) from position") == 0
    assert set((await select_checkpoints(conn, ALL)).values()) == {None}
    assert await conn.fetchval("select count(*) from fix") == 1
    await log.conn.close()


def frame(device: int, later: int = 0) -> Frame:
    """One fix, in the port."""
    fix = Fix(now_ms() + later, round(7.42 * E7), round(43.73 * E7), accuracy=5.0)
    return Frame(device, later, now_us(), [fix])


async def test_an_event_and_its_alerts_are_committed_together_or_not_at_all(
    database_url: str, conn: asyncpg.Connection
) -> None:
    device = await insert_device(conn, "van-12", "Van 12")
    await conn.execute(
        """insert into geofence (id, revision, feature, shape)
           values ('port', 1, $1, st_makeenvelope(7, 43, 8, 44, 4326))""",
        msgspec.json.encode(PORT).decode(),
    )
    await conn.execute("update geofence_head set revision = 1")
    await insert_subscription(conn, "all", "", Wish(), Webhook("http://127.0.0.1:9/"), new_webhook_secret())
    log = Log(database_url, "first")
    await log.open()
    numberer = Numberer(database_url, MemoryBus(), Metrics())
    await log.append([frame(device.key)])
    await conn.execute("alter table outbox add constraint full_house check (false)")
    while await numberer.attempt():  # by fewer at a time, down to one
        pass
    counts = [
        await conn.fetchval(f"select count(*) from {table}") for table in ("fix", "unnumbered", "event", "outbox")
    ]
    assert counts == [1, 1, 0, 0], "they wait, and the fixes do not"
    await conn.execute("alter table outbox drop constraint full_house")
    await numberer.attempt()
    event = await conn.fetchrow("select type, geofence from event")
    assert tuple(event) == ("enter", "port")
    together = "select count(*) from event join outbox on event.xmin = outbox.xmin"
    assert await conn.fetchval(together) == 1
    numberer.leave()
    await log.close()


async def test_a_row_of_owner_goes_when_it_can_have_nothing_any_more(
    conn: asyncpg.Connection, other: asyncpg.Connection, database_url: str
) -> None:
    standing_by, dead = uuid4(), uuid4()
    await insert_owner(other, standing_by, "stands by")
    gone = await asyncpg.connect(database_url)
    await insert_owner(gone, dead, "dead")
    await gone.close()
    for _ in range(3):
        first = await owner_of(conn)
        await release_owner(conn, first)
    await conn.execute("update owner set expires_at = now() - interval '2 minutes'")

    async def is_left() -> bool:
        await insert_owner(conn, uuid4(), "next")
        left = {row["id"] for row in await conn.fetch("select id from owner where name <> 'next'")}
        assert {first, standing_by} <= left, "who had the leases last is known by its row"
        return left == {first, standing_by}

    async with asyncio.timeout(PATIENCE_S):
        while not await is_left():  # noqa: ASYNC110 - a session's end takes PostgreSQL a moment
            await asyncio.sleep(0.02)
    for attempt in (mark_batch(conn, dead, 1), renew_owner(conn, dead), select_batch(conn, dead)):
        with pytest.raises(Fenced):
            await attempt
    assert not await conn.fetchval("select count(*) from owner where id = $1", dead)
