"""Several parts of the log that had owners of their own, taken over by one: each is restored by what was in force in
it, written, and has one history with the others from then on."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from tracker.ingest.checkpoint import Checkpoint
from tracker.ingest.memory import Memory
from tracker.ingest.parting import reunite_pairs
from tracker.ingest.refresh import Drawn
from tracker.ingest.replay import restore
from tracker.model.moment import micros_to_datetime
from tracker.store.anchors import upsert_anchors
from tracker.store.devices import select_devices_of
from tracker.store.ownership import (
    InForce,
    allow_loading,
    mark_batch,
    replace_in_force,
    select_in_force,
    update_checkpoints,
)
from tracker.store.pairs import upsert_meetings
from tracker.store.positions import upsert_states


async def restore_all(
    conn: asyncpg.Connection, owner: UUID, partitions: Sequence[int], drawn: Drawn
) -> tuple[Memory, Checkpoint]:
    """As `restore`, whoever owned these partitions before."""
    histories = await select_in_force(conn, partitions)
    parts = tell_apart(histories)
    if len(parts) > 1:
        stamp = 0
        for part in parts:
            memory, saving = await restore(conn, part, histories[part[0]], drawn)
            await keep(conn, owner, memory, saving)
            stamp = max(stamp, memory.stamp)
        async with conn.transaction():
            await mark(conn, owner)
            await replace_in_force(conn, owner, joined := join(list(histories.values()), stamp + 1))
            await update_checkpoints(conn, owner, micros_to_datetime(stamp + 1))
        histories = dict.fromkeys(partitions, joined)
    memory, saving = await restore(conn, partitions, histories.get(partitions[0], []), drawn)
    await reunite_pairs(conn, owner, memory)
    return memory, saving


async def look_again(conn: asyncpg.Connection, memory: Memory) -> None:
    """At the devices: who changed one while it was restored told the memory before this one."""
    before = dict(memory.devices)
    for device in await select_devices_of(conn, memory.partitions):
        read = before.get(device.key)
        if read != device and memory.devices.get(device.key) == read:  # else this memory was told meanwhile
            memory.know(device)
    memory.is_looked_at = True


def tell_apart(histories: Mapping[int, Sequence[InForce]]) -> list[list[int]]:
    """The partitions by what was in force in them: those that had one owner all the time stand together."""
    alike: dict[tuple[InForce, ...], list[int]] = {}
    for partition, history in sorted(histories.items()):
        alike.setdefault(tuple(history), []).append(partition)
    return list(alike.values())


def join(histories: Sequence[Sequence[InForce]], stamp: int) -> list[InForce]:
    """One history of them all. What one part was told by a revision before the last of them took the next one over
    stands, as wherever a geofence changes. One that a part passed over came into force there with the next that it
    took over. `stamp`: after all that was folded in any of them."""
    revisions = {each.revision for history in histories for each in history}
    latest = {
        revision: max(
            min((each.stamp for each in history if each.revision >= revision), default=stamp) for history in histories
        )
        for revision in revisions
    }
    latest[max(latest)] = stamp
    joined: list[InForce] = []
    for revision, at in sorted(latest.items()):
        if joined and at <= joined[-1].stamp:  # the one before was never in force in all of them
            joined[-1] = InForce(joined[-1].stamp, revision)
        else:
            joined.append(InForce(at, revision))
    return joined


async def mark(conn: asyncpg.Connection, owner: UUID) -> None:
    """As a batch does, but that there is more to read: until then nothing says that this owner lives."""
    await mark_batch(conn, owner, 0)
    await allow_loading(conn, owner)


async def keep(conn: asyncpg.Connection, owner: UUID, memory: Memory, saving: Checkpoint) -> None:
    """What is newer than what is written."""
    states = {key: memory.states[key] for key in saving.dirty}
    meetings = memory.meetings.meetings
    async with conn.transaction():
        await mark(conn, owner)
        await upsert_states(conn, states, memory.find_reached(states))
        await upsert_anchors(conn, memory.find_anchors_due(states))
        await upsert_meetings(conn, [meetings[key] for key in saving.dirty_pairs if key in meetings])
