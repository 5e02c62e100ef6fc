"""Pairs of two devices whose log is cut in two, or joined again. One log folds the fixes of both in the order of its
stamps, and keeps that only now and then; of two logs the one of the first device reads what was committed in the other,
and keeps how far with what it tells (ingest/distant.py). So whoever takes a part of a log folds such pairs to its end
first, and who takes both parts reads what is left first."""

from collections.abc import Collection, Mapping
from uuid import UUID

import asyncpg
import msgspec

from tracker.ingest.distant import fold_distant
from tracker.ingest.inputs import Taken, take_over_pairs
from tracker.ingest.meetings import make_meetings
from tracker.ingest.memory import Memory
from tracker.ingest.replay import find_checkpoint
from tracker.model.fix import Moment
from tracker.model.moment import now_ms
from tracker.model.pair import Meeting
from tracker.pipeline.nearness import meet
from tracker.store.events import insert_transitions
from tracker.store.fixes import select_fixes_of_all, select_stamps
from tracker.store.ownership import allow_loading, find_partition, mark_batch
from tracker.store.pairs import select_meetings_across, upsert_meetings


async def part_pairs(conn: asyncpg.Connection, partitions: Collection[int]) -> None:
    """Before these partitions have another owner than the others of the same log, in the same transaction: until then
    nobody has stored anything in either part. All who want to take anything wait meanwhile, so nothing is asked for
    each pair."""
    parted = await select_meetings_across(conn, partitions)
    if not parted:
        return
    keys = {device for each in parted for device in each.pair.keys}
    since = await find_checkpoint(conn, {find_partition(device) for device in keys})
    found = make_meetings(-1, parted)
    async for row in select_fixes_of_all(conn, keys, since):
        found.meetings.update(meet([row], found.meetings, found.by_device).meetings)
    await upsert_meetings(conn, await find_seen(conn, found.meetings.values()))


async def find_seen(conn: asyncpg.Connection, meetings: Collection[Meeting]) -> list[Meeting]:
    """With how far each is folded of the second by its own stamps: those that come may be older than what was folded of
    the first, where the next owner's clock is behind. Whoever decides of the pair begins after all of it."""
    stamps = await select_stamps(conn, list(filter(None, map(find_newest_of_second, meetings))))
    return [set_seen(each, stamps) for each in meetings]


def find_newest_of_second(meeting: Meeting) -> Moment | None:
    newest = meeting.newest[1]
    return None if newest is None else (meeting.pair.keys[1], newest.at)


def set_seen(meeting: Meeting, stamps: Mapping[Moment, int]) -> Meeting:
    newest = find_newest_of_second(meeting)
    stamp = meeting.stamp if newest is None else stamps.get(newest, meeting.stamp)
    return msgspec.structs.replace(meeting, seen=(meeting.stamp, stamp))


async def reunite_pairs(conn: asyncpg.Connection, owner: UUID, memory: Memory) -> None:
    """Of the pairs that two logs had and one has now: what the one did not read of the other's is decided first, and
    from then on they are folded as any other. By the pairs of now: who is gone was told of no change."""
    left = find_reunited(memory)
    while left:
        async with conn.transaction():
            revisions = await mark_batch(conn, owner, 0)
            await allow_loading(conn, owner)
            if revisions.pairs != memory.meetings.revision:
                memory.stamp += 1
                memory.meetings = await take_over_pairs(conn, memory, revisions.pairs, memory.stamp)
                left &= find_reunited(memory)
            left = await read_rest(conn, memory, left)


def find_reunited(memory: Memory) -> set[int]:
    """The second devices of such pairs."""
    return {each.pair.keys[1] for each in memory.meetings.meetings.values() if is_reunited(each, memory)}


async def read_rest(conn: asyncpg.Connection, memory: Memory, left: set[int]) -> set[int]:
    """Of these devices, a page of each. Returns those of which there is more."""
    taken = Taken(memory.stamp, memory.fences, memory.meetings, {})
    memory.to_meet.clear()
    folded = await fold_distant(conn, memory, left, taken, memory.states)
    more = set(memory.to_meet)
    memory.meetings.meetings.update(folded.meetings)
    memory.stamp = folded.stamp
    for key, each in memory.meetings.meetings.items():
        if is_reunited(each, memory) and each.pair.keys[1] not in more:
            memory.meetings.meetings[key] = msgspec.structs.replace(each, stamp=folded.stamp, seen=None)
    await upsert_meetings(conn, memory.meetings.meetings.values())
    await insert_transitions(conn, folded.transitions, memory.fences.ids, stamp=folded.stamp, detected_at=now_ms())
    return more


def is_reunited(meeting: Meeting, memory: Memory) -> bool:
    return meeting.seen is not None and all(map(memory.holds, meeting.pair.keys))
