"""Holding: which strands of the log this process owns. It takes those that nobody has, up to its share, and gives up
what is more than that, one at a time, so that whoever joins has a share, too."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeGuard

import asyncpg
import structlog

from tracker.errors import Fenced, TrackerError
from tracker.ingest.log import Log
from tracker.ingest.standby import Standby, stand_by
from tracker.ingest.writer import PACE
from tracker.logs import Seldom
from tracker.model.moment import now_us
from tracker.processes.ending import close
from tracker.spread.spread import Spread
from tracker.spread.strand import Strand
from tracker.store.ownership import select_free_strands, select_term, update_listened
from tracker.store.pool import AWAY, answering, borrow

logger = structlog.get_logger()
seldom = Seldom(logger)

LOOK: Final = 0.5  # s between looks at who owns what: the end of a process sends us nothing
RECOVERING: Final = 5.0  # s that an owner which is heard has to connect to PostgreSQL again
ASK: Final = 3.0  # s PostgreSQL has to say what is free
PROBE: Final = 0.5  # s for the session that stands by, which has nothing else to do
SAVED: Final = 0.01  # s between looks whether a checkpoint is written
SLOWEST: Final = 0.02  # s between two batches of a strand, where a process owns many

Show = Callable[[Strand], Awaitable[None]]


class Holding:
    """`show`: what viewers here see of a strand before its first new fix."""

    def __init__(self, spread: Spread, pool: asyncpg.Pool, show: Show) -> None:
        self.spread = spread
        self.pool = pool
        self.show = show
        self.free: dict[int, float] = {}  # those that nobody has, and since when, by the loop's clock
        self.running: dict[int, asyncio.Task[None]] = {}  # the writers of those that are ours
        self.busy = asyncio.Lock()  # something is being taken or given up
        self.is_ending = False
        self.next: asyncio.Task[Standby | None] | None = None  # who takes the next one that a living owner gives up
        self.is_able = False  # PostgreSQL answered when it was asked last: what was offered could be taken

    async def run(self) -> None:
        """Until cancelled. Raises Fenced where another process took what is ours: then this one must end."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    self.spread.freed.clear()
                    async with self.busy:
                        if not self.is_ending:
                            self.prepare(tasks)
                            await self.look(tasks)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK):
                            await self.spread.freed.wait()
        finally:
            self.dismiss()

    async def end(self) -> None:
        """Nothing more is taken or given up."""
        self.is_ending = True
        async with self.busy:
            return

    async def look(self, tasks: asyncio.TaskGroup) -> None:
        try:
            await self.take_free(tasks)
            await self.give_up_most()
        except Fenced:
            raise
        except (TrackerError, *AWAY) as error:
            seldom.warning("cannot look after the strands of the log", error=repr(error))

    async def take_free(self, tasks: asyncio.TaskGroup) -> None:
        """What nobody took for the time between two looks is anybody's: who is counted may be gone."""
        free = await self.find_free()
        if not self.spread.may_take():
            return
        now = asyncio.get_running_loop().time()
        self.free = {number: self.free.get(number, now) for number in free if number not in self.running}
        # All at once: what it takes is waiting for PostgreSQL, again and again.
        await asyncio.gather(*(self.take(self.spread.strands[number], tasks) for number in self.choose(now)))

    async def find_free(self) -> list[int]:
        """Asked also where nothing may be taken: one that says that it wants a share, and cannot reach PostgreSQL,
        would have another give up a strand for it, which that one takes back, again and again."""
        try:
            async with borrow(self.pool, wait=ASK) as conn, answering(conn, ASK):
                free = await select_free_strands(conn)
        except (TrackerError, *AWAY):
            self.is_able = False
            raise
        self.is_able = True
        return free

    def choose(self, now: float) -> set[int]:
        """An owner that is heard, and has lost its session, is about to connect again, as all are when PostgreSQL was
        away: were its strand taken at once, it would be fenced, and all would end each other."""
        strands, room = self.spread.strands, self.spread.find_share() - len(self.running)
        left = [number for number in self.free if strands[number].bus.owner is None]
        chosen = set(random.sample(left, max(0, min(room, len(left)))))  # others choose, too
        for number, since in self.free.items():
            if now - since >= (LOOK if number in left else RECOVERING):
                chosen.add(number)
        return chosen

    async def take(self, strand: Strand, tasks: asyncio.TaskGroup) -> None:
        log, began = strand.writer.log, asyncio.get_running_loop().time()
        try:
            await log.begin(await self.find_standby())
            if not await log.take():
                return
            await log.restore()
            await self.show(strand)
            self.spread.own(strand, await select_term(log.conn, log.owner))
        except (TrackerError, *AWAY) as error:
            seldom.warning("cannot take a strand of the log", strand=strand.number, error=repr(error))
            return
        finally:
            if not strand.is_ours:
                self.forget(strand)
        self.running[strand.number] = tasks.create_task(strand.writer.run(), name=f"writer {strand.number}")
        self.set_paces()
        took = round(asyncio.get_running_loop().time() - began, 3)
        logger.info("owner of a strand", strand=strand.number, devices=len(log.states), seconds=took)

    def prepare(self, tasks: asyncio.TaskGroup) -> None:
        """One is enough: strands are given up one at a time."""
        if self.next is None or (self.next.done() and not is_alive(self.next.result())):
            log = self.spread.strands[0].writer.log
            self.next = tasks.create_task(self.stand_by(log.url, log.name), name="standby")

    async def stand_by(self, url: str, name: str) -> Standby | None:
        try:
            return await stand_by(url, name)
        except (TrackerError, *AWAY) as error:
            seldom.warning("nobody stands by to take a strand of the log", error=repr(error))
            return None

    async def find_standby(self) -> Standby | None:
        """If there is one, or soon will be; from then on it is the caller's."""
        standby, self.next = self.next, None
        found = None if standby is None else await standby
        return found if is_alive(found) and await does_answer(found) else None

    def dismiss(self) -> None:
        if self.next is not None and self.next.done() and not self.next.cancelled() and (found := self.next.result()):
            found.conn.terminate()

    def forget(self, strand: Strand) -> None:
        if strand.writer.log.epoch:
            strand.writer.log.conn.terminate()
        strand.renew()

    def set_paces(self) -> None:
        """Together the writers of a process begin as often as one would."""
        for number in self.running:
            self.spread.strands[number].writer.pace = min(PACE * len(self.running), SLOWEST)

    async def give_up_most(self) -> None:
        """While any is on its way from one to another none is given up: each device waits for its own strand only."""
        while len(self.running) > self.spread.find_share() and self.spread.is_settled and not self.is_ending:
            await self.give_up(self.spread.strands[max(self.running)])

    async def give_up_all(self) -> None:
        """Others are to have them: nobody hears what is said here."""
        async with self.busy:
            for number in sorted(self.running):
                await self.give_up(self.spread.strands[number])

    async def give_up(self, strand: Strand) -> None:
        """What is written before it takes nothing more need not be written while its devices wait."""
        writer = strand.writer
        await self.save(strand)
        began = asyncio.get_running_loop().time()
        strand.end()
        await writer.drain()
        writer.end()
        await self.running.pop(strand.number)
        try:
            if not self.is_ending and self.spread.is_heard:  # else sockets end, too, and silence begins anew
                await hand_on(writer.log)
            await close(writer.log)
        finally:  # also where it was taken from us: nothing more is folded here
            strand.disown()
            self.forget(strand)
            self.spread.beat()
        self.set_paces()
        took = asyncio.get_running_loop().time() - began
        logger.info("gave up a strand", strand=strand.number, seconds=round(took, 3))

    async def save(self, strand: Strand) -> None:
        log, writer = strand.writer.log, strand.writer
        if log.saving.stamp is None:
            log.saving.begin(log.memory)
        while log.has_chores and not self.running[strand.number].done():
            writer.wake.set()
            await asyncio.sleep(SAVED)


def is_alive(standby: Standby | None) -> TypeGuard[Standby]:
    return standby is not None and not standby.conn.is_closed()


async def does_answer(standby: Standby) -> bool:
    """A connection that nobody used for hours may be gone without a word: what lies between forgets those that are
    idle. To connect anew then is sooner than to wait for an answer while devices wait."""
    try:
        async with answering(standby.conn, PROBE):
            return bool(await standby.conn.fetchval("select true"))
    except (*AWAY, asyncpg.PostgresError):
        standby.conn.terminate()
        return False


async def hand_on(log: Log) -> None:
    """How long it listened, to the next owner. Where PostgreSQL has no time for it (somebody may hold the table of the
    leases to take others), silence begins anew: devices of a strand that is given up are not to wait for more."""
    try:
        async with answering(log.conn, ASK):
            await update_listened(log.conn, log.owner, log.silences.hand_on(now_us()))
    except (*AWAY, asyncpg.PostgresError) as error:
        logger.warning("the next owner of a strand begins to listen anew", error=repr(error))
