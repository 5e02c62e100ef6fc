"""The log of this process: its connection, its leases, the states it folds, and the one transaction they change in.

`append` is where a fix becomes durable. Everything it returns is committed; whatever it raises is not, but for a lost
connection, after which `recover` says which of the two it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import msgspec

from tracker.alerts.matching import Subscriptions, write_outbox
from tracker.geofence.fences import NOTHING_ASKED, Fences
from tracker.ingest.alarms import GRACE_US, Alarms, device_time
from tracker.ingest.meetings import Meetings
from tracker.ingest.progress import Progress
from tracker.ingest.refresh import Refresh, read
from tracker.ingest.replay import load_states
from tracker.ingest.silences import Silences
from tracker.model.device import Device
from tracker.model.event import Event, Transition
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import DAY_MS, micros_to_datetime, now_ms, now_us
from tracker.model.state import State
from tracker.pipeline.elapse import elapse
from tracker.pipeline.fold import Folded, ambiguous, before_of, fixes_of, fold
from tracker.pipeline.refold import find_start, refold
from tracker.pipeline.silence import decide_silence
from tracker.store.anchors import upsert_anchors
from tracker.store.devices import select_devices
from tracker.store.events import insert_transitions, select_decisions, update_decided
from tracker.store.fixes import copy_fixes, select_fixes_of, select_places
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
ANCHORS_MS: Final = 600_000  # a device's anchors are written so far apart, in its time, at least
MOST_REFOLDED: Final = 200_000  # fixes: more than two a second for a day


class States(dict[int, State]):
    """By device key; one that never sent anything is fresh."""

    def __missing__(self, device: int) -> State:
        return FRESH


class Devices(dict[int, Device]):
    """By key; one that is not known yet has neither name nor category."""

    def __missing__(self, key: int) -> Device:
        return Device(key, "", "")


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
        self.devices = Devices()
        self.late: set[int] = set()  # devices with fixes that came late and are not folded in yet
        self.alarms = Alarms()
        self.silences = Silences()
        self.anchored: dict[int, int] = {}  # the newest anchor of a device that is written
        self.progress: dict[int, Progress] = {}  # of the devices' streams, by key
        self.dirty: set[int] = set()  # devices whose state is newer than its checkpoint
        self.fences = Fences()
        self.refresh = Refresh()
        self.meetings = Meetings()
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
        self.late, self.alarms, self.silences, self.anchored = set(), Alarms(), Silences(), {}
        self.meetings = Meetings()
        self.conn = await open_connection(self.url)
        self.epoch = await insert_owner(self.conn, self.owner, self.name)
        held = await take_leases(self.conn, self.owner)
        while len(held) < PARTITIONS:  # stand by: another process owns them, and its end sends us nothing
            await asyncio.sleep(STANDBY_POLL)
            held = await take_leases(self.conn, self.owner)
        self.spans = await create_missing(self.conn, ahead(today()), today())
        self.fences, self.refresh = await read(self.conn), Refresh()
        self.devices.update({device.key: device for device in await select_devices(self.conn)})
        self.stamp = await load_states(self.conn, held, self.states, self.dirty, self.devices, self.fences)
        self.silences.since = now_us()
        self.expect(self.states)
        reached = await select_progress(self.conn)
        self.progress = {device: Progress(boot, acked) for device, (boot, acked) in reached.items()}

    def know(self, device: Device) -> None:
        """As it is now in its table."""
        before = self.devices.get(device.key)
        self.devices[device.key] = device
        if before is None or before.interval != device.interval:
            self.silences.changed(device, self.states[device.key], now_us())

    def rung(self, now: int) -> list[int]:
        """The devices that something has become true of by time alone, at `now` in microseconds."""
        rung = *self.alarms.ring(now), *self.silences.ring(now, self.devices, self.states)
        return list(dict.fromkeys(rung))

    async def append(self, frames: Sequence[Frame]) -> Committed:
        """Store a batch with all its consequences, or nothing of it."""
        try:
            return await self.commit(frames)
        except asyncpg.CheckViolationError:  # also where a partition we knew of was dropped, as a retention job does
            self.spans = []
            return await self.commit(frames)

    async def commit(self, frames: Sequence[Frame]) -> Committed:
        await self.make_partitions(frames)
        return await self.store(lambda: self.folded(frames), frames)

    async def refold(self, device: int) -> Committed:
        """Fold in what came late from one device: see pipeline/refold.py."""
        self.anchored.pop(device, None)  # they are made anew
        return await self.store(lambda: self.refolded(device))

    async def elapse(self, devices: Sequence[int], now: int) -> Committed:
        """Tell what time alone has made true of devices whose alarm rang at `now`, in microseconds."""
        return await self.store(lambda: self.elapsed(devices, now))

    async def store(self, fold: Callable[[], Awaitable[Folded]], frames: Sequence[Frame] = ()) -> Committed:
        """The one transaction: what was folded, and all that follows from it, or nothing of it."""
        self.pending = None
        async with answering(self.conn, self.answer_s), self.conn.transaction():
            revisions = await mark_batch(self.conn, self.owner, self.batch + 1)
            if revisions.geofences != self.fences.revision:
                await self.refence(revisions.geofences)
            if revisions.pairs != self.meetings.revision:
                await self.meetings.refresh(self.conn, revisions.pairs)
            folded = await fold()
            events = await self.write(frames, folded)
            self.pending = Committed(folded, events)
        return self.adopt(self.pending)  # committed: from here on it is true

    async def refence(self, revision: int) -> None:
        """Geofences changed. Who is inside one of those looks at it again with the next fix."""
        before = self.fences
        self.fences = await self.refresh.newest(self.conn, before, revision, self.stamp)
        changed = frozenset(key for key, since in self.fences.since.items() if before.since.get(key) != since)
        if changed:
            for device, state in self.states.items():
                if not state.inside.isdisjoint(changed):
                    self.states[device] = msgspec.structs.replace(state, due=0)

    async def folded(self, frames: Sequence[Frame]) -> Folded:
        moments = ambiguous(frames, self.states)
        stored = await select_places(self.conn, moments) if moments else {}
        asked = NOTHING_ASKED
        if self.fences.ids:
            asked = self.fences.asked(fixes_of(frames), before_of(frames, self.states))
        folded = fold(frames, self.states, stored, asked, self.devices, self.fences, self.stamp)
        return self.meetings.met(folded, self.states)

    async def refolded(self, device: int) -> Folded:
        """In a thread: it may be a day's fixes."""
        state = self.states[device]
        start = find_start(state)
        if start is None:
            return self.unframed({device: msgspec.structs.replace(state, late_from=None)}, ())
        rows = await select_fixes_of(self.conn, device, after=start.seen_at, limit=MOST_REFOLDED)
        told = await select_decisions(self.conn, device, after=start.seen_at)
        given = self.devices[device], state, start, rows, told, self.fences
        refolded = await asyncio.to_thread(refold, *given)
        await update_decided(self.conn, refolded.moved)
        return self.unframed({device: refolded.state}, refolded.transitions)

    async def elapsed(self, devices: Sequence[int], now: int) -> Folded:
        states: dict[int, State] = {}
        transitions: list[Transition] = []
        for device in devices:
            state = self.states[device]
            states[device], told = elapse(self.devices[device], state, device_time(state, now), self.fences)
            transitions += told
            since = self.silences.counted_from(device)
            states[device], told = decide_silence(self.devices[device], states[device], now - GRACE_US, since)
            transitions += told
        return self.unframed(states, transitions)

    def unframed(self, states: dict[int, State], transitions: Iterable[Transition]) -> Folded:
        """What was decided without a frame."""
        return Folded([], states, list(transitions), [], self.stamp)

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
        self.meetings.nearness.update(committed.folded.nearness)
        self.dirty.update(committed.folded.states)
        self.expect(committed.folded.states)
        self.pending = None
        return committed

    def expect(self, states: Mapping[int, State]) -> None:
        """What is to be done for these devices even if they send nothing more."""
        for device, state in states.items():
            self.alarms.put(device, state, self.fences)
            if device not in self.silences.look_at:
                self.silences.put(self.devices[device], state)
            (self.late.add if state.late_from is not None else self.late.discard)(device)

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
            await upsert_anchors(self.conn, anchors := self.anchors_due())
            await update_checkpoints(self.conn, self.owner, micros_to_datetime(self.stamp))
        self.dirty.clear()
        self.anchored.update({key: states[-1].seen_at for key, states in anchors.items()})

    def anchors_due(self) -> dict[int, tuple[State, ...]]:
        """Those of the devices whose newest one is far from the newest that is written."""
        due = {}
        for key in self.dirty:
            states, written = self.states[key].anchors, self.anchored.get(key)
            if states and (written is None or not 0 <= states[-1].seen_at - written < ANCHORS_MS):
                due[key] = states
        return due

    async def forget(self, device: int) -> None:
        """A device was deleted: also what was committed while that happened."""
        self.states.pop(device, None)
        self.progress.pop(device, None)
        self.dirty.discard(device)
        self.late.discard(device)
        self.alarms.forget(device)
        self.silences.forget(device)
        self.meetings.forget(device)
        self.devices.pop(device, None)
        self.anchored.pop(device, None)
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
