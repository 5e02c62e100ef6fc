"""Holding: which strands of the log this process owns. It takes those that nobody has, up to its share, and gives up
what is more than that, one at a time, so that whoever joins has a share, too."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final, TypeGuard

import asyncpg
import structlog

from tracker.errors import Fenced, TrackerError
from tracker.ingest.log import Log
from tracker.ingest.standby import Standby, stand_by
from tracker.logs import Seldom
from tracker.model.moment import now_us
from tracker.processes.ending import let_go
from tracker.spread.spread import Spread
from tracker.spread.strand import Strand
from tracker.store.ownership import select_free_strands
from tracker.store.pool import AWAY, answering, borrow

logger = structlog.get_logger()
seldom = Seldom(logger)

LOOK: Final = 0.5  # s between looks at who owns what: the end of a process sends us nothing
RECOVERING: Final = 5.0  # s that an owner which is heard has to connect to PostgreSQL again
ASK: Final = 3.0  # s PostgreSQL has to say what is free
PROBE: Final = 0.5  # s for the session that stands by, which has nothing else to do
SAVED: Final = 0.01  # s between looks whether a checkpoint is written
LEAVING: Final = 3.0  # s that others have, when this process ends, to take what it owns while it still serves

Read = Callable[[], Coroutine[Any, Any, None]]
Show = Callable[[Strand], None]


class Holding:
    """`read`: whatever viewers have to know beside a strand, and `show`: what they see of it before its first new
    fix."""

    def __init__(self, spread: Spread, pool: asyncpg.Pool, read: Read, show: Show) -> None:
        self.spread = spread
        self.pool = pool
        self.read = read
        self.show = show
        self.free: dict[int, float] = {}  # those that nobody has, and since when, by the loop's clock
        self.running: dict[int, asyncio.Task[None]] = {}  # the writers of those that are ours
        self.busy = asyncio.Lock()  # something is being taken or given up
        self.is_leaving = self.is_ending = False
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

    async def leave(self) -> None:
        """Before this process ends, others take what it owns, one after the other, while it still serves: all at once,
        and after its sockets are closed, each would wait for all. Where nobody else is there, or can take any, it ends
        with what it has."""
        self.is_leaving, clock = True, asyncio.get_running_loop().time
        taken = clock()  # when others last took, or could have taken
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVING):
                while self.running and not self.spread.find_share() and clock() - taken < LOOK:
                    self.spread.freed.set()
                    await asyncio.sleep(SAVED)
                    if not self.spread.is_settled or self.spread.find_heir() is not None:
                        taken = clock()

    async def end(self) -> None:
        """Nothing more is taken or given up."""
        self.is_ending = True
        async with self.busy:
            return

    async def look(self, tasks: asyncio.TaskGroup) -> None:
        try:
            if not self.is_leaving:  # what is free is for others then
                await self.take_free(tasks)
            await self.give_up_most()
        except Fenced:
            raise
        except (TrackerError, *AWAY) as error:
            seldom.warning("cannot look after the strands of the log", error=repr(error))

    async def take_free(self, tasks: asyncio.TaskGroup) -> None:
        """What nobody took for the time between two looks is anybody's: who is counted may be gone. What was left to
        this process need not be looked for."""
        if self.is_able and self.spread.may_take() and (left := self.spread.list_left()):
            for number in left:
                self.spread.strands[number].heir = ""  # where it cannot be taken it is as any other
            await self.take_all(left, tasks)
            return
        free = await self.find_free()
        if not self.spread.may_take():
            return
        now = asyncio.get_running_loop().time()
        self.free = {number: self.free.get(number, now) for number in free if number not in self.running}
        await self.take_all(self.choose(now), tasks)

    async def take_all(self, numbers: Iterable[int], tasks: asyncio.TaskGroup) -> None:
        """At once: what it takes is waiting for PostgreSQL, again and again."""
        await asyncio.gather(*(self.take(self.spread.strands[number], tasks) for number in numbers))
        self.prepare(tasks)

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
        nobodys = [number for number in left if not strands[number].heir]
        chosen = set(random.sample(nobodys, max(0, min(room, len(nobodys)))))  # others choose, too
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
            async with asyncio.TaskGroup() as reading:
                reading.create_task(log.restore())
                reading.create_task(self.read())
            self.show(strand)
            self.spread.own(strand, log.lease.term)
        except* (TrackerError, *AWAY) as group:
            seldom.warning("cannot take a strand of the log", strand=strand.number, error=repr(group.exceptions[0]))
        finally:
            if not strand.is_ours:
                self.forget(strand)
        if not strand.is_ours:
            return
        self.running[strand.number] = tasks.create_task(strand.writer.run(), name=f"writer {strand.number}")
        took = round(asyncio.get_running_loop().time() - began, 3)
        logger.info("owner of a strand", strand=strand.number, devices=len(log.states), seconds=took)

    def prepare(self, tasks: asyncio.TaskGroup) -> None:
        """One is enough: strands are given up one at a time."""
        if self.next is None or (self.next.done() and not is_alive(self.next.result())):
            log = self.spread.strands[0].writer.log
            self.next = tasks.create_task(self.stand_by(log), name="standby")
            self.next.add_done_callback(lambda _: self.spread.beat())  # whoever has too many waits for one

    async def stand_by(self, log: Log) -> Standby | None:
        try:
            return await stand_by(log.url, log.name, log.drawn)
        except (TrackerError, *AWAY) as error:
            seldom.warning("nobody stands by to take a strand of the log", error=repr(error))
            return None

    @property
    def is_prepared(self) -> bool:
        """Whether there is one."""
        return self.next is not None and self.next.done() and not self.next.cancelled() and is_alive(self.next.result())

    async def find_standby(self) -> Standby | None:
        """If there is one, or soon will be; from then on it is the caller's."""
        standby, self.next = self.next, None
        found = None if standby is None else await standby
        return found if is_alive(found) and await does_answer(found) else None

    def dismiss(self) -> None:
        if self.is_prepared and self.next is not None and (found := self.next.result()):
            found.conn.terminate()

    def forget(self, strand: Strand) -> None:
        if strand.writer.log.epoch:
            strand.writer.log.conn.terminate()
        strand.renew()

    async def give_up_most(self) -> None:
        """While any is on its way from one to another none is given up: each device waits for its own strand only. Nor
        is it while nobody could take it at once."""
        while len(self.running) > self.spread.find_share() and self.spread.is_settled and not self.is_ending:
            if (heir := self.spread.find_heir()) is None:
                return
            await self.give_up(self.spread.strands[max(self.running)], heir)

    async def give_up_all(self) -> None:
        """Others are to have them: nobody hears what is said here."""
        async with self.busy:
            for number in sorted(self.running):
                await self.give_up(self.spread.strands[number])

    async def give_up(self, strand: Strand, heir: str = "") -> None:
        """To this process, or to whoever takes it. What is written before it takes nothing more need not be written
        while its devices wait."""
        writer, strand.heir = strand.writer, heir
        self.spread.beat()
        await self.save(strand)
        began = asyncio.get_running_loop().time()
        strand.end()
        await writer.drain()
        writer.end()
        await self.running.pop(strand.number)
        try:
            goes_on = self.spread.may_take() and not self.is_ending  # else sockets end, too, and silence begins anew
            await let_go(writer.log, writer.log.silences.hand_on(now_us()) if goes_on else None)
        finally:  # also where it was taken from us: nothing more is folded here
            strand.disown()
            self.forget(strand)
            self.spread.beat()
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
