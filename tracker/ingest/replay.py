"""After a start: the checkpoint, and the fixes since, folded once more in the order in which they were folded first."""

from collections.abc import Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from tracker.geofence.fences import NOWHERE, Fences
from tracker.model.device import Device
from tracker.model.fix import Fix, Row
from tracker.model.moment import datetime_to_micros
from tracker.model.state import State
from tracker.model.stay import Stay
from tracker.pipeline.advance import advance
from tracker.pipeline.decide import with_stays
from tracker.pipeline.question import Question
from tracker.pipeline.refold import strip_flags
from tracker.store.anchors import select_anchors
from tracker.store.events import Stays, select_offline, select_stays
from tracker.store.fixes import select_fixes_since
from tracker.store.ownership import partition_of, select_checkpoints
from tracker.store.positions import select_states

BATCH: Final = 5_000
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def load_states(
    conn: asyncpg.Connection,
    partitions: Iterable[int],
    states: MutableMapping[int, State],
    dirty: set[int],
    devices: Mapping[int, Device],
    fences: Fences,
) -> int:
    """Fill `states` with those of all devices in these partitions; `dirty` gets the ones newer than their checkpoint.
    Returns the newest received_at there is, in microseconds."""
    checkpoints = await select_checkpoints(conn, partitions)
    anchors = await select_anchors(conn)
    for key, state in (await select_states(conn)).items():
        states[key] = msgspec.structs.replace(state, anchors=anchors.get(key, ()))
    taken = [checkpoint for checkpoint in checkpoints.values() if checkpoint]
    since = min(taken) if taken and len(taken) == len(checkpoints) else BEGINNING
    after = {key: checkpoints.get(partition_of(device.id)) for key, device in devices.items()}
    stamp = datetime_to_micros(since)
    async with conn.transaction():
        batch: list[Row] = []
        async for row in select_fixes_since(conn, since):
            stamp = max(stamp, row.received_at)
            if row.device in after and not is_known(row, after[row.device]):
                batch.append(row)
            if len(batch) >= BATCH:
                refold(batch, states, dirty, devices, fences)
                batch.clear()
        refold(batch, states, dirty, devices, fences)
        told = await select_stays(conn, list(dirty))
        offline = await select_offline(conn)
    changed = frozenset(key for key, at in fences.since.items() if at > datetime_to_micros(since))
    for key in dirty:
        states[key] = as_told(states[key], told.get(key, {}), changed, fences)
    for key, state in states.items():
        if state.offline_at != offline.get(key):
            states[key] = msgspec.structs.replace(state, offline_at=offline.get(key))
    return stamp


def is_known(row: Row, checkpoint: datetime | None) -> bool:
    return checkpoint is not None and row.received_at <= datetime_to_micros(checkpoint)


def refold(
    rows: Iterable[Row],
    states: MutableMapping[int, State],
    dirty: set[int],
    devices: Mapping[int, Device],
    fences: Fences,
) -> None:
    """Only the states: what they tell was committed with the fixes."""
    rows = [Row(row.device, row.received_at, strip_flags(row.fix)) for row in rows]
    asked = fences.asked([row.fix for row in rows], before_of(rows, states))
    for number, row in enumerate(rows):
        state = states[row.device]
        between = fences.passing(asked, number, state.newest, row.fix)
        here = asked.here.get(number, NOWHERE)
        question = Question(row.fix, row.received_at, here, between)
        step = advance(devices[row.device], state, question, fences)
        states[row.device] = step.state
        dirty.add(row.device)


def before_of(rows: Iterable[Row], states: Mapping[int, State]) -> Iterable[Fix | None]:
    last: dict[int, Fix | None] = {}
    for row in rows:
        yield last[row.device] if row.device in last else states[row.device].newest
        last[row.device] = row.fix


def as_told(state: State, told: Stays, changed: frozenset[int], fences: Fences) -> State:
    """Geofences that `changed` since: decided anew, a device would be inside that nobody was told has entered. What was
    told stays true."""
    inside = (state.inside - changed) | (told.keys() & changed)
    if inside == state.inside:
        return state
    mine = {stay.geofence: stay for stay in state.stays}
    stays = tuple(mine.get(key) or Stay(key, told[key]) for key in sorted(inside))
    candidates = tuple(each for each in state.candidates if each.geofence not in changed)
    return with_stays(state, inside, stays, candidates, fences)
