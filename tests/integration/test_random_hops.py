"""A log whose parts go from owner to owner, drawn by a seed: handed on by a living one, left by one that was killed,
and cut anew. All that is told is what one owner tells who stays."""

import asyncio
import random
from typing import Final

import asyncpg
import pytest

from tests.integration.numbered import number_events
from tests.integration.player import AT, PLACES
from tests.integration.test_replay import DEVICES, afresh, change_fence, few_sessions
from tests.integration.test_strands import CUTS, find, open_all
from tests.laws import examples
from tracker.ingest.distant import meet_distant
from tracker.ingest.log import Log
from tracker.ingest.standby import stand_by
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import now_us
from tracker.store.pairs import insert_pair

STEPS: Final = 30
Told = tuple[str, str, str | None, str | None, int]


@pytest.mark.parametrize("seed", range(examples(2)))
async def test_owners_that_come_and_go_tell_what_one_tells(
    seed: int, database_url: str, conn: asyncpg.Connection
) -> None:
    alone = await Hopping(database_url, conn, seed, may_hop=False).play()
    assert len({each[0] for each in alone}) > 2, "it tells something"
    assert await Hopping(database_url, conn, seed, may_hop=True).play() == alone


class Hopping:
    """Late fixes decide nothing of what was told before a log was joined, nor may what is in doubt be compared across
    that: so of two seeds one has late fixes and owners that change, the other has logs that are cut anew."""

    def __init__(self, url: str, conn: asyncpg.Connection, seed: int, *, may_hop: bool) -> None:
        self.url, self.conn, self.may_hop = url, conn, may_hop
        self.sending, self.hopping = random.Random(seed), random.Random(seed)
        self.may_cut = bool(seed % 2)
        self.logs: list[Log] = []
        self.told: list[Told] = []

    async def play(self) -> list[Told]:
        await few_sessions(self.conn)
        await afresh(self.conn)
        await change_fence(self.conn, "a", 0)
        await insert_pair(self.conn, "two", ("van-1", "van-2"), 100, "strict")
        await self.open(3 if self.may_hop else 1)
        try:
            for number in range(STEPS):
                if self.may_hop:
                    await self.hop()
                await self.send(number)
        finally:
            for log in self.logs:
                await log.conn.close()
        return self.told

    async def open(self, cut: int) -> None:
        self.logs = await open_all(self.url, cut)
        for log in self.logs:
            await log.append([])  # it has the geofences
        await self.look_after()

    async def send(self, number: int) -> None:
        """Each device a second after the last, or now and then from before."""
        device, place = self.sending.choice(DEVICES), self.sending.randrange(3)
        ago = 0 if self.may_cut else self.sending.choice([0, 0, 0, 0, 0, 4_500])
        fix = Fix(AT + number * 1000 - ago, *PLACES[place], accuracy=5.0)
        await find(self.logs, device).append([Frame(device, number, now_us(), [fix])])
        await self.look_after()

    async def look_after(self) -> None:
        """As each writer does, between two batches."""
        for log in self.logs:
            while log.memory.late:
                await log.refold(log.memory.late.pop())
        for log in self.logs:
            if distant := log.memory.meetings.distant:
                await meet_distant(log, distant)
        events = await number_events(self.conn)
        self.told += [(each.type, each.device, each.geofence, each.other, each.at) for each in events]

    async def hop(self) -> None:
        deed = self.hopping.choice(["nothing", "nothing", "checkpoint", "join", "kill", "kill all"])
        log = self.hopping.choice(self.logs)
        if deed == "checkpoint":
            await log.checkpoint()
        elif deed == "join":
            await self.hand_on(log)
        elif deed == "kill":
            await log.conn.close()
            await self.replace(log, Log(self.url, "after a death", partitions=log.partitions))
        elif deed == "kill all":
            cut = self.hopping.choice(list(CUTS)) if self.may_cut else len(self.logs)
            for each in self.logs:
                await each.conn.close()
            await self.open(cut)

    async def hand_on(self, log: Log) -> None:
        after = Log(self.url, "heir", partitions=log.partitions)
        standby = await stand_by(self.url, "heir", after.drawn)
        await log.let_go(log.silences.hand_on(now_us()))
        await log.conn.close()
        await after.begin(standby)
        assert await after.take()
        await after.restore()
        await self.swap(log, after)

    async def replace(self, before: Log, after: Log) -> None:
        async with asyncio.timeout(60):
            await after.open()
        await self.swap(before, after)

    async def swap(self, before: Log, after: Log) -> None:
        self.logs = [after if each is before else each for each in self.logs]
        await after.renew()
        await self.look_after()
