"""When it is to be decided whether somebody was where they are expected, and the transaction that decides it.

The owner of the log looks at the clock. What was decided is a transition, so a restart looks at the last day once more,
and finds there what was decided. Nothing of this is in the state of a device: no fix is decided by it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import islice
from typing import Final, Protocol

import asyncpg

from tracker.geofence.fences import Fences
from tracker.ingest.committed import Committed
from tracker.ingest.folds import make_unframed
from tracker.ingest.inputs import Taken
from tracker.ingest.log import Log
from tracker.ingest.memory import Memory
from tracker.model.moment import DAY_MS
from tracker.model.state import State
from tracker.pipeline.changes import note_changes
from tracker.pipeline.expectations import Due, find_terms, judge
from tracker.pipeline.fold import Folded
from tracker.store.events import select_happenings

GRACE_MS: Final = 5_000  # a fix from before the term ended may be on its way
MISSED_MS: Final = DAY_MS  # what ended longer ago than that while no server ran is told no more
LOOK_MS: Final = 1_000
AT_ONCE: Final = 200  # devices of one decision


class Deciding(Protocol):
    """What is asked of the writer."""

    log: Log

    async def decide(self, work: Callable[[], Awaitable[Committed]]) -> bool: ...


class Expecting:
    """`looked`: up to when it was decided, in ms; 0 at the start of a process."""

    def __init__(self) -> None:
        self.looked = 0

    async def decide_due(self, writer: Deciding, now: int) -> None:
        for due in self.look(writer.log.fences, now):
            await writer.decide(lambda due=due: judge_due(writer.log, due))  # type: ignore[misc]

    def look(self, fences: Fences, now: int) -> list[Due]:
        """What ended since the last look. An expectation counts from when it is in force: who draws a geofence at noon
        is told nothing of the morning."""
        until = now - GRACE_MS
        if until - self.looked < LOOK_MS:
            return []
        after, self.looked = max(self.looked, until - MISSED_MS), until
        return list(find_due(fences, after, until)) if fences.expecting else []


def find_due(fences: Fences, after: int, until: int) -> Iterator[Due]:
    for key in sorted(fences.expecting):
        fence, since = fences[key], fences.since.get(key, 0) // 1000
        for expectation in fence.expects:
            for term in find_terms(expectation, max(after, since), until):
                if fence.scope.expires is None or term.end < fence.scope.expires:
                    yield from split(Due(key, expectation.devices, term))


def split(due: Due) -> Iterator[Due]:
    devices = iter(sorted(due.devices))
    while some := frozenset(islice(devices, AT_ONCE)):
        yield Due(due.geofence, some, due.term)


async def judge_due(log: Log, due: Due) -> Committed:
    """Decided and told in one transaction, or not at all."""
    return await log.store(lambda *given: fold_due(log.conn, log.memory, due, *given))


async def fold_due(
    conn: asyncpg.Connection, memory: Memory, due: Due, taken: Taken, states: Mapping[int, State]
) -> Folded:
    if due.geofence not in taken.fences:
        return make_unframed({}, (), taken)
    fence = taken.fences[due.geofence]
    devices = [device for device in memory.devices.values() if device.id in due.devices]
    told = await select_happenings(conn, [device.key for device in devices], fence.key, after=due.term.begin)
    seen = {each.key: note_changes(each, states[each.key], taken.fences)[0] for each in devices}
    made = [judge(device, seen[device.key], fence, told.get(device.key, ()), due.term) for device in devices]
    return make_unframed({}, [each for each in made if each is not None], taken)
