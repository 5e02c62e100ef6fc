"""The one writer of a log: takes what waits, commits it, answers the devices, tells the bus. At once when idle, at a
pace under load.

sessions --offer--> two lanes --take--> Log.append --ack--> sessions
                                             └-----update--> bus
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from itertools import chain, repeat
from math import inf
from time import monotonic_ns
from typing import Final

import structlog

from tracker.ingest.committed import Committed
from tracker.ingest.distant import meet_distant
from tracker.ingest.expecting import Expecting
from tracker.ingest.lanes import BATCH, ROOM, ROOM_AGAIN, Lanes, Sender, Waiting
from tracker.ingest.log import Log
from tracker.ingest.measuring import measure
from tracker.ingest.note_queue import Notes, Noting
from tracker.ingest.repeats import Repeats
from tracker.live.bus import Publishing
from tracker.logs import Seldom
from tracker.metrics import Metrics
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_us
from tracker.model.note import Note
from tracker.model.update import Update
from tracker.store.pool import AWAY, BAD_DATA

logger = structlog.get_logger()
seldom = Seldom(logger)

PACE: Final = 0.005  # s from the beginning of a batch to the next: what a batch costs is shared by more fixes then
STEP: Final = 0.02  # s: the same of a strand, of which there are several with a batch each; no screen is served sooner
CLOCK: Final = 0.0005  # s: the loop's timers are no finer than twice that
CHECKPOINT: Final = 10.0  # s between checkpoints: how much a restart after a crash has to fold again
RENEWAL: Final = 3.0  # s: an owner that says nothing for 10 s is taken for dead
TICK: Final = 1.0  # s: how exactly time alone is told
REFOLDING: Final = 0.25  # of the time at most goes into folding in late fixes
TOLD_AT_ONCE: Final = 500  # devices that time alone tells something of in one transaction: about 30 ms
REVISITED: Final = 500  # devices looked at between two batches after a change of the geofences
RETRY: Final = (0.05, 0.1, 0.25, 0.5, 1.0)  # s before the next attempt while the database is away


class Writer:
    def __init__(self, log: Log, bus: Publishing, metrics: Metrics, repeats: Repeats | None = None) -> None:
        self.log = log
        self.bus = bus
        self.metrics = metrics
        self.lanes = Lanes()
        self.log.foresight.find_following = self.lanes.look_ahead
        self.notes = Notes()
        self.expecting = Expecting()
        self.pressed: set[Sender] = set()  # those that were told to wait
        self.repeats = repeats or Repeats()
        self.wake = asyncio.Event()
        self.idle = asyncio.Event()  # nothing waits, and nothing is being committed
        self.idle.set()
        self.gone: set[int] = set()  # deleted devices: their frames are dropped
        self.refold_from = 0.0  # by the loop's clock
        self.began = 0.0  # when the last batch did, by the same
        self.to_forget: set[int] = set()  # those whose last fixes may still be in the log
        self.is_storing = False  # false while the database is away
        self.may_have_changed = False  # the geofences, since the last batch
        self.step: float | None = None  # s: of a strand, see `find_next`
        self.is_ending = False  # takes nothing more, and returns
        self.counted = 0  # of what waits, in the metrics, which are all writers'

    def offer(self, frame: Frame, sender: Sender) -> bool:
        """Takes the frame in any case. False: the sender must not read on until `resume`."""
        self.lanes.put(frame, sender)
        self.idle.clear()
        self.wake.set()
        if self.lanes.waiting < ROOM:
            return True
        self.pressed.add(sender)
        return False

    def note(self, note: Note, noting: Noting) -> None:
        """`noting` hears when it is stored."""
        self.notes.waiting.append((note, noting))
        self.idle.clear()
        self.wake.set()

    def notice(self, update: Update) -> None:
        """What was committed, here or elsewhere, for the pairs: see ingest/distant.py."""
        distant = self.log.memory.meetings.distant
        if distant and (came := {each.device for each in update.positions if each.device in distant}):
            self.log.memory.to_meet |= came
            self.wake.set()

    async def meet_distant(self) -> None:
        if devices := self.log.memory.pop_to_meet():
            await self.decide(lambda: meet_distant(self.log, devices))

    def notice_change(self) -> None:
        """Of the geofences: who is shown in one that is gone is not to be shown so until a device sends again."""
        self.may_have_changed = True
        self.wake.set()

    async def run(self) -> None:
        """Until ended or cancelled. Raises Fenced when another server took over: then this one must end."""
        self.is_storing = True
        clock = asyncio.get_running_loop().time
        renewal, checkpoint = clock(), clock() + CHECKPOINT  # at once: to read the states, it was given minutes
        while not self.log.memory.is_looked_at:  # before anything is decided: the first batch waits for one question
            await self.attempt(self.log.look_again)
        while not self.is_ending:
            await self.wait_until(clock() if self.log.has_chores else min(renewal, checkpoint, self.look_at(clock)))
            await self.keep_pace(clock)
            if batch := self.take():
                await self.store(batch)
            elif self.may_have_changed:
                await self.take_change()
            await self.notes.store(self)
            if not self.lanes.waiting and not self.notes.waiting:
                self.idle.set()
            await self.forget_gone()
            self.log.memory.read_clocks(now_us(), monotonic_ns() // 1000)
            await self.tell_of_time(now_us())
            await self.fold_in_late(clock)
            await self.meet_distant()
            await self.do_chores()
            if clock() >= renewal:
                await self.attempt(self.log.renew)
                renewal = clock() + RENEWAL
            if clock() >= checkpoint:
                await self.attempt(self.log.tend)
                checkpoint = clock() + CHECKPOINT

    def end(self) -> None:
        self.is_ending = True
        self.wake.set()

    def count_waiting(self) -> None:
        self.metrics.waiting.inc(self.lanes.waiting - self.counted)
        self.counted = self.lanes.waiting

    async def keep_pace(self, clock: Callable[[], float]) -> None:
        """A batch has a price whatever is in it, so the next one waits for company, unless it is full. To wait before
        each batch instead would make the device that sends alone wait, who has no company to wait for."""
        rest = self.find_next() - clock()
        if self.lanes.waiting and self.lanes.waiting < BATCH and rest > CLOCK:
            await asyncio.sleep(rest)
        if self.lanes.waiting:
            self.began = clock()

    def find_next(self) -> float:
        """When the next batch may begin, by the loop's clock. Strands keep step with each other, in all processes of a
        machine, so that PostgreSQL can flush several of their commits at once."""
        if self.step is None:
            return self.began + PACE
        return (self.began + self.step + CLOCK) // self.step * self.step  # a timer may ring too early by so much

    def look_at(self, clock: Callable[[], float]) -> float:
        """When time alone may have made something true, or late fixes have their turn."""
        return min(clock() + TICK, self.refold_from if self.log.memory.late else inf)

    async def do_chores(self) -> None:
        """A slice of each chore that there is, between two batches: a whole one would hold up the acks."""
        if self.log.saving.stamp is not None:
            await self.attempt(self.log.save_slice)
        self.show(self.log.memory.revisit(REVISITED))

    def forget(self, device: int) -> None:
        """The device was deleted: nothing of it may be stored any more."""
        self.gone.add(device)
        self.to_forget.add(device)
        self.repeats.forget(device)
        self.wake.set()

    async def forget_gone(self) -> None:
        while self.to_forget:
            device = self.to_forget.pop()
            try:
                await self.log.forget(device)
            except AWAY:
                self.to_forget.add(device)
                await self.commit_again(lambda: self.log.append([]))

    async def wait_until(self, due: float) -> None:
        if self.lanes.waiting or self.to_forget or self.notes.waiting or self.log.memory.to_meet or self.is_ending:
            return
        self.wake.clear()
        try:
            async with asyncio.timeout_at(due):
                await self.wake.wait()
        except TimeoutError:
            return

    def take(self) -> list[Waiting]:
        batch = self.lanes.take()
        self.let_in()
        self.count_waiting()
        return [waiting for waiting in batch if waiting[0].device not in self.gone]

    async def store(self, batch: list[Waiting]) -> None:
        try:
            with self.metrics.commit.time():
                frames = [frame for frame, _ in batch]
                committed = await self.commit(lambda: self.log.append(frames))
        except BAD_DATA as error:
            await self.store_apart(batch, error)
            return
        self.answer(batch, committed.folded.outcomes)
        self.publish(committed)

    async def take_change(self) -> None:
        """By a batch of nothing. Geofences that are not made yet are asked for again with the next turn."""
        self.may_have_changed = False
        await self.decide(lambda: self.log.append([]))
        self.may_have_changed = self.log.seen is not None and self.log.seen.geofences != self.log.fences.revision

    async def tell_of_time(self, now: int) -> None:
        if self.pressed:
            self.log.silences.since = now  # some are not listened to, and must not be called silent for it
        self.show(self.log.memory.lapses.look(self.log.fences, now // 1000))
        await self.expecting.decide_due(self, now // 1000)
        rung = self.log.memory.ring(now)
        for begin in range(0, len(rung), TOLD_AT_ONCE):
            await self.tell_of(rung[begin : begin + TOLD_AT_ONCE], now)

    async def tell_of(self, devices: Sequence[int], now: int) -> None:
        """Where the database refuses what is true of one of them, the others are told it all the same."""
        if not await self.decide(lambda: self.log.elapse(devices, now)) and len(devices) > 1:
            for device in devices:
                await self.decide(lambda device=device: self.log.elapse([device], now))  # type: ignore[misc]
        if self.lanes.waiting:
            await self.store(self.take())

    async def fold_in_late(self, clock: Callable[[], float]) -> None:
        """One device at a time, and not so often that the others wait for it."""
        is_awaited = self.log.postponed.since is not None  # a change of the geofences waits for them
        if not self.log.memory.late or (clock() < self.refold_from and not is_awaited):
            return
        device, began = self.log.memory.late.pop(), clock()
        await self.decide(lambda: self.log.refold(device))
        self.refold_from = clock() + (clock() - began) * (1 / REFOLDING - 1)

    async def decide(self, work: Callable[[], Awaitable[Committed]]) -> bool:
        """What is decided without a frame. False: the database refuses it, for which no fix is to wait."""
        try:
            self.publish(await self.commit(work))
        except BAD_DATA as error:
            logger.error("refused by the database", error=repr(error))
            return False
        return True

    async def commit(self, work: Callable[[], Awaitable[Committed]]) -> Committed:
        """Until it is committed. While the database is away nothing is acked, and the devices wait."""
        try:
            return await work()
        except BAD_DATA:
            raise
        except AWAY as error:
            seldom.warning("the database does not answer", error=repr(error), waiting=self.lanes.waiting)
            return await self.commit_again(work)

    async def commit_again(self, work: Callable[[], Awaitable[Committed]]) -> Committed:
        """After a failure nobody knows whether the batch was committed: ask first, then try again."""
        self.is_storing = False
        for pause in chain(RETRY, repeat(RETRY[-1])):
            self.metrics.storage_failures.inc()
            self.count_waiting()
            await asyncio.sleep(pause)
            try:
                committed = await self.log.recover() or await work()
                self.go_on()
                return committed
            except BAD_DATA:
                self.go_on()
                raise
            except AWAY as error:
                seldom.warning("the database still does not answer", error=repr(error), waiting=self.lanes.waiting)
        raise AssertionError("never: the pauses do not end")

    def go_on(self) -> None:
        """The database answers again."""
        self.is_storing = True
        self.log.silences.since = now_us()  # meanwhile nobody could be heard

    async def store_apart(self, batch: list[Waiting], error: Exception) -> None:
        """The database refused what validation let through: find the frame, keep it in quarantine, store the others."""
        if len(batch) > 1:
            for waiting in batch:
                await self.store([waiting])
            return
        frame, sender = batch[0]
        logger.error("refused by the database", device=frame.device, seq=frame.seq, error=type(error).__name__)
        if frame.whole is None:
            await self.store([(frame.refuse_all(), sender)])

    def answer(self, batch: Iterable[Waiting], outcomes: Iterable[Outcome]) -> None:
        for (frame, sender), outcome in zip(batch, outcomes, strict=True):
            sender.committed(frame, outcome)
        measure(self.metrics, self.repeats, batch, outcomes)

    def publish(self, committed: Committed) -> None:
        aside, self.log.aside = self.log.aside, []
        for each in (*aside, committed):
            folded, positions = each.folded, self.log.memory.find_shown(each.folded.states)
            self.bus.publish(Update(positions, [], now_us(), folded.has_messages, self.rights, each.told > 0))

    def show(self, devices: Collection[int]) -> None:
        """Tell viewers of these devices anew, though nothing came from them."""
        if devices:
            self.bus.publish(Update(self.log.memory.find_shown(devices), [], now_us(), rights=self.rights))

    @property
    def rights(self) -> int:
        """The revision of the rights as the newest batch found it."""
        return -1 if self.log.seen is None else self.log.seen.rights

    def let_in(self) -> None:
        if self.pressed and self.lanes.waiting < ROOM_AGAIN:
            pressed, self.pressed = self.pressed, set()
            for sender in pressed:
                sender.resume()

    async def attempt(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do what may come late, such as a checkpoint. It is not tried again here, for the log has everything."""
        try:
            await work()
        except AWAY as error:
            seldom.warning("the database does not answer", error=repr(error), waiting=self.lanes.waiting)
            await self.commit_again(lambda: self.log.append([]))

    async def drain(self) -> None:
        """Wait until everything offered so far is committed and answered: also the batch under way."""
        await self.idle.wait()
