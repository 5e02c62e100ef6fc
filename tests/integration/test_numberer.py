"""Numbers are given in one place at a time, whoever dies or hangs, and everybody hears that there are more."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import pytest

from tests.integration.conftest import Caller
from tests.patience import PATIENCE_S
from tracker.ingest import numberer as numberer_module
from tracker.ingest.numberer import Numberer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.event import Alarm, Transition
from tracker.model.evidence import Evidence
from tracker.model.fix import Fix
from tracker.model.moment import now_ms, now_us
from tracker.model.note import Note, Utterance
from tracker.model.sight import Sight
from tracker.model.update import Update
from tracker.store.alarms import insert_alarms
from tracker.store.devices import delete_device, insert_device
from tracker.store.events import insert_transitions
from tracker.store.messages import insert_utterances, select_message_head, select_messages
from tracker.store.unnumbered import number

OPERATING: Final = Path(__file__).resolve().parents[2] / "docs/operating.md"


class Process:
    """A numberer, and what its process heard on the bus."""

    def __init__(self, url: str) -> None:
        bus = MemoryBus()
        self.heard: list[Update] = []
        bus.subscribe(self.heard.append)
        self.numberer = Numberer(url, bus, Metrics())

    @property
    def numbers(self) -> list[int]:
        return [event.id for update in self.heard for event in update.events]

    async def look(self) -> None:
        """Until it has the duty and nothing waits, or somebody else has it."""
        while await self.numberer.attempt():
            pass

    async def number(self) -> None:
        """PostgreSQL takes a moment to see that a session ended."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.numberer.has_duty:
                await self.look()
                await asyncio.sleep(0.01)


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[tuple[Process, Process]]:
    both = Process(database_url), Process(database_url)
    yield both
    for each in both:
        each.numberer.leave()


async def tell(conn: asyncpg.Connection, device: Device, second: int) -> None:
    fix = Fix(now_ms() + second, 74246000, 437384000)
    await insert_transitions(conn, [Transition(device.key, 1, "enter", fix.at, fix, fix.at)], {1: "a"}, detected_at=0)


