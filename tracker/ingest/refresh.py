"""The geofences the writer decides by, made anew when their revision moved, and as they were when it starts."""

import asyncio
from bisect import bisect_left
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final

import asyncpg
import msgspec
import structlog

from tracker.errors import TrackerError
from tracker.geofence.fences import PENDING, Fences
from tracker.geofence.reading.feature import parse
from tracker.model.geofence import Geofence
from tracker.store.geofences import Revision, select_revisions, select_revisions_size
from tracker.store.ownership import InForce
from tracker.store.pool import open_connection

logger = structlog.get_logger()

SMALL: Final = 64 * 1024  # bytes of changed geofences as they are stored, which are there in milliseconds
PATIENCE: Final = 1.0  # s a batch waits for so few


class Drawn:
    """The geofences that a log of this process made last: where there are several, each takes them from here, with the
    stamps since which they decide in it. To make them for each would take as long, and as much memory, for each."""

    def __init__(self) -> None:
        self.newest: Fences | None = None
        self.is_making = False  # many, by one of the logs: the others wait for them

    def begin(self, making: Coroutine[Any, Any, Fences]) -> asyncio.Future[Fences]:
        self.is_making = True
        made = asyncio.ensure_future(making)
        made.add_done_callback(self.end)
        return made

    def end(self, made: asyncio.Future[Fences]) -> None:
        self.is_making = False
        if not made.cancelled() and made.exception() is None:
            self.put(made.result())

    def put(self, fences: Fences) -> None:
        if self.newest is None or self.newest.revision < fences.revision:
            self.newest = fences

    def find(self, revision: int) -> Fences | None:
        return self.newest if self.newest is not None and self.newest.revision == revision else None


class Refresh:
    """The next geofences, being made: in a thread, since ten thousand take seconds. Until they are there the ones
    before decide, and no device waits: a batch waits for a few small ones only, so that a geofence somebody draws
    decides from the next fix on. More are read over a connection of their own, for they are megabytes of text."""

    def __init__(self, url: str, drawn: Drawn) -> None:
        self.url: Final = url
        self.drawn: Final = drawn
        self.next: asyncio.Future[Fences] | None = None

    async def make_next(self, conn: asyncpg.Connection, fences: Fences, revision: int) -> Fences | None:
        """Those after `fences`, of this `revision` or one between; None as long as they are not ready. They are kept
        until they are in force, for the transaction that takes them over may fail."""
        if self.next is None or is_old(self.next, fences):
            if (made := self.drawn.find(revision)) is not None and made.revision > fences.revision:
                return carry_over(fences, made)
            if await select_revisions_size(conn, fences.revision, revision) > SMALL:
                if not self.drawn.is_making:
                    self.next = self.drawn.begin(make_apart(self.url, fences, revision))
                return None
            self.next = await begin(conn, fences, revision)
            await asyncio.wait([self.next], timeout=PATIENCE)
        if not self.next.done():
            return None
        if self.next.exception() is not None:  # the database was away; the next batch begins anew
            self.next = None
            return None
        self.drawn.put(self.next.result())
        return self.next.result()

    def end(self) -> None:
        """Stop what is being made: this owner is over, and nobody waits for it any more."""
        if self.next is not None:
            self.next.cancel()
            self.next = None


def is_old(made: asyncio.Future[Fences], fences: Fences) -> bool:
    return made.done() and made.exception() is None and made.result().revision <= fences.revision


async def make_apart(url: str, fences: Fences, revision: int) -> Fences:
    conn = await open_connection(url)
    try:
        made = await begin(conn, fences, revision)
    finally:
        conn.terminate()
    return await made


async def begin(conn: asyncpg.Connection, fences: Fences, revision: int) -> asyncio.Future[Fences]:
    revisions = await select_revisions(conn, fences.revision, revision)
    return asyncio.get_running_loop().run_in_executor(None, change, fences, revisions, revision)


async def read_fences(conn: asyncpg.Connection, revision: int, history: Sequence[InForce], drawn: Drawn) -> Fences:
    """As they were by this revision. `history`: which one was taken over at which stamp, the oldest first."""
    fences = drawn.find(revision)
    if fences is None:
        revisions = await select_revisions(conn, -1, revision)
        fences = await asyncio.get_running_loop().run_in_executor(None, build, revisions, revision)
        drawn.put(fences)
    return date_back(fences, history)


def build(revisions: Sequence[Revision], revision: int) -> Fences:
    fences = read_understood(revisions)
    return Fences().change((), fences, revision, dict.fromkeys((each.key for each in fences), PENDING))


def date_back(fences: Fences, history: Sequence[InForce]) -> Fences:
    """With the stamps since which they decide, as it was written when they were taken over."""
    taken_over = [each.revision for each in history]
    stamps = [each.stamp for each in history] or [0]
    latest = len(stamps) - 1
    since = {key: stamps[min(bisect_left(taken_over, fences[key].since), latest)] for key in fences.ids}
    return replace(fences, since=since, stamp=max(since.values(), default=0))


def carry_over(fences: Fences, made: Fences) -> Fences:
    """Those that another log of this process made, to follow `fences`."""
    return replace(made, since={key: find_since(fences, made[key]) for key in made.ids}, stamp=fences.stamp)


def find_since(fences: Fences, fence: Geofence) -> int:
    """One that was saved with the same border and rules keeps the stamp since which it decides."""
    return fences.since.get(fence.key, PENDING) if fence.since <= fences.revision else PENDING


def change(fences: Fences, revisions: Sequence[Revision], revision: int) -> Fences:
    """A geofence that was saved with the same border and rules keeps the stamp since which it decides."""
    added = read_understood(revisions)
    gone = {each.key for each in revisions} - {fence.key for fence in added}
    since = {
        each.key: fences.since.get(each.key, PENDING) if each.since <= fences.revision else PENDING
        for each in revisions
    }
    return fences.change(gone, added, revision, since)


def read_understood(revisions: Sequence[Revision]) -> list[Geofence]:
    return [fence for each in revisions if each.feature and (fence := understand(each, each.feature))]


def understand(stored: Revision, feature: bytes) -> Geofence | None:
    """Without the text it was read from, which is half of its memory. One that a stricter version no longer
    understands decides nothing; it must not keep the others from it."""
    try:
        fence = parse(feature, id=stored.id, key=stored.key, revision=stored.revision)
    except TrackerError as error:
        logger.error("a stored geofence is not understood", geofence=stored.id, error=str(error))
        return None
    return msgspec.structs.replace(fence, feature=b"", since=stored.since)
