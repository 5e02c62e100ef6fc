"""The log of this process: its connection, its leases, and the one transaction in which what it remembers changes.

`append` is where a fix becomes durable. Everything it returns is committed; whatever it raises is not, but for a lost
connection, after which `recover` says which of the two it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import structlog

from tracker.geofence.fences import Fences
from tracker.ingest.apps import Key, KnownApp, find_news
from tracker.ingest.checkpoint import Checkpoint, End
from tracker.ingest.committed import Committed
from tracker.ingest.days import Days
from tracker.ingest.folds import fold_frames, fold_late, fold_time, give_up_late, is_plain
from tracker.ingest.foresight import Behind, Foresight
from tracker.ingest.inputs import Taken, find_unmoved, take_over
from tracker.ingest.joining import look_again, restore_all
from tracker.ingest.late_first import LateFirst, Postponed
from tracker.ingest.memory import Memory, Overlaid
from tracker.ingest.parting import part_pairs
from tracker.ingest.refresh import Drawn, Refresh
from tracker.ingest.silences import Silences
from tracker.ingest.standby import Standby, register
from tracker.ingest.write import write_folded, write_told
from tracker.model.frame import Frame
from tracker.model.moment import DAY_MS, now_us
from tracker.model.state import State
from tracker.pipeline.fold import Folded
from tracker.store.fixes import Meanwhile, begun_by_copy, copy_after
from tracker.store.ownership import (
    ALL,
    Lease,
    Moved,
    Revisions,
    delete_in_force,
    lock_epoch,
    make_mark_statement,
    mark_batch,
    raise_of_mark,
    release_owner,
    renew_owner,
    select_batch,
    select_lease,
    take_leases,
)
from tracker.store.pairs import delete_meetings
from tracker.store.pool import BAD_DATA, answering, open_connection

logger = structlog.get_logger()

STANDBY_POLL: Final = 0.5  # s between looks whether the owner is gone
ANSWER: Final = 20.0  # s for a batch: longer than PostgreSQL waits for a lock, 10 s
MOST_REFOLDED: Final = 200_000  # fixes: more than two a second for a day
HISTORY_US: Final = (DAY_MS + DAY_MS // 24) * 1000  # how long it matters which geofences were in force: late fixes

Fold = Callable[[Taken, Mapping[int, State]], Awaitable[Folded]]


class Log:
    """Of these partitions, which have one owner. `append`, `checkpoint` and `recover` are called by the writer's one
    task only."""

    def __init__(self, url: str, name: str, answer_s: float = ANSWER, partitions: Sequence[int] = ALL) -> None:
        self.url = url
        self.name = name
        self.answer_s = answer_s
        self.partitions = partitions
        self.owner: UUID = uuid4()
        self.epoch = self.batch = 0
        self.memory = Memory(partitions)
        self.saving = Checkpoint()
        self.drawn = Drawn()  # where there are several logs in a process, it is of all of them
        self.refresh = Refresh(self.url, self.drawn)
        self.days = Days()
        self.seen: Revisions | None = None  # what decides, as a batch read it last
        self.pending: Committed | None = None  # what the transaction under way will have changed
        self.news: dict[Key, KnownApp] = {}  # of apps, in it
        self.aside: list[Committed] = []  # committed beside what was asked for, and not published yet
        self.foresight = Foresight()
        self.postponed = Postponed()  # changes of the geofences, for late fixes
        self.lease = Lease(0, None)
        self.may_take: Callable[[], bool] = lambda: True  # whether others could hear that we own it
        self.conn: asyncpg.Connection

    @property
    def states(self) -> dict[int, State]:
        return self.memory.states

    @property
    def fences(self) -> Fences:
        return self.memory.fences

    @property
    def silences(self) -> Silences:
        return self.memory.silences

    @property
    def stamp(self) -> int:
        return self.memory.stamp

    async def open(self) -> None:
        """Returns when this process owns the partitions: at once, or when whoever does is gone. May be called again
        where it failed: as another owner, with nothing kept of the attempt before."""
        await self.begin()
        is_ours = await self.take()
        while not is_ours:  # stand by: another process owns them, and its end sends us nothing
            await asyncio.sleep(STANDBY_POLL)
            is_ours = await self.take()
        await self.restore()

    async def begin(self, standby: Standby | None = None) -> None:
        """As an owner that has nothing yet: this one, or a new one."""
        if self.epoch:
            self.conn.terminate()
            self.refresh.end()
        self.saving, self.refresh = Checkpoint(), Refresh(self.url, self.drawn)
        self.conn, self.owner, self.epoch, self.days = standby or await register(self.url, self.name)

    async def take(self) -> bool:
        """Whether the partitions are ours from now on."""
        return self.may_take() and await take_leases(self.conn, self.owner, self.partitions, part_pairs)

    async def restore(self) -> None:
        await self.days.make_ahead(self.conn)
        self.memory, self.saving = await restore_all(self.conn, self.owner, self.partitions, self.drawn)
        self.lease = await select_lease(self.conn, self.owner)
        self.memory.silences.go_on(self.lease.listened, now_us())
        self.memory.expect(self.memory.states)
        self.memory.to_meet.update(self.memory.meetings.distant)

    async def append(self, frames: Sequence[Frame]) -> Committed:
        """Store a batch with all its consequences, or nothing of it."""
        try:
            return await self.commit(frames)
        except asyncpg.CheckViolationError:  # also where a partition we knew of was dropped, as a retention job does
            self.days.forget()
            return await self.commit(frames)

    async def commit(self, frames: Sequence[Frame]) -> Committed:
        """Most batches bring nothing but rows and are decided by what decided the last. So a batch is folded by that
        first, and goes out in one message; what turns out to be more than that is stored in the long way."""
        await self.days.make_for(self.conn, frames)
        taken = find_unmoved(self.memory, self.seen)
        if taken is None:
            return await self.store(self.folding(frames), frames)
        async with answering(self.conn, self.answer_s):
            folded = self.foresight.find(self.batch, frames, taken)
            folded = folded or await fold_frames(self.conn, self.memory, frames, taken, self.states)
        is_kept = not self.memory.meetings.beyond.isdisjoint(folded.meetings)
        if not is_plain(folded) or is_kept or find_news(frames, self.memory.apps):
            return await self.store(self.folding(frames, folded, taken), frames)
        try:
            return await self.copy(frames, folded, taken)
        except Moved:
            return await self.store(self.folding(frames), frames)

    def folding(self, frames: Sequence[Frame], folded: Folded | None = None, by: Taken | None = None) -> Fold:
        """`folded`: what comes out of the frames where they are decided by `by`. All that is taken over has a stamp of
        its own, so by the stamp it is known whether something was."""

        async def fold(taken: Taken, states: Mapping[int, State]) -> Folded:
            if folded is not None and by is not None and by.stamp == taken.stamp:
                return folded
            return await fold_frames(self.conn, self.memory, frames, taken, states)

        return fold

    async def copy(self, frames: Sequence[Frame], folded: Folded, taken: Taken) -> Committed:
        """The one transaction of a plain batch. Raises Moved where something changed after all."""
        assert self.seen is not None
        self.news, self.pending = {}, None
        mark = make_mark_statement(self.owner, self.batch + 1, self.seen)
        begin = mark, folded.stored, self.looking_ahead(frames, folded, taken)
        async with answering(self.conn, self.answer_s):
            with raise_of_mark():
                if folded.transitions:
                    async with begun_by_copy(self.conn, *begin):
                        self.pending = Committed(folded, await self.tell(folded, taken), taken)
                else:
                    self.pending = Committed(folded, 0, taken)
                    await copy_after(self.conn, *begin)
        return self.adopt(self.pending)

    def looking_ahead(self, frames: Sequence[Frame], folded: Folded, taken: Taken) -> Meanwhile:
        return partial(self.foresight.look, self.memory, Behind(self.batch + 1, frames, taken, folded))

    async def refold(self, device: int) -> Committed:
        """Fold in what came late from one device: see pipeline/refold.py."""
        try:
            return await self.store(self.folding_late(device))
        except BAD_DATA as error:
            return await self.transact(self.giving_up_late(device, error), is_aside=True)  # before any change

    async def fold_in_aside(self, device: int) -> None:
        """So that a change of the geofences need not wait for what came late from this device."""
        try:
            committed = await self.transact(self.folding_late(device), is_aside=True)
        except BAD_DATA as error:
            committed = await self.transact(self.giving_up_late(device, error), is_aside=True)
        self.aside.append(committed)

    def giving_up_late(self, device: int, error: Exception) -> Fold:
        """The database refuses what the late fixes of a device come to. To keep them for another attempt would be the
        cautious thing, but it would be refused in the same way with each batch, and a change of the geofences, which
        waits for late fixes, would never come; whoever sends something meanwhile would be refused with them."""
        logger.error("late fixes decide nothing: refused by the database", device=device, error=repr(error))
        return lambda *given: give_up_late(self.memory, device, *given)

    def folding_late(self, device: int) -> Fold:
        return lambda *given: fold_late(self.conn, self.memory, device, MOST_REFOLDED, *given)

    async def elapse(self, devices: Sequence[int], now: int) -> Committed:
        """Tell what time alone has made true of devices whose wake rang at `now`, in microseconds."""
        return await self.store(lambda *given: fold_time(self.memory, devices, now, *given))

    async def store(self, fold: Fold, frames: Sequence[Frame] = ()) -> Committed:
        """What was folded, and all that follows from it, or nothing of it. Where a change of the geofences waits, the
        late fixes of a few devices are folded in first, by the geofences before, as they would have been had the
        change come a moment later: what they decide must not depend on when we come to it."""
        try:
            return await self.transact(fold, frames)
        except LateFirst:
            for device in sorted(self.memory.unfolded):
                await self.fold_in_aside(device)
            return await self.transact(fold, frames)

    async def transact(self, fold: Fold, frames: Sequence[Frame] = (), *, is_aside: bool = False) -> Committed:
        """The one transaction: what was taken over, folded and written is committed together, or nothing of it is."""
        self.pending, self.news = None, {}
        async with answering(self.conn, self.answer_s), self.conn.transaction():
            revisions = self.seen = await mark_batch(self.conn, self.owner, self.batch + 1)
            made, has_changed = None, revisions.geofences != self.fences.revision
            if has_changed and not is_aside and self.postponed.may_change(self.memory.unfolded):
                made = await self.refresh.make_next(self.conn, self.fences, revisions.geofences)
            senders = (frame.device for frame in frames)
            taken = await take_over(self.conn, self.owner, self.memory, made, revisions.pairs, senders)
            states = Overlaid(self.states, taken.states) if taken.states else self.states
            folded = await fold(taken, states)
            told = await self.write(frames, folded, taken)
            self.pending = Committed(folded, told, taken, is_aside)
        return self.adopt(self.pending)  # committed: from here on it is true

    async def write(self, frames: Sequence[Frame], folded: Folded, taken: Taken) -> int:
        meanwhile = self.looking_ahead(frames, folded, taken)
        self.news = await write_folded(self.conn, self.memory, frames, folded, taken, meanwhile)
        return await self.tell(folded, taken)

    async def tell(self, folded: Folded, taken: Taken) -> int:
        """How much is told by it."""
        return await write_told(self.conn, folded, taken)

    def adopt(self, committed: Committed) -> Committed:
        """The transaction is durable, so memory may follow."""
        memory, folded, taken = self.memory, committed.folded, committed.taken
        self.batch += 1
        if taken.fences is not memory.fences:
            memory.to_revisit.update(memory.states)
        if taken.meetings is not memory.meetings:
            memory.to_meet.update(taken.meetings.distant)
        memory.stamp, memory.fences, memory.meetings = folded.stamp, taken.fences, taken.meetings
        states = taken.states | folded.states
        memory.states.update(states)
        memory.look_for_recast(taken.states)
        memory.meetings.meetings.update(folded.meetings)
        self.saving.dirty.update(states)
        self.saving.dirty_pairs.update(folded.meetings)
        memory.expect(states)
        memory.apps.update(self.news)
        memory.several.update(device for device, _ in self.news)
        self.pending = None
        return committed

    async def recover(self) -> Committed | None:
        """Connect again after the connection was lost, and find out what became of the transaction under way. None:
        what was asked for did not happen, and is to be asked for again."""
        self.conn.terminate()
        self.conn = await open_connection(self.url)
        async with answering(self.conn, self.answer_s):
            await lock_epoch(self.conn, self.epoch)
            happened = await select_batch(self.conn, self.owner) == self.batch + 1
        if not happened or self.pending is None:
            return None
        committed = self.adopt(self.pending)
        if committed.is_aside:
            self.aside.append(committed)
            return None
        return committed

    async def tend(self) -> None:
        """What is due now and then: tomorrow's partitions, what nobody asks for any more, and a new checkpoint, which
        `save_slice` writes."""
        await self.days.make_ahead(self.conn)
        async with answering(self.conn, self.answer_s):
            await delete_in_force(self.conn, self.owner, self.stamp - HISTORY_US)
        self.saving.begin(self.memory)

    @property
    def has_chores(self) -> bool:
        """What is done a slice at a time between two batches."""
        return self.saving.stamp is not None or bool(self.memory.to_revisit)

    async def renew(self) -> None:
        """Say that we live, where no batch did. Raises Fenced where another took over."""
        async with answering(self.conn, self.answer_s):
            await renew_owner(self.conn, self.owner)

    async def look_again(self) -> None:
        """At the devices: those that changed while their states were read."""
        async with answering(self.conn, self.answer_s):
            await look_again(self.conn, self.memory)

    async def save_slice(self, end: End | None = None) -> bool:
        """Write some of the checkpoint that was begun; whether there is more of it."""
        async with answering(self.conn, self.answer_s):
            return await self.saving.write_slice(self.conn, self.owner, self.batch, self.memory, end)

    async def checkpoint(self, end: End | None = None) -> None:
        """Write a whole one at once, which holds up all acks meanwhile: at the end of this process, where nobody
        waits."""
        self.saving.begin(self.memory)
        while await self.save_slice(end):
            pass

    async def forget(self, device: int) -> None:
        """A device was deleted: also what was committed while that happened."""
        pairs = self.memory.meetings.by_device.get(device, ())
        self.memory.forget(device)
        self.saving.forget(device)
        await delete_meetings(self.conn, pairs)
        await self.conn.execute("delete from fix where device = $1", device)

    async def let_go(self, listened: Sequence[int] | None = None) -> None:
        """In good order: the next owner finds everything in the checkpoint and need not wait. `listened`: what that one
        is to know. Nothing more is to be done here."""
        self.refresh.end()
        await self.checkpoint(lambda conn: release_owner(conn, self.owner, listened))

    async def close(self) -> None:
        await self.let_go()
        await self.conn.close()
