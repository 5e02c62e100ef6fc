"""Pairs of two devices whose fixes come to different owners of the log. The owner of the first of the two decides, and
of the second it reads what the other owner has committed. What it has read so far is written with what is told by it,
in one transaction: a restart that folded both again could not know in which order they were folded first."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Final, Protocol

import asyncpg
import msgspec

from tracker.ingest.committed import Committed
from tracker.ingest.inputs import Taken
from tracker.ingest.meetings import Meetings
from tracker.ingest.memory import Memory
from tracker.model.fix import Fix, Flag, Row
from tracker.model.pair import Meeting
from tracker.model.state import State
from tracker.pipeline.fold import Folded
from tracker.pipeline.nearness import STAYS, meet, strip
from tracker.store.fixes import SET_BACK_MS, select_fixes_received, select_last_rows

AT_ONCE: Final = 2_000  # fixes of a device


class Storing(Protocol):
    """The log, which reads so itself when it takes over: see ingest/parting.py."""

    conn: asyncpg.Connection
    memory: Memory

    async def store(self, fold: Callable[..., Awaitable[Folded]]) -> Committed: ...


async def meet_distant(log: Storing, devices: Collection[int]) -> Committed:
    """Of these devices something was committed elsewhere."""
    return await log.store(lambda *given: fold_distant(log.conn, log.memory, devices, *given))


async def fold_distant(
    conn: asyncpg.Connection, memory: Memory, devices: Collection[int], taken: Taken, states: Mapping[int, State]
) -> Folded:
    meetings, rows = taken.meetings, list[Row]()
    begun: dict[int, Meeting] = {}
    for device in devices:
        mine = list(find_mine(meetings, device))
        for each in mine:
            if each.newest[1] is None and (
                last := await select_last_rows(conn, [device], STAYS, until=each.find_stamp(device))
            ):
                newest = each.newest[0], strip(last[device].fix)
                begun[each.pair.key] = msgspec.structs.replace(each, newest=newest)
        if mine:
            since = min(each.find_stamp(device) for each in mine)
            known = [begun.get(each.pair.key, each).newest[1] for each in mine]
            after = min(map(find_after, known))
            found = await select_fixes_received(conn, device, since=since, after=after, but=STAYS, limit=AT_ONCE)
            rows += found
            if len(found) == AT_ONCE:
                memory.to_meet.add(device)
    met = meet(sorted(rows, key=lambda row: row.received_at), meetings.meetings | begun, meetings.by_device)
    return Folded([], {}, met.transitions, [], taken.stamp + 1, meetings=begun | met.meetings)


def find_after(newest: Fix | None) -> int:
    """When (ms) a fix was measured, at least, that moves the marker from there. Behind one of a clock that ran ahead it
    is set back by the next of one that does not, however old that is: see pipeline/advance.py. One that is older than
    this says nothing of two devices that are heard just now, and is passed over: until the next one the device is taken
    to be where its clock ran ahead."""
    if newest is None:
        return -1
    return newest.at - SET_BACK_MS if newest.flags & Flag.CLOCK_SKEW else newest.at


def find_mine(meetings: Meetings, device: int) -> Iterator[Meeting]:
    for key in meetings.by_device.get(device, ()):
        if (meeting := meetings.meetings[key]).pair.keys[1] == device and meeting.seen is not None:
            yield meeting
