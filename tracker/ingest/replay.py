"""After a start: the checkpoint, and the fixes since, folded once more in the order in which they were folded first."""

from collections.abc import Container, Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from tracker.model.fix import NO_MARKER, Flag, Moment, Row
from tracker.model.moment import datetime_to_micros
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.store.events import Crossings, select_crossings
from tracker.store.fixes import select_fixes_since
from tracker.store.ownership import partition_of, select_checkpoints
from tracker.store.positions import select_device_ids, select_states

BATCH: Final = 5_000
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
NO_CROSSINGS: Final[Crossings] = (frozenset(), frozenset())
OWN_FLAGS: Final = int(Flag.CLOCK_SKEW | NO_MARKER)  # those a fix earns by itself; the fold decides the others again


async def load_states(
    conn: asyncpg.Connection,
    partitions: Iterable[int],
    states: MutableMapping[int, State],
    dirty: set[int],
    fences: Container[int],
) -> int:
    """Fill `states` with those of all devices in these partitions; `dirty` gets the ones newer than their checkpoint.
    Returns the newest received_at there is, in microseconds."""
    checkpoints = await select_checkpoints(conn, partitions)
    states.update(await select_states(conn))
    taken = [checkpoint for checkpoint in checkpoints.values() if checkpoint]
    since = min(taken) if taken and len(taken) == len(checkpoints) else BEGINNING
    device_ids = await select_device_ids(conn)
    after = {key: checkpoints.get(partition_of(id)) for key, id in device_ids.items()}
    stamp = datetime_to_micros(since)
    async with conn.transaction():
        batch: list[Row] = []
        async for row in select_fixes_since(conn, since):
            stamp = max(stamp, row.received_at)
            if row.device in after and not is_known(row, after[row.device]):
                batch.append(row)
            if len(batch) >= BATCH:
                refold(batch, states, dirty, fences, await select_crossings(conn, moments(batch)))
                batch.clear()
        refold(batch, states, dirty, fences, await select_crossings(conn, moments(batch)))
    return stamp


def is_known(row: Row, checkpoint: datetime | None) -> bool:
    return checkpoint is not None and row.received_at <= datetime_to_micros(checkpoint)


def moments(rows: Iterable[Row]) -> list[Moment]:
    return [(row.device, row.fix.at) for row in rows]


def refold(
    rows: Iterable[Row],
    states: MutableMapping[int, State],
    dirty: set[int],
    fences: Container[int],
    crossings: Mapping[Moment, Crossings],
) -> None:
    """Only the states: the transitions were committed with the fixes, and say which geofences held them. The geofences
    themselves may have changed since: asked anew, they would put a device inside that nobody was told has entered."""
    for row in rows:
        state = states[row.device]
        enters, exits = crossings.get((row.device, row.fix.at), NO_CROSSINGS)
        here = frozenset(key for key in (state.inside | enters) - exits if key in fences)
        fix = msgspec.structs.replace(row.fix, flags=row.fix.flags & OWN_FLAGS)
        states[row.device] = advance(row.device, state, fix, row.received_at, here, fences).state
        dirty.add(row.device)
