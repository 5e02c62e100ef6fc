"""The geofences the writer decides by: read when their revision moved, asked once for a whole batch."""

from collections.abc import Iterable

import asyncpg
import numpy as np

from tracker.geofence.index import FenceIndex
from tracker.model.fix import E7, Fix
from tracker.model.frame import Frame
from tracker.store.geofences import select_changed, select_keys


async def refresh(conn: asyncpg.Connection, index: FenceIndex, revision: int) -> tuple[FenceIndex, int]:
    """The index with every change since this revision, and the revision it has then."""
    changed = await select_changed(conn, revision)
    keys = await select_keys(conn)
    removed = [key for key in index.keys() if key not in keys]
    newest = max((fence.revision for fence in changed), default=revision)
    return index.changed(removed, changed), newest


def covering_of(frames: Iterable[Frame], fences: FenceIndex) -> dict[int, frozenset[int]]:
    """By the number of the fix in the batch, the keys of the geofences that hold it. Absent: none."""
    if not len(fences):
        return {}
    fixes = [entry for frame in frames for entry in frame.entries if type(entry) is Fix]
    return covering(fixes, fences)


def covering(fixes: list[Fix], fences: FenceIndex) -> dict[int, frozenset[int]]:
    if not fixes:
        return {}
    lon = np.array([fix.lon_e7 for fix in fixes], dtype=np.float64) / E7
    lat = np.array([fix.lat_e7 for fix in fixes], dtype=np.float64) / E7
    numbers, keys = fences.covering(lon, lat)
    return grouped(numbers.tolist(), keys.tolist())


def grouped(numbers: list[int], keys: list[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for number, key in zip(numbers, keys, strict=True):
        found.setdefault(number, set()).add(key)
    return {number: frozenset(group) for number, group in found.items()}
