"""A log that is cut into parts with owners of their own, and joined again: each owner finds what those before it had,
and of two devices whose fixes come to different owners it is told what one owner tells."""

import asyncio
from math import inf
from typing import Any

import asyncpg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.faults.proxy import proxy
from tests.integration.test_replay import DEVICES, afresh, change_fence, fenced, here, sent, values
from tests.laws import examples
from tests.patience import PATIENCE_S
from tracker.access.gate import Gate
from tracker.ingest.committed import Committed
from tracker.ingest.distant import meet_distant
from tracker.ingest.joining import join, look_again
from tracker.ingest.log import Log
from tracker.ingest.refresh import Drawn
from tracker.ingest.standby import stand_by
from tracker.ingest.writer import Writer
from tracker.live.bus import Publishing
from tracker.live.hub import Hub
from tracker.live.memory import MemoryBus
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import E7, Fix, Flag
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_ms, now_us
from tracker.spread.holding import Holding
from tracker.spread.spread import Life, Spread, Standpoint
from tracker.spread.words import Pulse
from tracker.store.devices import insert_device
from tracker.store.ownership import ALL, InForce, find_partition, list_strand, select_free_strands, select_in_force
from tracker.store.pairs import delete_pair, insert_pair, update_pair
from tracker.store.pool import open_connection, open_pool

CUTS = {1: [ALL], 2: [ALL[::2], ALL[1::2]], 3: [ALL[::3], ALL[1::3], ALL[2::3]]}
others = st.one_of(
    st.tuples(st.just("checkpoint"), st.integers(0, 2), st.none()),
    st.tuples(st.just("cut"), st.sampled_from(list(CUTS)), st.none()),
)
scripts = st.lists(sent | sent | fenced | others, max_size=10)
NEAR, FAR = 0.001, 0.007  # degrees of longitude from the van: 72 m, 502 m


async def open_all(url: str, cut: int) -> list[Log]:
    logs = [Log(url, "test", partitions=partitions) for partitions in CUTS[cut]]
    for log in logs:
        await log.open()
    return logs


def find(logs: list[Log], device: int) -> Log:
    return next(log for log in logs if find_partition(device) in log.partitions)


def test_who_takes_over_from_several_has_the_states_that_each_of_them_had(database_url: str) -> None:
    with asyncio.Runner() as runner:
        conn = runner.run(open_connection(database_url))

        @settings(max_examples=examples(6), deadline=None)
        @example(
            [("cut", 2, None), ("fence", "a", 0), here(0), ("cut", 1, None), here(5, 2)]
        )  # one of them lags behind
        @example([("cut", 2, None), here(0), ("fence", "a", 0), here(5), ("fence", "a", 1), ("cut", 1, None), here(9)])
        @given(scripts)
        def law(script: list[Any]) -> None:
            runner.run(played(database_url, conn, [*script, ("cut", 2, None), ("cut", 1, None)]))

        law()
        runner.run(conn.close())


async def played(url: str, conn: asyncpg.Connection, script: list[Any]) -> None:
    await afresh(conn)
    logs = await open_all(url, 1)
    try:
        for number, (action, what, more) in enumerate(script):
            if action == "send":
                await find(logs, what).append([Frame(what, number + 1, now_us(), list(more))])
            elif action == "fence":
                await change_fence(conn, what, more)
            elif action == "checkpoint":
                await logs[what % len(logs)].checkpoint()
            else:
                logs = await cut_anew(url, conn, logs, what)
    finally:
        for log in logs:
            await log.conn.close()


async def cut_anew(url: str, conn: asyncpg.Connection, logs: list[Log], cut: int) -> list[Log]:
    """After all of them have crashed."""
    for log in logs:
        await log.conn.close()
    after = await open_all(url, cut)
    known = frozenset(await conn.fetchval("select coalesce(array_agg(key), '{}') from geofence"))
    for device in DEVICES:
        before, found = find(logs, device), find(after, device)
        assert values(found, known).get(device) == values(before, known).get(device)
        assert found.stamp >= before.states[device].stamp
    loading = "select bool_and(expires_at > now() + interval '1 minute') from owner where id = any($1::uuid[])"
    assert await conn.fetchval(loading, [log.owner for log in after]), "there may be more to read"
    for log in after:
        histories = list((await select_in_force(conn, log.partitions)).values())
        assert all(each == histories[0] for each in histories)
        assert log.memory.devices.keys() <= {key for key in DEVICES if find_partition(key) in log.partitions}
    return after


