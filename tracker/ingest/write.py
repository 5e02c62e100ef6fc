"""What a transaction writes of what was folded, but for what it tells: fixes, states, quarantine, apps."""

from collections.abc import Iterable, Sequence
from itertools import chain

import asyncpg

from tracker.ingest.apps import Key, KnownApp, find_news
from tracker.ingest.folds import find_quarantined
from tracker.ingest.inputs import Taken
from tracker.ingest.meetings import Meetings
from tracker.ingest.memory import Memory
from tracker.model.fix import Flag
from tracker.model.frame import Frame
from tracker.model.moment import now_ms
from tracker.model.pair import Meeting
from tracker.pipeline.fold import Folded
from tracker.store.alarms import insert_alarms
from tracker.store.anchors import upsert_anchors
from tracker.store.apps import upsert_apps
from tracker.store.events import insert_transitions
from tracker.store.fixes import Meanwhile, copy_fixes, delete_fixes, flag_fixes
from tracker.store.pairs import upsert_meetings
from tracker.store.positions import upsert_states
from tracker.store.quarantine import insert_quarantine


async def write_folded(
    conn: asyncpg.Connection,
    memory: Memory,
    frames: Sequence[Frame],
    folded: Folded,
    taken: Taken,
    meanwhile: Meanwhile,
) -> dict[Key, KnownApp]:
    """What is new of the devices' apps, which the memory may know after the commit. `meanwhile` is done while
    PostgreSQL works."""
    if folded.replaced:
        await delete_fixes(conn, folded.replaced)
        # A restart has to go on from what was folded with the fix that is gone.
        await leave_states(conn, memory, folded, (device for device, _ in folded.replaced))
    if folded.stored:
        await copy_fixes(conn, folded.stored, meanwhile)
    if folded.disowned:
        await flag_fixes(conn, folded.disowned, Flag.IMPOSSIBLE_JUMP)
    await upsert_meetings(conn, find_to_keep(folded, taken.meetings))
    if not frames:  # what is decided without a fix leaves the states it came to: see ingest/inputs.py
        await leave_states(conn, memory, folded, folded.states)
    await insert_quarantine(conn, find_quarantined(frames, folded))
    news = find_news(frames, memory.apps)
    await upsert_apps(conn, {key: (each.app, each.written_at) for key, each in news.items()})
    return news


async def write_told(conn: asyncpg.Connection, folded: Folded, taken: Taken) -> int:
    """How many events are told by it, which get their numbers when all of it is committed."""
    made, now = (*taken.noted, *folded.transitions), now_ms()
    told = await insert_transitions(conn, made, taken.fences.ids, stamp=folded.stamp, detected_at=now)
    return told + await insert_alarms(conn, folded.alarms, detected_at=now)


def find_to_keep(folded: Folded, meetings: Meetings) -> list[Meeting]:
    """What a restart could not fold again: of two that have owners of their own, in which order their fixes came; and
    fixes that were folded here, in this batch or before it, and that are gone or disowned since."""
    changed = {device for device, _ in (*folded.replaced, *folded.disowned)}
    kept = {key: each for key, each in folded.meetings.items() if each.seen is not None}
    for key in chain.from_iterable(meetings.by_device.get(device, ()) for device in changed):
        kept[key] = folded.meetings.get(key) or meetings.meetings[key]
    return list(kept.values())


async def leave_states(conn: asyncpg.Connection, memory: Memory, folded: Folded, devices: Iterable[int]) -> None:
    states = {device: folded.states[device] for device in devices}
    await upsert_states(conn, states, memory.find_reached(states))
    await upsert_anchors(conn, memory.find_anchors_due(states))
