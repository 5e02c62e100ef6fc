"""The checkpoint: the states that changed, written now and then, so that a restart folds only what came after.

It is written in slices, each a transaction of its own, because all states of a large fleet in one transaction would
hold up the acks for seconds. A slice may hold newer states than the one before: each state says by its stamp how far
it is folded. Only when the last slice is written does the log say how far back a restart has to read.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import asyncpg

from tracker.ingest.memory import Memory
from tracker.model.moment import micros_to_datetime
from tracker.store.anchors import upsert_anchors
from tracker.store.ownership import mark_batch, update_checkpoints
from tracker.store.pairs import upsert_meetings
from tracker.store.positions import upsert_states

SLICE: Final = 1_000  # states: about 40 ms
End = Callable[[asyncpg.Connection], Awaitable[None]]


class Checkpoint:
    def __init__(self) -> None:
        self.dirty: set[int] = set()  # devices whose state is newer than the one that is written
        self.dirty_pairs: set[int] = set()
        self.stamp: int | None = None  # of the checkpoint that is being written
        self.left: list[int] = []  # devices of it

    def begin(self, memory: Memory) -> None:
        self.stamp = memory.stamp
        self.left = list(self.dirty)

    async def write_slice(
        self, conn: asyncpg.Connection, owner: UUID, batch: int, memory: Memory, end: End | None = None
    ) -> bool:
        """Whether there is more of the checkpoint that was begun. `end`: what is committed with the last of it."""
        if self.stamp is None:
            return False
        devices = [key for key in self.left[-SLICE:] if key in self.dirty]
        states = {key: memory.states[key] for key in devices}
        anchors = memory.find_anchors_due(states)
        is_last = len(self.left) <= SLICE
        async with conn.transaction():
            await mark_batch(conn, owner, batch)  # a fenced owner writes no states either
            await upsert_states(conn, states, memory.find_reached(devices))
            await upsert_anchors(conn, anchors)
            if is_last:
                meetings = memory.meetings.meetings
                await upsert_meetings(conn, [meetings[key] for key in self.dirty_pairs if key in meetings])
                await update_checkpoints(conn, owner, micros_to_datetime(self.stamp))
                if end is not None:
                    await end(conn)
        del self.left[-SLICE:]
        self.dirty.difference_update(devices)
        memory.anchored.update({key: written[-1].seen_at for key, written in anchors.items()})
        if is_last:
            self.dirty_pairs.clear()
            self.stamp = None
        return not is_last

    def forget(self, device: int) -> None:
        self.dirty.discard(device)
