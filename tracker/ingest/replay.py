"""After a start: the checkpoint, and all inputs since, folded once more in the order in which they were folded first.

Each fix is decided by the geofences that were in force at its stamp, so that the states are those that were lost. What
they tell was committed with the fixes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from tracker.geofence.fences import NOWHERE
from tracker.ingest.checkpoint import Checkpoint
from tracker.ingest.meetings import make_meetings, newest_of
from tracker.ingest.memory import Memory
from tracker.ingest.refresh import Drawn, change, read_fences
from tracker.model.fix import Fix, Row
from tracker.model.moment import datetime_to_micros
from tracker.model.pair import Meeting
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.nearness import meet
from tracker.pipeline.question import Question
from tracker.pipeline.refold import strip_flags
from tracker.store.fixes import select_fixes_since
from tracker.store.geofences import select_revisions
from tracker.store.ownership import InForce, select_checkpoints
from tracker.store.pairs import select_meetings
from tracker.store.recorded import select_recorded

BATCH: Final = 5_000
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST: Final = InForce(0, 0)


async def restore(
    conn: asyncpg.Connection, partitions: Collection[int], history: Sequence[InForce], drawn: Drawn
) -> tuple[Memory, Checkpoint]:
    """The memory of an owner of these partitions, which have this history, and what of it is newer than what is
    written. Each question is one more that their devices wait for."""
    since = await find_checkpoint(conn, partitions)
    memory, known = await read_memory(conn, partitions)
    apart = [each for each in known if each.seen is not None]  # kept with each fix: see ingest/parting.py
    whole = [fill(each, memory.states) for each in known if each.seen is None]
    memory.meetings = make_meetings(-1, whole, memory.holds)
    memory.stamp = max((each.stamp for each in known), default=0)
    memory.fences = await read_fences(conn, find_last(history, since).revision, history, drawn)
    saving = await replay(conn, memory, since, history)
    memory.meetings = make_meetings(-1, [*memory.meetings.meetings.values(), *apart], memory.holds)
    memory.look_for_recast(list(memory.devices))
    return memory, saving


async def read_memory(conn: asyncpg.Connection, partitions: Collection[int]) -> tuple[Memory, list[Meeting]]:
    """What is written of the devices of these partitions, and of the pairs of which they are the first."""
    memory = Memory(frozenset(partitions))
    for each in await select_recorded(conn, partitions):
        memory.begin(each)
    return memory, await select_meetings(conn, partitions)


def find_last(history: Sequence[InForce], since: datetime) -> InForce:
    """What was in force then."""
    begin = datetime_to_micros(since)
    return next((each for each in reversed(history) if each.stamp <= begin), FIRST)


async def find_checkpoint(conn: asyncpg.Connection, partitions: Collection[int]) -> datetime:
    """Up to which received_at all states of these partitions are written, at least."""
    checkpoints = await select_checkpoints(conn, partitions)
    taken = [checkpoint for checkpoint in checkpoints.values() if checkpoint]
    return min(taken) if taken and len(taken) == len(checkpoints) else BEGINNING


def fill(meeting: Meeting, states: Mapping[int, State]) -> Meeting:
    """One from before meetings were kept knows what was told, not where the two were."""
    if meeting.stamp:
        return meeting
    return msgspec.structs.replace(meeting, newest=newest_of(meeting.pair, states))


async def replay(conn: asyncpg.Connection, memory: Memory, since: datetime, history: Sequence[InForce]) -> Checkpoint:
    """Fold all fixes since then into the memory, each by the geofences of its stamp. What that changed, pairs as well
    as devices, has to be in the next checkpoint: it says that nothing before it is read again."""
    begin, last = datetime_to_micros(since), find_last(history, since)
    changes = [each for each in history if each.stamp > begin and each.revision > last.revision]
    saving = Checkpoint()
    memory.stamp = max((begin, memory.stamp, *(state.stamp for state in memory.states.values())))
    batch: list[Row] = []
    async for row in select_fixes_since(conn, since, memory.partitions):
        while changes and changes[0].stamp < row.received_at:
            fold_rows(batch, memory, saving)
            batch = []
            await take_over_again(conn, memory, changes.pop(0))
        batch.append(row)
        if len(batch) >= BATCH:
            fold_rows(batch, memory, saving)
            batch = []
    fold_rows(batch, memory, saving)
    for change_then in changes:
        await take_over_again(conn, memory, change_then)
    return saving


async def take_over_again(conn: asyncpg.Connection, memory: Memory, then: InForce) -> None:
    revisions = await select_revisions(conn, memory.fences.revision, then.revision)
    memory.fences = change(memory.fences, revisions, then.revision).put_in_force(then.stamp)
    memory.stamp = max(memory.stamp, then.stamp)


def fold_rows(rows: Sequence[Row], memory: Memory, saving: Checkpoint) -> None:
    """Only the states: what they tell was committed with the fixes. A row that a state holds already is left out."""
    if not rows:
        return
    memory.stamp = max(memory.stamp, rows[-1].received_at)
    met = meet(rows, memory.meetings.meetings, memory.meetings.by_device)
    memory.meetings.meetings.update(met.meetings)
    saving.dirty_pairs.update(met.meetings)
    states, fences = memory.states, memory.fences
    rows = [
        Row(row.device, row.received_at, strip_flags(row.fix))
        for row in rows
        if row.device in memory.devices and row.received_at > states[row.device].stamp
    ]
    asked = fences.ask([row.fix for row in rows], list_before(rows, states))
    for number, row in enumerate(rows):
        state = states[row.device]
        between = fences.find_passing(asked, number, state.newest, row.fix)
        question = Question(row.fix, row.received_at, asked.here.get(number, NOWHERE), between)
        states[row.device] = advance(memory.devices[row.device], state, question, fences).state
        saving.dirty.add(row.device)


def list_before(rows: Iterable[Row], states: Mapping[int, State]) -> Iterable[Fix | None]:
    last: dict[int, Fix | None] = {}
    for row in rows:
        yield last[row.device] if row.device in last else states[row.device].newest
        last[row.device] = row.fix
