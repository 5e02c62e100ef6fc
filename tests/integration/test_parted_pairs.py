"""Two devices that meet while their log is cut into parts with owners of their own and joined again: it is told once,
whatever dies, and what one owner has not read of the other's is read by whoever comes after it."""

import asyncio
from typing import Any

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.integration.numbered import number_events
from tests.integration.test_replay import afresh, few_sessions
from tests.integration.test_strands import CUTS, FAR, NEAR, find, open_all
from tests.laws import examples
from tracker.ingest.distant import meet_distant
from tracker.ingest.log import Log
from tracker.ingest.parting import part_pairs
from tracker.model.device import Device
from tracker.model.fix import E7, Fix, Flag
from tracker.model.frame import Frame
from tracker.model.moment import now_ms, now_us
from tracker.store.devices import insert_device
from tracker.store.ownership import find_partition
from tracker.store.pairs import delete_pair, insert_pair, select_meetings, update_pair
from tracker.store.pool import open_connection

VAN, BUS = 1, 2


class Cutting:
    """The van stands still; the bus is sent near and far. Which logs there are changes."""

    def __init__(self, url: str, conn: asyncpg.Connection, van: int = VAN, bus: int = BUS) -> None:
        self.url, self.conn = url, conn
        self.van, self.bus = van, bus
        self.logs: list[Log] = []
        self.at = now_ms() - 3_600_000
        self.told: list[str] = []

    async def begin(self, cut: int) -> None:
        self.logs = await open_all(self.url, cut)
        await self.hear()

    async def send(self, device: int, east: float, ahead: int = 0) -> None:
        """`ahead`: ms, by a clock that is."""
        flags = int(Flag.CLOCK_SKEW) if ahead else 0
        fix = Fix(self.at + ahead, round(east * E7), 50 * E7, flags=flags)
        await find(self.logs, device).append([Frame(device, 1, now_us(), [fix])])

    async def move(self, east: float, *, is_read: bool = True) -> None:
        """A second later, the bus first."""
        self.at += 1000
        await self.send(self.bus, east)
        if is_read:
            await self.read()
        await self.send(self.van, 0.0)
        await self.hear()

    async def read(self) -> None:
        """What has another owner. That something came of it the bus would tell."""
        for log in self.logs:
            if mine := log.memory.meetings.distant:
                await meet_distant(log, mine)
        await self.hear()

    async def hear(self) -> None:
        self.told += [each.type for each in await number_events(self.conn)]

    async def crash(self, cut: int) -> None:
        for log in self.logs:
            await log.conn.close()
        await self.begin(cut)
        await self.read()

    async def close(self) -> None:
        for log in self.logs:
            await log.close()


@pytest.fixture
async def cutting(database_url: str, conn: asyncpg.Connection, device: Device) -> Any:
    bus = await insert_device(conn, "bus", "Bus")
    cutting = Cutting(database_url, conn, device.key, bus.key)
    yield cutting
    await cutting.close()


async def test_what_one_log_told_is_not_told_again_when_it_is_cut(cutting: Cutting) -> None:
    await cutting.begin(1)
    await insert_pair(cutting.conn, "two", ("van-12", "bus"), 100, "strict")
    for east in (NEAR, FAR, NEAR, NEAR):
        await cutting.move(east)
    assert cutting.told == ["near", "apart", "near"]
    await cutting.crash(2)
    await cutting.move(NEAR)
    assert cutting.told == ["near", "apart", "near"]
    await cutting.move(FAR)
    assert cutting.told[3:] == ["apart"]


async def test_what_one_part_did_not_read_is_read_when_both_are_one_again(cutting: Cutting) -> None:
    await cutting.begin(2)
    await insert_pair(cutting.conn, "two", ("van-12", "bus"), 100, "strict")
    await cutting.move(FAR)
    cutting.at += 1000
    await cutting.send(cutting.bus, NEAR)
    await cutting.crash(1)
    assert cutting.told == ["near"]
    await cutting.crash(1)
    await cutting.move(NEAR)
    await cutting.move(FAR)
    assert cutting.told == ["near", "apart"]


