"""The checkpoint: the states that changed, written now and then, so that a restart folds only what came after.

It is written in slices, each a transaction of its own, because all states of a large fleet in one transaction would
hold up the acks for seconds. A slice may hold newer states than the one before: each state says by its stamp how far
it is folded. Only when the last slice is written does the log say how far back a restart has to read.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import asyncpg

from tracker.ingest.memory import Memory
from tracker.model.moment import micros_to_datetime
from tracker.model.state import State
from tracker.store.anchors import upsert_anchors
from tracker.store.ownership import mark_batch, update_checkpoints
from tracker.store.pairs import upsert_meetings
from tracker.store.positions import upsert_states

SLICE: Final = 1_000  # states: about 40 ms
ANCHORS_MS: Final = 600_000  # a device's anchors are written so far apart, in its time, at least


class Checkpoint:
    def __init__(self) -> None:
        self.dirty: set[int] = set()  # devices whose state is newer than the one that is written
        self.dirty_pairs: set[int] = set()
        self.anchored: dict[int, int] = {}  # the newest anchor of a device that is written
        self.stamp: int | None = None  # of the checkpoint that is being written
        self.left: list[int] = []  # devices of it

    def begin(self, memory: Memory) -> None:
        self.stamp = memory.stamp
        self.left = list(self.dirty)

    async def write_slice(self, conn: asyncpg.Connection, owner: UUID, batch: int, memory: Memory) -> bool:
        """Whether there is more of the checkpoint that was begun."""
        if self.stamp is None:
            return False
        devices = [key for key in self.left[-SLICE:] if key in self.dirty]
        anchors = self.find_anchors(devices, memory)
        is_last = len(self.left) <= SLICE
        async with conn.transaction():
            await mark_batch(conn, owner, batch)  # a fenced owner writes no states either
            await upsert_states(conn, {key: memory.states[key] for key in devices}, memory.reached(devices))
            await upsert_anchors(conn, anchors)
            if is_last:
                meetings = memory.meetings.meetings
                await upsert_meetings(conn, [meetings[key] for key in self.dirty_pairs if key in meetings])
                await update_checkpoints(conn, owner, micros_to_datetime(self.stamp))
        del self.left[-SLICE:]
        self.note_written(devices, anchors)
        if is_last:
            self.dirty_pairs.clear()
            self.stamp = None
        return not is_last

    def note_written(self, devices: Iterable[int], anchors: dict[int, tuple[State, ...]]) -> None:
        self.dirty.difference_update(devices)
        self.anchored.update({key: states[-1].seen_at for key, states in anchors.items()})

    def find_anchors(self, devices: Iterable[int], memory: Memory) -> dict[int, tuple[State, ...]]:
        """Those of the devices whose newest one is far from the newest that is written."""
        due = {}
        for key in devices:
            states, written = memory.states[key].anchors, self.anchored.get(key)
            if states and (written is None or not 0 <= states[-1].seen_at - written < ANCHORS_MS):
                due[key] = states
        return due

    def forget(self, device: int) -> None:
        self.dirty.discard(device)
        self.anchored.pop(device, None)
