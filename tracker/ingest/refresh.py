"""The geofences the writer decides by, read again when their revision moved."""

import asyncio
from dataclasses import replace
from typing import Final

import asyncpg
import msgspec
import structlog

from tracker.errors import TrackerError
from tracker.geofence.fences import Fences
from tracker.geofence.reading.feature import parse
from tracker.model.geofence import Geofence
from tracker.store.geofences import (
    StoredGeofence,
    select_changed_geofences,
    select_geofence_keys,
    select_geofence_revision,
)

logger = structlog.get_logger()

PATIENCE: Final = 3.0  # s a batch waits for changed geofences: an import of ten thousand takes about as long


class Refresh:
    """The next geofences, being made: in a thread, since ten thousand take seconds. Until they are there the ones
    before decide, and no device waits."""

    def __init__(self) -> None:
        self.next: asyncio.Future[Fences] | None = None

    async def newest(self, conn: asyncpg.Connection, fences: Fences, revision: int, stamp: int) -> Fences:
        """Those of this `revision`, or `fences` as long as they are not ready. `stamp`: the last received_at that was
        decided by `fences`."""
        if self.next is None:
            self.next = await begun(conn, fences, revision)
            await asyncio.wait([self.next], timeout=PATIENCE)
        if not self.next.done():
            return fences
        made, self.next = self.next.result(), None
        return replace(made, since={key: stamp if is_new(key, made, fences) else at for key, at in made.since.items()})


async def read(conn: asyncpg.Connection) -> Fences:
    """All there are."""
    return await (await begun(conn, Fences(), await select_geofence_revision(conn)))


def is_new(key: int, made: Fences, fences: Fences) -> bool:
    return key not in fences or made[key] is not fences[key]


async def begun(conn: asyncpg.Connection, fences: Fences, revision: int) -> asyncio.Future[Fences]:
    stored = await select_changed_geofences(conn, fences.revision)
    keys = await select_geofence_keys(conn)
    return asyncio.get_running_loop().run_in_executor(None, changed, fences, stored, keys, revision)


def changed(fences: Fences, stored: list[StoredGeofence], keys: frozenset[int], revision: int) -> Fences:
    added = [fence for each in stored if (fence := understood(each))]
    since = {each.key: each.changed_at for each in stored}
    return fences.changed(fences.ids.keys() - keys, added, revision, since)


def understood(stored: StoredGeofence) -> Geofence | None:
    """Without the text it was read from, which is half of its memory. One that a stricter version no longer
    understands decides nothing; it must not keep the others from it."""
    try:
        fence = parse(bytes(stored.feature), id=stored.id, key=stored.key, revision=stored.revision)
    except TrackerError as error:
        logger.error("a stored geofence is not understood", geofence=stored.id, error=str(error))
        return None
    return msgspec.structs.replace(fence, feature=b"")
