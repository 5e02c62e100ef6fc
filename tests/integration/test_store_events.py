"""Transitions happen once each; their events are numbered without gaps, in the order of commit."""

import asyncio

import asyncpg
import msgspec
import pytest

from tests.moments import MONDAY
from tests.patience import PATIENCE_S
from tracker.model.device import Device
from tracker.model.event import EventFilter, Happening, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.sight import EVERYTHING
from tracker.store.devices import delete_device, insert_device
from tracker.store.events import insert_transitions, select_events, select_head, select_oldest

AT = MONDAY


@pytest.fixture
async def van(conn: asyncpg.Connection) -> Device:
    return await insert_device(conn, "van", "Van")


def moved(device: Device, geofence: int, second: int, kind: str = "enter") -> Transition:
    fix = Fix(AT + second * 1000, 74246000, 437384000, accuracy=8.0)
    return Transition(device.key, geofence, kind, fix.at, fix, fix.at, Evidence(fixes=(make_seen(fix, 3.04),)))  # type: ignore[arg-type]


async def test_events_carry_names_and_evidence(conn: asyncpg.Connection, van: Device) -> None:
    made = await insert_transitions(conn, [moved(van, 5, 0)], {5: "port"}, detected_at=AT + 40)
    assert [(e.id, e.type, e.device, e.geofence, e.at, e.detected_at, e.late) for e in made] == [
        (1, "enter", "van", "port", AT, AT + 40, False)
    ]
    assert msgspec.json.decode(made[0].evidence)["fixes"][0]["distance"] == 3.0
    stored = await select_events(conn, EVERYTHING, after=0, limit=10)
    assert [(e.id, e.device, e.lon, e.lat) for e in stored] == [(1, "van", 7.4246, 43.7384)]


async def test_what_is_replayed_makes_no_second_event(conn: asyncpg.Connection, van: Device) -> None:
    first = [moved(van, 5, 0), moved(van, 6, 0)]
    await insert_transitions(conn, first, {5: "a", 6: "b"}, detected_at=AT)
    again = [moved(van, 6, 0, "exit"), *first, moved(van, 7, 1), moved(van, 7, 1)]
    made = await insert_transitions(conn, again, {5: "a", 6: "b", 7: "c"}, detected_at=AT)
    assert [(e.id, e.type, e.geofence) for e in made] == [(3, "exit", "b"), (4, "enter", "c")]
    assert await select_head(conn) == 4
    assert await insert_transitions(conn, first, {}, detected_at=AT) == []
    assert await select_head(conn) == 4


async def test_a_retraction_names_its_event_and_what_it_took_back_may_come_again(
    conn: asyncpg.Connection, van: Device
) -> None:
    await insert_transitions(conn, [moved(van, 5, 0), moved(van, 6, 0)], {5: "a", 6: "b"}, detected_at=AT)
    enter = moved(van, 6, 0)
    back = msgspec.structs.replace(enter, kind="retraction", retracts=Happening(6, "enter", AT), late=True)
    (made,) = await insert_transitions(conn, [back], {6: "b"}, detected_at=AT + 9)
    assert (made.id, made.type, made.geofence, made.at, made.late) == (3, "retraction", "b", AT, True)
    evidence = msgspec.json.decode(made.evidence)
    assert (evidence["event"], evidence["type"]) == (2, "enter")
    assert await insert_transitions(conn, [back], {6: "b"}, detected_at=AT + 9) == []
    (again,) = await insert_transitions(conn, [enter], {6: "b"}, detected_at=AT + 9)
    assert (again.id, again.type) == (4, "enter")


async def test_a_batch_rolled_back_leaves_no_gap(conn: asyncpg.Connection, van: Device) -> None:
    transaction = conn.transaction()
    await transaction.start()
    await insert_transitions(conn, [moved(van, 5, 0)], {5: "a"}, detected_at=AT)
    await transaction.rollback()
    made = await insert_transitions(conn, [moved(van, 5, 0)], {5: "a"}, detected_at=AT)
    assert [event.id for event in made] == [1]


async def test_a_number_becomes_visible_after_all_before_it(pool: asyncpg.Pool) -> None:
    """Two writers at once: the second waits for the first, so a reader never sees 2 before 1."""
    async with pool.acquire() as one, pool.acquire() as two, pool.acquire() as reader:
        van = await insert_device(one, "van", "Van")
        transaction = one.transaction()
        await transaction.start()
        first = await insert_transitions(one, [moved(van, 1, 0)], {1: "a"}, detected_at=AT)
        second = asyncio.create_task(insert_transitions(two, [moved(van, 1, 1)], {1: "a"}, detected_at=AT))
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        async with asyncio.timeout(PATIENCE_S):
            while not await reader.fetchval(waiting):
                assert not second.done()
        assert await select_events(reader, EVERYTHING, after=0, limit=10) == []
        await transaction.commit()
        assert [event.id for event in (*first, *await second)] == [1, 2]


async def test_a_deleted_device_makes_no_events(conn: asyncpg.Connection, van: Device) -> None:
    other = await insert_device(conn, "bus", "Bus")
    await delete_device(conn, "van")
    made = await insert_transitions(conn, [moved(van, 5, 0), moved(other, 5, 0)], {5: "a"}, detected_at=AT)
    assert [event.device for event in made] == ["bus"]


async def test_events_are_filtered_and_paged(conn: asyncpg.Connection, van: Device) -> None:
    bus = await insert_device(conn, "bus", "Bus")
    both = [moved(each, fence, second) for second in range(3) for each in (van, bus) for fence in (1, 2)]
    await insert_transitions(conn, both, {1: "a", 2: "b"}, detected_at=AT)
    assert [e.id for e in await select_events(conn, EVERYTHING, after=10, limit=10)] == [11, 12]
    assert [
        e.id for e in await select_events(conn, EVERYTHING, after=0, limit=2, only=EventFilter(devices=["bus"]))
    ] == [3, 4]
    assert [
        e.id
        for e in await select_events(
            conn, EVERYTHING, after=4, limit=9, only=EventFilter(devices=["van"], geofences=["b"])
        )
    ] == [6, 10]
    assert await select_events(conn, EVERYTHING, after=0, limit=9, only=EventFilter(types=["exit"])) == []
    assert await select_events(conn, EVERYTHING, after=0, limit=9, only=EventFilter(devices=["nobody"])) == []
    assert await select_oldest(conn) == 1
