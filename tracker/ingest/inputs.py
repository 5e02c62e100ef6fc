"""What decides and is no fix, taken over. This is the one place where such an input joins.

An input is taken over at the beginning of a transaction, before anything is folded in it, and gets a stamp of its own
from the counter that stamps the fixes: whatever has a later stamp was decided by it. Its trace is committed with the
transaction, so that a restart finds the same order of inputs:

- geofences concern all devices: a row of `in_force` says from which stamp on which revision decides, and a restart
  folds each fix by the revision of its stamp. No state is written, for a hundred thousand may be concerned;
- what concerns single devices or pairs (a category, a pair, what time told, what late fixes told) leaves the states it
  came to: each holds the stamp of its last input, and a restart folds into it only what came later.

A new input takes one of the two forms, and joins the steps of the property that compares runs with and without
restarts (tests/integration/test_told.py).
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from tracker.geofence.fences import Fences
from tracker.ingest.meetings import Meetings, change_pairs
from tracker.ingest.memory import Memory
from tracker.model.event import Transition
from tracker.model.moment import now_us
from tracker.model.pair import Meeting
from tracker.model.state import State
from tracker.pipeline.changes import recast
from tracker.pipeline.nearness import STAYS, strip
from tracker.store.anchors import upsert_anchors
from tracker.store.fixes import select_last_rows
from tracker.store.ownership import Revisions, insert_in_force
from tracker.store.pairs import delete_meetings, select_all_pairs, upsert_meetings
from tracker.store.positions import upsert_states

MOST_RECAST: Final = 500  # devices in one transaction, beside those that send something in it


class Taken(msgspec.Struct, frozen=True):
    """What a transaction is decided by. `states`: those that an input changed, and what was `noted`
    with it. Memory has it when it is committed."""

    stamp: int
    fences: Fences
    meetings: Meetings
    states: dict[int, State]
    noted: Sequence[Transition] = ()


def find_unmoved(memory: Memory, seen: Revisions | None) -> Taken | None:
    """What the next batch is decided by if nothing changes; None where something is known to wait. `seen`: the
    revisions as a batch read them last."""
    if seen is None or memory.to_recast:
        return None
    if seen.geofences != memory.fences.revision or seen.pairs != memory.meetings.revision:
        return None
    return Taken(memory.stamp, memory.fences, memory.meetings, {})


async def take_over(
    conn: asyncpg.Connection, owner: UUID, memory: Memory, made: Fences | None, pairs: int, senders: Iterable[int]
) -> Taken:
    """`made`: geofences that are not in force yet; `pairs`: the revision of the pairs; `senders`: the devices that are
    about to be decided."""
    stamp, fences, meetings = memory.stamp, memory.fences, memory.meetings
    if made is not None:
        # By the clock, as fixes are stamped: in a quiet log the next stamp would be of hours before the change.
        stamp = max(stamp + 1, now_us())
        fences = made.put_in_force(stamp)
        await insert_in_force(conn, owner, fences.revision, stamp)
    states: dict[int, State] = {}
    noted: Sequence[Transition] = ()
    if memory.to_recast:
        stamp += 1
        states, noted = recast_devices(memory, fences, stamp, senders)
        await upsert_states(conn, states, memory.find_reached(states))
        await upsert_anchors(conn, memory.find_anchors_due(states))
    if pairs != meetings.revision:
        stamp += 1
        meetings = await take_over_pairs(conn, memory, pairs, stamp)
    return Taken(stamp, fences, meetings, states, noted)


def recast_devices(
    memory: Memory, fences: Fences, stamp: int, senders: Iterable[int]
) -> tuple[dict[int, State], list[Transition]]:
    """Those that send something now must not wait; of the others as many as a transaction may hold up."""
    devices = dict.fromkeys(key for key in senders if key in memory.to_recast)
    for key in memory.to_recast:
        if len(devices) >= MOST_RECAST:
            break
        devices[key] = None
    cast = {key: recast(memory.states[key], memory.devices[key], stamp, fences) for key in devices}
    return {key: state for key, (state, _) in cast.items()}, [each for _, noted in cast.values() for each in noted]


async def take_over_pairs(conn: asyncpg.Connection, memory: Memory, revision: int, stamp: int) -> Meetings:
    """Those of now, from this stamp on."""
    before = memory.meetings
    meetings, changed = change_pairs(before, revision, await select_all_pairs(conn), memory.states, stamp)
    begun = [each for each in changed if each.pair.key in meetings.beyond - before.meetings.keys()]
    changed = [*changed, *await look_beyond(conn, begun)]
    meetings.meetings.update({each.pair.key: each for each in changed})
    await delete_meetings(conn, before.meetings.keys() - meetings.meetings.keys())
    await upsert_meetings(conn, [meetings.meetings[key] for key in {each.pair.key for each in changed}])
    return meetings


async def look_beyond(conn: asyncpg.Connection, begun: Sequence[Meeting]) -> list[Meeting]:
    """New pairs of which another owner has the second: where that one is, and by which stamp of that owner, whose clock
    may be another. What moves its marker from then on has a later stamp, and is measured later."""
    last = await select_last_rows(conn, {each.pair.keys[1] for each in begun}, STAYS)
    found = []
    for each in begun:
        row = last.get(each.pair.keys[1])
        fix, stamp = (None, 0) if row is None else (strip(row.fix), row.received_at)
        found.append(msgspec.structs.replace(each, newest=(each.newest[0], fix), seen=(each.stamp, stamp)))
    return found