async def test_one_numbers_and_the_other_follows_when_it_dies(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    first, second = processes
    await tell(conn, device, 0)
    await first.look()
    await tell(conn, device, 1)
    await second.look()
    assert (first.numbers, second.numbers) == ([1], [])
    first.numberer.leave()
    await second.number()
    assert (first.numbers, second.numbers) == ([1], [1, 2])  # the first one may not have come to publish it


async def test_what_another_process_numbered_and_did_not_publish_is_published_by_the_one_that_follows(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    for second in range(3):
        await tell(conn, device, second)
    async with conn.transaction():
        await number(conn, 10)
    await processes[1].number()
    assert processes[1].numbers == [3]
    assert [update.has_messages for update in processes[1].heard] == [True]


async def test_one_that_hangs_in_the_middle_is_ended(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numberer_module, "STALLED", 0.05)
    first, second = processes
    await first.look()
    await tell(conn, device, 0)
    hanging = first.numberer.conn
    assert hanging is not None
    transaction = hanging.transaction()
    await transaction.start()
    assert await number(hanging, 10) is not None
    await second.number()
    assert second.numbers == [1]
    await tell(conn, device, 1)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await transaction.commit()
    first.numberer.leave()
    await first.look()
    await second.look()
    assert (first.numbers, second.numbers) == ([], [1, 2])


async def test_what_was_numbered_and_not_published_shows_as_a_gap(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    """The connection was lost before the answer to the commit."""
    process, _ = processes
    await tell(conn, device, 0)
    await process.look()
    process.numberer.leave()
    for second in (1, 2, 3):
        await tell(conn, device, second)
    async with conn.transaction():
        await number(conn, 10)
    await process.number()
    assert process.numbers == [1, 4]


async def test_more_than_one_transaction_holds_is_numbered_in_order(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numberer_module, "MOST", 2)
    for second in range(5):
        await tell(conn, device, second)
    await processes[0].look()
    assert processes[0].numbers == [1, 2, 3, 4, 5]
    times = [event.at for update in processes[0].heard for event in update.events]
    assert times == sorted(times)


async def test_who_waits_for_the_numbers_waits_until_none_is_left(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it told so where more was told meanwhile; and one session numbers all of it."""
    monkeypatch.setattr(numberer_module, "MOST", 2)
    for second in range(4):
        await tell(conn, device, second)
    numberer, sessions = processes[0].numberer, set[Any]()
    told = Update([], [], now_us(), has_told=True)
    numberer.deliver(told)
    numberer.told.clear()  # as `run` does before it looks
    for _ in range(2):
        assert await numberer.attempt() and not numberer.idle.is_set()
        sessions.add(numberer.conn)
    numberer.deliver(told)
    assert not await numberer.attempt() and not numberer.idle.is_set()
    numberer.told.clear()
    assert not await numberer.attempt() and numberer.idle.is_set()
    assert (processes[0].numbers, sessions) == ([1, 2, 3, 4], {numberer.conn})


async def test_who_ends_without_the_duty_waits_until_the_other_has_numbered(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    first, second = processes
    await first.look()
    await tell(conn, device, 0)
    second.numberer.deliver(Update([], [], now_us(), has_told=True))
    await second.look()
    assert not second.numberer.has_duty and not second.numberer.idle.is_set()
    await first.look()
    await second.look()
    assert not second.numberer.has_duty
    async with asyncio.timeout(PATIENCE_S):
        await second.numberer.drain()


async def test_who_could_be_heard_by_nobody_leaves_the_duty_to_others(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    first, second = processes
    await first.look()
    first.numberer.may_number = lambda: False
    await tell(conn, device, 0)
    assert not await first.numberer.attempt() and not first.numberer.has_duty
    await second.number()
    assert (first.numbers, second.numbers) == ([], [1])


async def test_a_call_for_help_is_in_the_thread_when_its_event_has_a_number(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    """Nor is what was said after it: a reader that has seen that looks for nothing before it."""
    said = [Utterance("m-1", "hello"), Utterance("m-2", "", alarm="sos"), Utterance("m-3", "still here")]
    notes = [(Note(device.key, each, now_us()), each, now_ms(), number) for number, each in enumerate(said)]
    await insert_utterances(conn, notes)
    await insert_alarms(conn, [Alarm(device.key, "sos", "m-2", now_ms(), None, Evidence())], detected_at=now_ms())
    assert [each.id for each in await select_messages(conn, after=0, limit=9)] == ["m-1"]
    assert await select_message_head(conn) == 1
    await processes[0].look()
    assert [(each.id, each.event) for each in await select_messages(conn, after=0, limit=9)] == [
        ("m-1", None),
        ("m-2", 1),
        ("m-3", None),
    ]
    assert await select_message_head(conn) == 3
    assert [update.has_messages for update in processes[0].heard] == [True]


async def test_a_thread_that_is_read_while_a_call_for_help_has_no_number_misses_nothing(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device, admin: Caller
) -> None:
    said = [Utterance("m-1", "hello"), Utterance("m-2", "", alarm="sos"), Utterance("m-3", "", alarm="sos")]
    notes = [(Note(device.key, each, now_us()), each, now_ms(), number) for number, each in enumerate(said)]
    await insert_utterances(conn, notes)
    alarms = [Alarm(device.key, "sos", id, now_ms(), None, Evidence()) for id in ("m-2", "m-3")]
    await insert_alarms(conn, alarms, detected_at=now_ms())
    before = await (await admin.get(f"/api/devices/{device.id}/messages")).get_json()
    await processes[0].look()
    behind = await (await admin.get(f"/api/devices/{device.id}/messages?after={before['next']}")).get_json()
    assert [[each["id"] for each in page["messages"]] for page in (before, behind)] == [["m-1"], ["m-2", "m-3"]]


async def refuse(conn: asyncpg.Connection, table: str, when: str) -> None:
    """From now on the database refuses such rows, by what they hold."""
    await conn.execute(
        f"""create function refuse() returns trigger language plpgsql as
               $$ begin raise exception using errcode = 'check_violation'; end $$;
           create trigger refuses before insert on {table} for each row when ({when}) execute function refuse()"""
    )


async def test_what_is_refused_holds_up_what_is_behind_it_and_nothing_before(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    for second in range(12):
        await tell(conn, device, second)
    await refuse(conn, "event", "new.id = 8")
    await processes[0].look()
    assert processes[0].numbers == list(range(1, 8))
    await conn.execute("drop trigger refuses on event; drop function refuse")
    await processes[0].look()
    assert processes[0].numbers == list(range(1, 13))


async def test_what_is_refused_for_good_is_set_aside_and_the_rest_goes_on(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    for second in range(12):
        await tell(conn, device, second)
    refused = await conn.fetchval("select id from unnumbered order by id offset 7 limit 1")
    await refuse(conn, "event", f"new.told = {refused}")
    for _ in range(numberer_module.FOR_GOOD - 1):
        await processes[0].look()
        assert len(processes[0].numbers) == 7
    await processes[0].look()
    assert processes[0].numbers == list(range(1, 12)), "no number is missing"
    kept = await conn.fetchrow("select * from refused_event")
    assert (kept["id"], kept["device"], kept["event"]) == (refused, device.key, None)
    assert "CheckViolation" in kept["reason"] and msgspec.json.decode(kept["told"])["id"] == refused
    assert processes[0].numberer.metrics.registry.get_sample_value("tracker_events_refused") == 1
    assert await conn.fetchval("select count(*) from unnumbered") == 0
    await conn.execute("drop trigger refuses on event; drop function refuse")
    await conn.execute(put_back())
    await processes[0].look()
    assert processes[0].numbers == list(range(1, 13))


async def test_two_in_a_row_that_are_refused_for_good_are_both_set_aside(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    for second in range(4):
        await tell(conn, device, second)
    ids = [row["id"] for row in await conn.fetch("select id from unnumbered order by id")]
    await refuse(conn, "event", f"new.told in ({ids[1]}, {ids[2]})")
    for _ in range(2 * numberer_module.FOR_GOOD):
        await processes[0].look()
    assert processes[0].numbers == [1, 2]
    assert await conn.fetch("select id from refused_event order by id") == [(id,) for id in ids[1:3]]


def put_back() -> str:
    """As docs/operating.md says."""
    found = re.search(r"^(with back as .*?;)$", OPERATING.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


async def wish_for_all(conn: asyncpg.Connection) -> None:
    await conn.execute(
        """insert into subscription (id, name, wish, channel, secrets)
           values ('all', 'All', '{}', '{"kind": "webhook", "url": "https://e.org"}', '{x}')"""
    )
    await conn.execute("update subscription_head set revision = revision + 1")


async def test_who_wishes_for_alerts_is_sent_the_next_event_though_nobody_did_before(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    for second in range(2):
        await tell(conn, device, second)
        await processes[0].look()
    await wish_for_all(conn)
    await tell(conn, device, 2)
    await processes[0].look()
    assert processes[0].numbers == [1, 2, 3]
    assert await conn.fetch("select event from outbox") == [(3,)]


async def test_an_event_whose_alerts_are_refused_is_told_without_them(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    await wish_for_all(conn)
    await tell(conn, device, 0)
    await tell(conn, device, 1)
    await refuse(conn, "outbox", "new.event = 1")
    for _ in range(numberer_module.FOR_GOOD):
        await processes[0].look()
    assert processes[0].numbers == [1, 2]
    assert await conn.fetchval("select event from refused_event") == 1
    assert await conn.fetch("select event from outbox") == [(2,)]


async def test_what_is_set_aside_is_the_one_that_was_refused(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    """What waits before it is of a writer that committed later."""
    await processes[0].look()
    for second in range(3):
        await tell(conn, device, second)
    ids = [row["id"] for row in await conn.fetch("select id from unnumbered order by id")]
    numberer = processes[0].numberer
    assert numberer.conn is not None
    assert await numberer.set_aside(numberer.conn, ids[1], ValueError("refused"))
    assert await conn.fetch("select id, event from refused_event") == [(ids[1], 1)]
    assert await conn.fetch("select id, told from event") == [(1, ids[1])]
    await processes[0].look()
    assert processes[0].numbers == [1, 2, 3]
    assert await conn.fetch("select told from event order by id") == [(ids[1],), (ids[0],), (ids[2],)]


async def test_a_connection_that_is_lost_again_and_again_sets_nothing_aside(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    await tell(conn, device, 0)
    for _ in range(2 * numberer_module.FOR_GOOD):
        await processes[0].number()
        await conn.execute("alter table event_head rename to lost")
        await tell(conn, device, 1)
        await processes[0].look()
        await conn.execute("alter table lost rename to event_head")
    await processes[0].number()
    assert await conn.fetchval("select count(*) from refused_event") == 0


async def test_a_failure_nobody_thought_of_ends_nothing(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    await tell(conn, device, 0)
    await conn.execute("alter table event_head rename to lost")
    await processes[0].look()
    assert (processes[0].numbers, processes[0].numberer.has_duty) == ([], False)
    await conn.execute("alter table lost rename to event_head")
    await processes[0].number()
    assert processes[0].numbers == [1]


async def test_a_device_that_is_being_deleted_is_passed_over(
    processes: tuple[Process, Process], pool: asyncpg.Pool, conn: asyncpg.Connection, device: Device
) -> None:
    other = await insert_device(conn, "bus", "Bus", "bus")
    for second in range(3):
        await tell(conn, device, second)
    await tell(conn, other, 3)
    async with pool.acquire() as deleter, deleter.transaction():
        await deleter.execute("select from device where key = $1 for update", device.key)
        async with conn.transaction():
            numbered = await number(conn, 1)
    assert numbered is not None
    assert [event.device for event in numbered.events] == ["bus"]
    await processes[0].number()
    assert processes[0].numbers == [1, 2, 3, 4]


async def test_what_was_private_to_a_device_that_was_deleted_since_is_told_to_nobody(
    processes: tuple[Process, Process], conn: asyncpg.Connection, device: Device
) -> None:
    other = await insert_device(conn, "bus", "Bus", "bus")
    await tell(conn, device, 0)
    await tell(conn, device, 1)
    await conn.execute(
        "update unnumbered set private_of = array[$1::int] where id = (select min(id) from unnumbered)", other.key
    )
    await delete_device(conn, "bus")
    await processes[0].look()
    events = processes[0].heard[0].events
    assert [Sight(devices=None, fences=None).may(event) for event in events] == [False, True]
