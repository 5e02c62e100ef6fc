"""Transitions happen once each; their events are numbered without gaps, in the order of commit."""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
import pytest

from tests.integration.numbered import number_events
from tests.moments import MONDAY
from tests.patience import PATIENCE_S
from tracker.model.device import Device
from tracker.model.event import Event, EventFilter, Happening, Transition
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


async def tell(
    conn: asyncpg.Connection, transitions: Sequence[Transition], fence_ids: Mapping[int, str]
) -> list[Event]:
    """As a batch and the numberer do."""
    count = await insert_transitions(conn, transitions, fence_ids, detected_at=AT + 40)
    events = await number_events(conn)
    assert len(events) == count
    return events


async def test_events_carry_names_and_evidence(conn: asyncpg.Connection, van: Device) -> None:
    made = await tell(conn, [moved(van, 5, 0)], {5: "port"})
    assert [(e.id, e.type, e.device, e.geofence, e.at, e.detected_at, e.late) for e in made] == [
        (1, "enter", "van", "port", AT, AT + 40, False)
    ]
    assert msgspec.json.decode(made[0].evidence)["fixes"][0]["distance"] == 3.0
    stored = await select_events(conn, EVERYTHING, after=0, limit=10)
    assert stored == made, "who reads the table and who hears it at once are told the same"
    assert [(e.id, e.device, e.lon, e.lat) for e in stored] == [(1, "van", 7.4246, 43.7384)]


async def test_what_is_replayed_makes_no_second_event(conn: asyncpg.Connection, van: Device) -> None:
    first = [moved(van, 5, 0), moved(van, 6, 0)]
    await tell(conn, first, {5: "a", 6: "b"})
    again = [moved(van, 6, 0, "exit"), *first, moved(van, 7, 1), moved(van, 7, 1)]
    made = await tell(conn, again, {5: "a", 6: "b", 7: "c"})
    assert [(e.id, e.type, e.geofence) for e in made] == [(3, "exit", "b"), (4, "enter", "c")]
    assert await select_head(conn) == 4
    assert await tell(conn, first, {}) == []
    assert await select_head(conn) == 4


async def test_what_was_noted_counts_as_decided_by_the_latest_change(conn: asyncpg.Connection, van: Device) -> None:
    def note(geofence: int, stamp: int, kind: str = "noted") -> Transition:
        return msgspec.structs.replace(moved(van, geofence, 0, kind), stamp=stamp)

    assert await tell(conn, [note(5, 10), note(6, 11), note(7, 12), note(7, 13, "doubted")], {}) == []
    assert await tell(conn, [note(7, 30), note(5, 20), note(8, 40)], {}) == []
    rows = await conn.fetch("select geofence, kind, stamp from transition order by geofence, stamp")
    assert [tuple(row) for row in rows] == [
        (5, "noted", 20),
        (6, "noted", 11),
        (7, "doubted", 13),
        (7, "noted", 30),
        (8, "noted", 40),
    ]


async def test_a_retraction_names_its_event_and_what_it_took_back_may_come_again(
    conn: asyncpg.Connection, van: Device
) -> None:
    await tell(conn, [moved(van, 5, 0), moved(van, 6, 0)], {5: "a", 6: "b"})
    back = taking_back(enter := moved(van, 6, 0))
    (made,) = await tell(conn, [back], {6: "b"})
    assert (made.id, made.type, made.geofence, made.at, made.late) == (3, "retraction", "b", AT, True)
    assert named_by(made) == (2, "enter")
    assert await tell(conn, [back], {6: "b"}) == []
    (again,) = await tell(conn, [enter], {6: "b"})
    assert (again.id, again.type) == (4, "enter")
    (back_again,) = await tell(conn, [back], {6: "b"})
    assert named_by(back_again) == (4, "enter")


def taking_back(transition: Transition) -> Transition:
    retracts = Happening(transition.geofence, transition.kind, transition.at)
    return msgspec.structs.replace(transition, kind="retraction", retracts=retracts, late=True)


def named_by(event: Event) -> tuple[int, str]:
    evidence = msgspec.json.decode(event.evidence)
    return evidence["event"], evidence["type"]


