"""The log of this process: its connection, its leases, the states it folds, and the one transaction they change in.

`append` is where a fix becomes durable. Everything it returns is committed; whatever it raises is not, but for a lost
connection, after which `recover` says which of the two it was.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import msgspec

from tracker.alerts.matching import Subscriptions, write_outbox
from tracker.ingest.fences import Fences, covering_of, refresh
from tracker.ingest.progress import Progress
from tracker.ingest.replay import load_states
from tracker.model.event import Event
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import DAY_MS, micros_to_datetime, now_ms
from tracker.model.state import State
from tracker.pipeline.fold import Folded, ambiguous, fold
from tracker.store.events import insert_transitions
from tracker.store.fixes import copy_fixes, select_places
from tracker.store.geofences import select_geofence_revision
from tracker.store.ownership import (
    PARTITIONS,
    insert_owner,
    lock_epoch,
    mark_batch,
    release_owner,
    renew_owner,
    select_batch,
    take_leases,
    update_checkpoints,
)
from tracker.store.partitions import Span, ahead, covered, create_missing, day_of, today
from tracker.store.pool import answering, open_connection
from tracker.store.positions import select_progress, upsert_states
from tracker.store.quarantine import Quarantined, insert_quarantine

STANDBY_POLL: Final = 0.5  # s between looks whether the owner is gone
ANSWER: Final = 20.0  # s for a batch: longer than PostgreSQL waits for a lock, 10 s
FRESH: Final = State()


class States(dict[int, State]):
    """By device key; one that never sent anything is fresh."""

    def __missing__(self, device: int) -> State:
        return FRESH


class Committed(msgspec.Struct, frozen=True):
    folded: Folded
    events: list[Event]


class Log:
    """One for the process. `append`, `checkpoint` and `recover` are called by the writer's one task only."""

    def __init__(self, url: str, name: str, answer_s: float = ANSWER) -> None:
        self.url = url
        self.name = name
        self.answer_s = answer_s
        self.owner: UUID = uuid4()
        self.epoch = 0
        self.batch = 0
        self.stamp = 0  # the last received_at given
        self.states = States()
        self.progress: dict[int, Progress] = {}  # of the devices' streams, by key
        self.dirty: set[int] = set()  # devices whose state is newer than its checkpoint
        self.fences = Fences()
        self.subscriptions = Subscriptions()
        self.spans: list[Span] = []
        self.pending: Committed | None = None  # what the transaction under way will have changed
        self.conn: asyncpg.Connection

    async def open(self) -> None:
        """Returns when this process owns all partitions: at once, or when the process that does is gone. May be called
        again where it failed: as another owner, with nothing kept of the attempt before."""
        if self.epoch:
            self.conn.terminate()
        self.owner, self.states, self.dirty = uuid4(), States(), set()
        self.conn = await open_connection(self.url)
        self.epoch = await insert_owner(self.conn, self.owner, self.name)
        held = await take_leases(self.conn, self.owner)
        while len(held) < PARTITIONS:  # stand by: another process owns them, and its end sends us nothing
            await asyncio.sleep(STANDBY_POLL)
            held = await take_leases(self.conn, self.owner)
        self.spans = await create_missing(self.conn, ahead(today()), today())
        self.fences = await refresh(self.conn, self.fences, await select_geofence_revision(self.conn))
        self.stamp = await load_states(self.conn, held, self.states, self.dirty, self.fences.ids)
        reached = await select_progress(self.conn)
        self.progress = {device: Progress(boot, acked) for device, (boot, acked) in reached.items()}

    async def append(self, frames: Sequence[Frame]) -> Committed:
        """Store a batch with all its consequences, or nothing of it."""
        try:
            return await self.commit(frames)
        except asyncpg.CheckViolationError:  # also where a partition we knew of was dropped, as a retention job does
            self.spans = []
            return await self.commit(frames)

    async def commit(self, frames: Sequence[Frame]) -> Committed:
        await self.make_partitions(frames)
        self.pending = None
        async with answering(self.conn, self.answer_s), self.conn.transaction():
            revision = await mark_batch(self.conn, self.owner, self.batch + 1)
            if revision != self.fences.revision:
                self.fences = await refresh(self.conn, self.fences, revision)
            folded = await self.folded(frames)
            events = await self.write(frames, folded)
            self.pending = Committed(folded, events)
        return self.adopt(self.pending)  # committed: from here on it is true

    async def folded(self, frames: Sequence[Frame]) -> Folded:
        moments = ambiguous(frames, self.states)
        stored = await select_places(self.conn, moments) if moments else {}
        covering = covering_of(frames, self.fences)
        return fold(frames, self.states, stored, covering, self.fences.ids, self.stamp)

    async def write(self, frames: Sequence[Frame], folded: Folded) -> list[Event]:
        if folded.rows:
            await copy_fixes(self.conn, folded.rows)
        await insert_quarantine(self.conn, quarantined(frames, folded))
        events = await insert_transitions(self.conn, folded.transitions, self.fences.ids, detected_at=now_ms())
        if events:
            self.subscriptions = await write_outbox(self.conn, events, self.subscriptions)
        return events

    def adopt(self, committed: Committed) -> Committed:
        """The transaction is durable, so memory may follow."""
        self.batch += 1
        self.stamp = committed.folded.stamp
        self.states.update(committed.folded.states)
        self.dirty.update(committed.folded.states)
        self.pending = None
        return committed

    async def recover(self) -> Committed | None:
        """Connect again after the connection was lost, and find out what became of the transaction under way."""
        self.conn.terminate()
        self.conn = await open_connection(self.url)
        async with answering(self.conn, self.answer_s):
            await lock_epoch(self.conn, self.epoch)
            happened = await select_batch(self.conn, self.owner) == self.batch + 1
        if happened and self.pending is not None:
            return self.adopt(self.pending)
        return None

    async def make_partitions(self, frames: Sequence[Frame]) -> None:
        """Outside the transaction: making a table locks the log for a moment, and must not wait for a long batch."""
        numbers = {entry.at // DAY_MS for frame in frames for entry in frame.entries if type(entry) is Fix}
        days = {day_of(number * DAY_MS) for number in numbers}
        if not all(covered(day, self.spans) for day in days):
            self.spans = await create_missing(self.conn, days, today())

    async def tend(self) -> None:
        """What is due now and then: tomorrow's partitions, and the checkpoint."""
        if not all(covered(day, self.spans) for day in ahead(today())):
            self.spans = await create_missing(self.conn, ahead(today()), today())
        await self.checkpoint()

    async def renew(self) -> None:
        """Say that we live, where no batch said it. Raises Fenced where another took over."""
        async with answering(self.conn, self.answer_s):
            await renew_owner(self.conn, self.owner)

    async def checkpoint(self) -> None:
        """Write the states that changed, so that a restart folds only what came after."""
        if not self.dirty:
            return
        async with answering(self.conn, self.answer_s), self.conn.transaction():
            await mark_batch(self.conn, self.owner, self.batch)  # a fenced owner writes no states either
            reached = {key: (each.boot, each.through) for key in self.dirty if (each := self.progress.get(key))}
            await upsert_states(self.conn, {key: self.states[key] for key in self.dirty}, reached)
            await update_checkpoints(self.conn, self.owner, micros_to_datetime(self.stamp))
        self.dirty.clear()

    async def forget(self, device: int) -> None:
        """A device was deleted: also what was committed while that happened."""
        self.states.pop(device, None)
        self.progress.pop(device, None)
        self.dirty.discard(device)
        await self.conn.execute("delete from fix where device = $1", device)

    async def close(self) -> None:
        """In good order: the next owner finds everything in the checkpoint and need not wait."""
        await self.checkpoint()
        await release_owner(self.conn, self.owner)
        await self.conn.close()



def quarantined(frames: Sequence[Frame], folded: Folded) -> list[Quarantined]:
    """Rows one can look at, for everything that was refused."""
    return [
        Quarantined(
            frame.device,
            frame.received_at,
            frame.seq if frame.seq >= 0 else None,
            refusal.index if refusal.index >= 0 else None,
            refusal.reason,
            refusal.text,
        )
        for frame, outcome in zip(frames, folded.outcomes, strict=True)
        for refusal in outcome.refusals
    ]
