"""The geofences the writer decides by, read again when their revision moved."""

import asyncio

import asyncpg

from tracker.geofence.feature import parse
from tracker.geofence.fences import Fences
from tracker.model.geofence import Geofence
from tracker.store.geofences import StoredGeofence, select_changed_geofences, select_geofence_keys


async def refresh(conn: asyncpg.Connection, fences: Fences, revision: int, stamp: int | None = None) -> Fences:
    """With every change up to this revision, which the caller has read. `stamp`: the last received_at that was decided
    by the ones before; None: nothing was, in this process. In a thread: an import brings thousands."""
    stored = await select_changed_geofences(conn, fences.revision)
    keys = await select_geofence_keys(conn)
    since = {each.key: each.changed_at if stamp is None else stamp for each in stored}
    return await asyncio.to_thread(changed, fences, stored, keys, revision, since)


def changed(
    fences: Fences, stored: list[StoredGeofence], keys: frozenset[int], revision: int, since: dict[int, int]
) -> Fences:
    return fences.changed(fences.ids.keys() - keys, [understood(each) for each in stored], revision, since)


def understood(stored: StoredGeofence) -> Geofence:
    return parse(bytes(stored.feature), id=stored.id, key=stored.key, revision=stored.revision)