async def test_what_is_read_when_both_are_one_again_is_judged_by_the_pairs_of_then(cutting: Cutting) -> None:
    await cutting.begin(2)
    await insert_pair(cutting.conn, "two", ("van-12", "bus"), 100, "strict")
    await cutting.move(FAR)
    cutting.at += 1000
    await cutting.send(cutting.bus, NEAR)
    for log in cutting.logs:
        await log.conn.close()
    await update_pair(cutting.conn, "two", distance=50)
    await cutting.begin(1)
    assert cutting.told == [], "72 m are far by now"
    await cutting.crash(2)
    cutting.at += 1000
    await cutting.send(cutting.bus, 0.0)
    for log in cutting.logs:
        await log.conn.close()
    await delete_pair(cutting.conn, "two")
    await cutting.begin(1)
    assert cutting.told == [] and await select_meetings(cutting.conn) == []


async def test_to_part_many_pairs_asks_no_more_than_to_part_one(cutting: Cutting) -> None:
    """All who want to take anything wait meanwhile. What asyncpg asks of types is asked once, too."""
    await cutting.begin(1)
    many, asked = 30, list[LoggedQuery]()
    for number in range(many):
        other = await insert_device(cutting.conn, f"bus-{number}", "Bus")
        await insert_pair(cutting.conn, f"two-{number}", ("van-12", other.id), 100, "strict")
        await cutting.send(other.key, NEAR)
    await cutting.send(cutting.van, 0.0)
    async with cutting.conn.transaction():
        with cutting.conn.query_logger(asked.append):
            await part_pairs(cutting.conn, [find_partition(cutting.van)])
    seen = [each.seen for each in await select_meetings(cutting.conn)]
    assert len(seen) == many and None not in seen and len(set(seen)) == many, "each by the stamp of its own second"
    assert len([each for each in asked if " fix " in each.query]) <= 2, "those since the checkpoint, and their stamps"


moves = st.tuples(st.just("move"), st.sampled_from([NEAR, FAR]))
unread = st.tuples(st.just("unread"), st.sampled_from([NEAR, FAR]))
ahead = st.tuples(st.just("ahead"), st.integers(1, 599))
cuts = st.tuples(st.just("cut"), st.sampled_from(list(CUTS)))
checkpoints = st.tuples(st.just("checkpoint"), st.integers(0, 2))
scripts = st.lists(moves | moves | ahead | unread | cuts | checkpoints, max_size=12)


def test_who_is_near_whom_is_told_in_turns_and_each_once_whatever_is_cut(database_url: str) -> None:
    with asyncio.Runner() as runner:
        conn = runner.run(open_connection(database_url))

        @settings(max_examples=examples(4), deadline=None)
        @example([("move", NEAR), ("cut", 2), ("move", NEAR)])
        @example([("cut", 2), ("unread", NEAR), ("cut", 1), ("cut", 3)])
        @example([("cut", 2), ("move", NEAR), ("ahead", 200), ("move", FAR), ("cut", 3), ("move", NEAR)])
        @example([("cut", 3), ("move", NEAR), ("unread", FAR), ("cut", 2), ("checkpoint", 1), ("cut", 1)])
        @given(scripts)
        def law(script: list[Any]) -> None:
            runner.run(played(database_url, conn, script))

        law()
        runner.run(conn.close())


async def played(url: str, conn: asyncpg.Connection, script: list[Any]) -> None:
    """What is told follows the bus, where it is read at once. What was read late may have been passed over."""
    await few_sessions(conn)
    await afresh(conn)
    van, bus = await conn.fetchval("select array_agg(id order by key) from device where key = any($1)", [VAN, BUS])
    await insert_pair(conn, "two", (van, bus), 100, "strict")
    cutting = Cutting(url, conn)
    try:
        await cutting.begin(1)
        await cutting.move(FAR)
        expected, is_near = list[str](), False
        for action, what in [*script, ("move", NEAR), ("move", FAR)]:
            if action == "cut":
                await cutting.crash(what)
            elif action == "ahead":  # where it is
                await cutting.send(cutting.bus, NEAR if is_near else FAR, ahead=1000 * what + 500)
            elif action == "checkpoint":
                await cutting.logs[what % len(cutting.logs)].checkpoint()
            else:
                await cutting.move(what, is_read=action == "move")
                if (what == NEAR) != is_near:
                    is_near = not is_near
                    expected.append("near" if is_near else "apart")
        assert cutting.told == (["near", "apart"] * len(cutting.told))[: len(cutting.told)]
        assert len(cutting.told) % 2 == 0, "they are apart in the end"
        assert cutting.told == expected or any(action == "unread" for action, _ in script)
    finally:
        for log in cutting.logs:
            await log.conn.close()