async def test_a_device_that_changes_while_its_strand_is_restored_is_known_as_it_is(
    database_url: str, conn: asyncpg.Connection, device: Device
) -> None:
    log = Log(database_url, "test")
    await log.open()
    await conn.execute("update device set category = 'boat' where key = $1", device.key)
    bus = await insert_device(conn, "bus", "Bus")
    await look_again(log.conn, log.memory)
    assert log.memory.devices[device.key].category == "boat" and device.key in log.memory.to_recast
    assert log.memory.devices[bus.key] == bus
    await log.close()


class Deciding:
    """Whose frame is decided: it notes by which category."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.by = list[str | None]()

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        self.by.append(self.log.states[frame.device].category)

    def resume(self) -> None: ...


async def test_what_waited_while_a_strand_was_restored_is_decided_by_the_devices_of_then(
    database_url: str, conn: asyncpg.Connection, device: Device
) -> None:
    log = Log(database_url, "test")
    await log.open()
    await conn.execute("update device set category = 'boat' where key = $1", device.key)
    writer, deciding = Writer(log, MemoryBus(), Metrics()), Deciding(log)
    writer.offer(Frame(device.key, 1, now_us(), [Fix(now_ms(), 0, 0)]), deciding)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run())
        await writer.drain()
        writer.end()
    assert deciding.by == ["boat"]
    await log.close()


def test_what_one_part_passed_over_came_into_force_there_with_the_next() -> None:
    one = [InForce(1, 0), InForce(5, 1), InForce(10, 2)]
    other = [InForce(1, 0), InForce(20, 2)]
    assert join([one, other], 30) == [InForce(1, 0), InForce(20, 1), InForce(30, 2)]
    assert join([one, other[:1]], 30) == [InForce(1, 0), InForce(30, 2)]


async def test_who_cannot_ask_postgresql_wants_no_share(database_url: str) -> None:
    """Another would give up a strand for it, and take it back, for ever."""

    async def read() -> None: ...

    pool = await open_pool(database_url)
    holding = Holding(Spread(Standpoint("nats://127.0.0.1:1", "tracker", "one")), pool, read, lambda _: None)
    async with asyncio.TaskGroup() as tasks:
        assert not holding.is_able, "it did not ask yet"
        await holding.look(tasks)
        assert holding.is_able and not holding.running, "nobody hears it, but it could"
        await holding.pool.close()
        await holding.look(tasks)
        assert not holding.is_able


async def nothing() -> None: ...


async def test_who_ends_asks_for_nothing_that_is_free_and_waits_for_none_who_cannot_take(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr("tracker.spread.holding.LEAVING", inf)
    pool, spread = await open_pool(database_url), Spread(Standpoint("nats://127.0.0.1:1", "tracker", "one"))
    holding = Holding(spread, pool, nothing, lambda _: None)
    spread.wants = lambda: False
    spread.lives["other"] = Life(Pulse("other", "", [], True, 0, [], False), inf)
    for strand in spread.strands:
        strand.meet(spread.life, 1)
    async with asyncio.TaskGroup() as tasks:
        holding.running[0] = tasks.create_task(asyncio.sleep(0))
        async with asyncio.timeout(PATIENCE_S):
            await holding.leave()
        await pool.close()
        await holding.look(tasks)
    assert holding.running and holding.is_leaving


@pytest.mark.parametrize("stays", [True, False])
async def test_silence_goes_on_only_where_the_sockets_stay_with_who_gives_up_a_strand(
    database_url: str, conn: asyncpg.Connection, stays: bool
) -> None:
    def make(strand: int, bus: Publishing) -> Writer:
        return Writer(Log(database_url, "test", partitions=list_strand(strand)), bus, Metrics())

    pool, spread = await open_pool(database_url), Spread(Standpoint("nats://127.0.0.1:1", "tracker", "one"))
    for each in spread.strands:
        each.begin(make)
    strand, holding = spread.strands[1], Holding(spread, pool, nothing, lambda _: None)
    spread.echoed_at, spread.was_heard = inf, True
    async with asyncio.TaskGroup() as tasks:
        spread.hub = Hub(Gate(pool), pool, tasks, Metrics(), Table())
        await holding.take(strand, tasks)
        assert strand.is_ours
        spread.wants = lambda: stays
        await holding.give_up(strand)
    log = make(1, MemoryBus()).log
    await log.open()
    assert (log.lease.listened is not None) is stays
    await log.close()
    await pool.close()


async def test_who_stands_by_asks_for_no_type_while_devices_wait(
    database_url: str, conn: asyncpg.Connection, device: Device
) -> None:
    """Which takes several times as long as all that is read."""
    await insert_pair(conn, "two", (device.id, (await insert_device(conn, "bus", "Bus")).id), 100, "strict")
    drawn, asked = Drawn(), list[str]()
    standby = await stand_by(database_url, "test", drawn)
    standby.conn.add_query_logger(lambda logged: asked.append(logged.query))
    log = Log(database_url, "test")
    log.drawn = drawn
    await log.begin(standby)
    assert await log.take()
    await log.restore()
    questions = len(asked)
    assert await log.append([Frame(device.key, 1, now_us(), [Fix(now_ms(), 0, 0)])])
    assert log.owner == standby.owner and not [each for each in asked if "typeinfo" in each]
    assert questions <= 12, "devices wait for each"
    await log.close()


async def test_who_stands_by_and_answers_no_more_is_not_asked_to_take(database_url: str) -> None:
    """What lies between forgets a connection that is idle, and tells nobody."""

    async def read() -> None: ...

    pool = await open_pool(database_url)
    async with proxy(database_url) as wire, asyncio.TaskGroup() as tasks:
        holding = Holding(Spread(Standpoint("nats://127.0.0.1:1", "tracker", "one")), pool, read, lambda _: None)
        for is_frozen in (False, True):
            holding.next = tasks.create_task(stand_by(wire.url, "test", Drawn()))
            there = await holding.next
            if is_frozen:
                wire.freeze()
            found = await holding.find_standby()
            assert found == (None if is_frozen else there) and there.conn.is_closed() is is_frozen
            there.conn.terminate()
    await pool.close()


async def test_what_nobody_owns_is_found(database_url: str, conn: asyncpg.Connection) -> None:
    assert await select_free_strands(conn) == list(range(8))
    log = Log(database_url, "test", partitions=[*ALL[3::8], 1])
    await log.open()
    assert await select_free_strands(conn) == [0, 2, 4, 5, 6, 7]
    await log.conn.close()
    async with asyncio.timeout(10):
        while len(await select_free_strands(conn)) < 8:  # noqa: ASYNC110 - a session's end takes PostgreSQL a moment
            await asyncio.sleep(0.02)


class Apart:
    """The van stands still; the bus is sent near and far. The fixes of each come to an owner of its own."""

    def __init__(self, url: str, van: Device, bus: Device) -> None:
        self.url = url
        self.van, self.bus = van.key, bus.key
        self.of_van, self.of_bus = (Log(url, "test", partitions=[find_partition(each.key)]) for each in (van, bus))
        self.at = now_ms() - 3_600_000

    async def open(self) -> None:
        await self.of_van.open()
        await self.of_bus.open()

    async def sent(self, *easts: float) -> list[str]:
        """A second each, the bus first."""
        told = list[str]()
        for east in easts:
            self.at += 1000
            for log, key, lon in ((self.of_bus, self.bus, east), (self.of_van, self.van, 0.0)):
                told += kinds(await log.append([Frame(key, 1, now_us(), [Fix(self.at, round(lon * E7), 50 * E7)])]))
                told += await self.read()
        return told

    async def read(self) -> list[str]:
        return kinds(await meet_distant(self.of_van, [self.bus]))

    async def restarted(self) -> None:
        """Both, as after a crash."""
        for log in (self.of_van, self.of_bus):
            await log.conn.close()
        self.of_van, self.of_bus = (
            Log(self.url, "test", partitions=each.partitions) for each in (self.of_van, self.of_bus)
        )
        await self.open()
        assert self.of_van.memory.to_meet == {self.bus}


def kinds(committed: Committed) -> list[str]:
    return [each.kind for each in committed.folded.transitions]


@pytest.fixture
async def apart(database_url: str, conn: asyncpg.Connection, device: Device) -> Any:
    apart = Apart(database_url, device, await insert_device(conn, "bus", "Bus"))
    await apart.open()
    yield apart
    await apart.of_van.close()
    await apart.of_bus.close()


async def test_two_whose_fixes_come_to_different_owners_meet(apart: Apart, conn: asyncpg.Connection) -> None:
    assert await apart.sent(NEAR) == []
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await apart.of_bus.append([]) and not apart.of_bus.memory.meetings.meetings, "the other one decides"
    assert await apart.sent(NEAR, FAR, NEAR) == ["near", "apart", "near"]
    await apart.restarted()
    assert await apart.read() == [] and await apart.sent(NEAR) == []
    await update_pair(conn, "two", distance=90)
    assert await apart.sent(NEAR) == []
    await apart.restarted()
    assert await apart.sent(FAR) == ["apart"]
    await apart.restarted()
    assert await apart.sent(FAR, NEAR) == ["near"]
    await delete_pair(conn, "two")
    assert await apart.sent(FAR) == [] and await conn.fetchval("select count(*) from meeting") == 0


async def test_where_one_was_when_the_two_became_a_pair_is_known_whoever_owns_it(
    apart: Apart, conn: asyncpg.Connection
) -> None:
    assert await apart.sent(NEAR) == []
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    await apart.of_van.append([])  # the pair is taken over
    assert await apart.read() == []
    apart.at += 1000
    fix = Fix(apart.at, 0, 50 * E7)
    assert kinds(await apart.of_van.append([Frame(apart.van, 1, now_us(), [fix])])) == ["near"]


async def test_of_a_new_pair_nothing_is_passed_over_where_one_clock_is_ahead(
    apart: Apart, conn: asyncpg.Connection
) -> None:
    assert await apart.sent(FAR) == []
    apart.of_van.memory.stamp += 3_600_000_000
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await apart.sent(FAR, NEAR) == ["near"]
    await apart.restarted()
    assert await apart.read() == [] and await apart.sent(FAR) == ["apart"]


async def test_fixes_that_move_no_marker_hold_up_none_that_do(
    apart: Apart, conn: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.ingest.distant.AT_ONCE", 3)
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await apart.sent(NEAR) == ["near"]
    nowhere = [Fix(apart.at + number, 0, 0, flags=int(Flag.NULL_ISLAND)) for number in range(1, 9)]
    assert await apart.of_bus.append([Frame(apart.bus, 1, now_us(), nowhere)])
    assert await apart.read() == [] and await apart.sent(FAR) == ["apart"]


async def test_a_clock_that_ran_ahead_hides_nothing_that_comes_after(apart: Apart, conn: asyncpg.Connection) -> None:
    """As where both have one owner: the next fix by a clock that does not sets its device right."""
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await apart.sent(FAR) == []
    ahead = Fix(apart.at + 290_000, round(FAR * E7), 50 * E7, flags=int(Flag.CLOCK_SKEW))
    assert await apart.of_bus.append([Frame(apart.bus, 1, now_us(), [ahead])])
    assert await apart.read() == [] and await apart.sent(NEAR, FAR) == ["near", "apart"]


async def test_what_was_kept_in_a_tunnel_is_read_behind_a_clock_that_ran_ahead(
    apart: Apart, conn: asyncpg.Connection
) -> None:
    """As where both have one owner. The first of it is more than ten minutes older than what came before."""
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await apart.sent(FAR) == []
    ahead = Fix(apart.at + 590_000, round(FAR * E7), 50 * E7, flags=int(Flag.CLOCK_SKEW))
    assert await apart.of_bus.append([Frame(apart.bus, 1, now_us(), [ahead])])
    assert await apart.read() == []
    kept = Fix(apart.at - 200_000, round(NEAR * E7), 50 * E7)
    assert await apart.of_bus.append([Frame(apart.bus, 1, now_us(), [kept])])
    assert await apart.read() == ["near"]
    assert await apart.sent(FAR) == ["apart"]


async def test_of_a_new_pair_it_is_known_where_one_is_whose_clock_ran_ahead(
    apart: Apart, conn: asyncpg.Connection
) -> None:
    ahead = Fix(apart.at + 602_000, round(FAR * E7), 50 * E7, flags=int(Flag.CLOCK_SKEW))
    assert await apart.of_bus.append([Frame(apart.bus, 1, now_us(), [ahead])])
    assert await apart.sent(NEAR) == []
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    await apart.of_van.append([])  # the pair is taken over
    (meeting,) = apart.of_van.memory.meetings.meetings.values()
    assert meeting.newest[1] is not None and meeting.newest[1].lon_e7 == round(NEAR * E7)


async def test_both_meet_as_before_when_they_have_one_owner_again(apart: Apart, conn: asyncpg.Connection) -> None:
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await apart.sent(NEAR) == ["near"]
    for log in (apart.of_van, apart.of_bus):
        await log.conn.close()
    both = Log(apart.url, "test")
    await both.open()
    assert not both.memory.meetings.distant
    apart.at += 1000
    frames = [Frame(apart.bus, 1, now_us(), [Fix(apart.at, round(FAR * E7), 50 * E7)])]
    frames += [Frame(apart.van, 1, now_us(), [Fix(apart.at, 0, 50 * E7)])]
    assert kinds(await both.append(frames)) == ["apart"]
    await both.close()
    await apart.open()
    assert await apart.sent(FAR, NEAR) == ["near"]