async def test_a_retraction_names_what_had_no_number_yet(conn: asyncpg.Connection, van: Device) -> None:
    """Both are numbered at once, and the transition by which it could be found is gone."""
    for each in (moved(van, 5, 0), enter := moved(van, 6, 0), taking_back(enter), enter):
        await insert_transitions(conn, [each], {5: "a", 6: "b"}, detected_at=AT)
    made = await number_events(conn)
    assert [event.type for event in made] == ["enter", "enter", "retraction", "enter"]
    assert named_by(made[2]) == (2, "enter")


async def test_a_retraction_names_what_an_older_version_told(conn: asyncpg.Connection, van: Device) -> None:
    """That noted the number at the transition."""
    await tell(conn, [enter := moved(van, 6, 0)], {6: "b"})
    await conn.execute("update event set told = null; update transition set told = null, event = 1")
    (made,) = await tell(conn, [taking_back(enter)], {6: "b"})
    assert named_by(made) == (1, "enter")


async def test_a_batch_rolled_back_leaves_no_gap(conn: asyncpg.Connection, van: Device) -> None:
    transaction = conn.transaction()
    await transaction.start()
    await insert_transitions(conn, [moved(van, 5, 0)], {5: "a"}, detected_at=AT)
    await transaction.rollback()
    made = await tell(conn, [moved(van, 5, 0)], {5: "a"})
    assert [event.id for event in made] == [1]


async def test_writers_wait_for_each_other_no_more_and_numbers_have_no_gaps(pool: asyncpg.Pool) -> None:
    """The one that began first commits last; its event gets a number then, and no reader sees 2 before 1."""
    async with pool.acquire() as one, pool.acquire() as two:
        van, bus = await insert_device(one, "van", "Van"), await insert_device(one, "bus", "Bus")
        transaction = one.transaction()
        await transaction.start()
        await insert_transitions(one, [moved(van, 1, 0)], {1: "a"}, detected_at=AT)
        async with asyncio.timeout(PATIENCE_S):
            (first,) = await tell(two, [moved(bus, 1, 1)], {1: "a"})
        await transaction.commit()
        (second,) = await number_events(two)
    assert [(each.id, each.device) for each in (first, second)] == [(1, "bus"), (2, "van")]


async def test_a_device_that_is_being_deleted_holds_no_other_up(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as one, pool.acquire() as two:
        van, bus = await insert_device(one, "van", "Van"), await insert_device(one, "bus", "Bus")
        await insert_transitions(one, [moved(van, 1, 0), moved(bus, 1, 0)], {1: "a"}, detected_at=AT)
        transaction = one.transaction()
        await transaction.start()
        await delete_device(one, "van")
        async with asyncio.timeout(PATIENCE_S):
            (made,) = await number_events(two)
        await transaction.commit()
        assert (made.id, made.device) == (1, "bus") and await number_events(two) == []


async def test_a_deleted_device_makes_no_events(conn: asyncpg.Connection, van: Device) -> None:
    other = await insert_device(conn, "bus", "Bus")
    await delete_device(conn, "van")
    made = await tell(conn, [moved(van, 5, 0), moved(other, 5, 0)], {5: "a"})
    assert [event.device for event in made] == ["bus"]


async def test_events_are_filtered_and_paged(conn: asyncpg.Connection, van: Device) -> None:
    bus = await insert_device(conn, "bus", "Bus")
    both = [moved(each, fence, second) for second in range(3) for each in (van, bus) for fence in (1, 2)]
    await tell(conn, both, {1: "a", 2: "b"})
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
    assert [e.id for e in await select_events(conn, EVERYTHING, after=0, limit=2, before=13)] == [11, 12]
    assert [e.id for e in await select_events(conn, EVERYTHING, after=0, limit=1, before=12)] == [11]
    assert await select_events(conn, EVERYTHING, after=11, limit=9, before=12) == []
    assert await select_events(conn, EVERYTHING, after=0, limit=9, only=EventFilter(types=["exit"])) == []
    assert await select_events(conn, EVERYTHING, after=0, limit=9, only=EventFilter(devices=["nobody"])) == []
    assert await select_oldest(conn) == 1
