"""The geofences the writer decides by, made anew when their revision moved, and as they were when it starts."""

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

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


class Refresh:
    """The next geofences, being made: in a thread, since ten thousand take seconds. Until they are there the ones
    before decide, and no device waits: a batch waits for a few small ones only, so that a geofence somebody draws
    decides from the next fix on. More are read over a connection of their own, for they are megabytes of text."""

    def __init__(self, url: str) -> None:
        self.url: Final = url
        self.next: asyncio.Future[Fences] | None = None

    async def make_next(self, conn: asyncpg.Connection, fences: Fences, revision: int) -> Fences | None:
        """Those after `fences`, of this `revision` or one between; None as long as they are not ready. They are kept
        until they are in force, for the transaction that takes them over may fail."""
        if self.next is None or is_old(self.next, fences):
            if await select_revisions_size(conn, fences.revision, revision) > SMALL:
                self.next = asyncio.ensure_future(make_apart(self.url, fences, revision))
                return None
            self.next = await begin(conn, fences, revision)
            await asyncio.wait([self.next], timeout=PATIENCE)
        if not self.next.done():
            return None
        if self.next.exception() is not None:  # the database was away; the next batch begins anew
            self.next = None
            return None
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


async def read_fences(conn: asyncpg.Connection, revision: int, history: Sequence[InForce]) -> Fences:
    """As they were by this revision. `history`: which one was taken over at which stamp, the oldest first."""
    revisions = await select_revisions(conn, -1, revision)
    return await asyncio.get_running_loop().run_in_executor(None, build, revisions, revision, history)


def build(revisions: Sequence[Revision], revision: int, history: Sequence[InForce]) -> Fences:
    taken_over = [each.revision for each in history]
    stamps = [each.stamp for each in history] or [0]
    since = {each.key: stamps[min(bisect_left(taken_over, each.since), len(stamps) - 1)] for each in revisions}
    fences = Fences().change((), read_understood(revisions), revision, since)
    return fences.put_in_force(max(fences.since.values(), default=0))


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
