"""The geofences the writer decides by: read when their revision moved, asked once for a whole batch."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import asyncpg
import numpy as np

from tracker.geofence.feature import parse
from tracker.geofence.index import FenceIndex
from tracker.model.fix import E7, Fix
from tracker.model.frame import Frame
from tracker.model.geofence import Geofence
from tracker.store.geofences import StoredGeofence, select_changed_geofences, select_geofence_keys


@dataclass(frozen=True)
class Fences:
    """All geofences as of a revision. `ids` by key."""

    index: FenceIndex = field(default_factory=lambda: FenceIndex.build([]))
    ids: dict[int, str] = field(default_factory=dict)
    revision: int = 0


async def refresh(conn: asyncpg.Connection, fences: Fences, revision: int) -> Fences:
    """With every change up to this revision, which the caller has read. In a thread: an import brings thousands."""
    stored = await select_changed_geofences(conn, fences.revision)
    keys = await select_geofence_keys(conn)
    return await asyncio.to_thread(changed, fences, stored, keys, revision)


def changed(fences: Fences, stored: list[StoredGeofence], keys: frozenset[int], revision: int) -> Fences:
    added = [understood(each) for each in stored]
    index = fences.index.changed(fences.ids.keys() - keys, added)
    ids = {key: id for key, id in fences.ids.items() if key in keys} | {fence.key: fence.id for fence in added}
    return Fences(index, ids, revision)


def understood(stored: StoredGeofence) -> Geofence:
    return parse(bytes(stored.feature), id=stored.id, key=stored.key, revision=stored.revision)


def covering_of(frames: Iterable[Frame], fences: Fences) -> dict[int, frozenset[int]]:
    """By the number of the fix in the batch, the keys of the geofences that hold it. Absent: none."""
    if not fences.ids:
        return {}
    fixes = [entry for frame in frames for entry in frame.entries if type(entry) is Fix]
    return covering(fixes, fences.index)


def covering(fixes: list[Fix], fences: FenceIndex) -> dict[int, frozenset[int]]:
    if not fixes:
        return {}
    lon = np.array([fix.lon_e7 for fix in fixes], dtype=np.float64) / E7
    lat = np.array([fix.lat_e7 for fix in fixes], dtype=np.float64) / E7
    numbers, keys = fences.covering(lon, lat)
    return grouped(numbers.tolist(), keys.tolist())


def grouped(numbers: list[int], keys: list[int]) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    for number, key in zip(numbers, keys, strict=True):
        here = alone(key)
        found[number] = here if number not in found else found[number] | here
    return found


@lru_cache(maxsize=100_000)
def alone(key: int) -> frozenset[int]:
    """Most places that lie in a geofence lie in one, and many of them in the same."""
    return frozenset((key,))
