"""What a transaction may fold: frames, what came late, what time alone made true. Each reads what it needs, and leaves
the deciding to the pipeline. Then what is to be written of it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import asyncpg
import msgspec
import structlog

from tracker.ingest.inputs import Taken
from tracker.ingest.memory import Memory
from tracker.ingest.wakes import GRACE_US, device_time
from tracker.model.event import Transition
from tracker.model.fix import Moment
from tracker.model.frame import Frame
from tracker.model.heard import Second
from tracker.model.state import State
from tracker.pipeline.changes import note_changes
from tracker.pipeline.elapse import elapse
from tracker.pipeline.fold import Folded, Grounds, StoredFixes, find_ambiguous, fold
from tracker.pipeline.lineup import ask
from tracker.pipeline.refold import find_start, refold
from tracker.pipeline.silence import decide_silence
from tracker.pipeline.twins import Twins, find_ambiguous_seconds
from tracker.store.anchors import upsert_anchors
from tracker.store.events import select_decisions, update_decided
from tracker.store.fixes import select_fixes_of, select_heard, select_places
from tracker.store.quarantine import Quarantined

logger = structlog.get_logger()

LONGEST_S: Final = 10.0  # half of what the database has for its answer in the same transaction
States = Mapping[int, State]  # as the transaction finds them


async def fold_frames(
    conn: asyncpg.Connection, memory: Memory, frames: Sequence[Frame], taken: Taken, states: States
) -> Folded:
    several = find_several(memory, frames)
    moments, seconds = find_doubtful(frames, states, several)
    places = await select_places(conn, moments) if moments else {}
    twins = Twins(several, await select_heard(conn, seconds) if seconds else None)
    folded = fold_known(memory, frames, taken, states, StoredFixes(places, twins))
    return taken.meetings.meet(folded)


def find_several(memory: Memory, frames: Iterable[Frame]) -> set[int]:
    """The devices that speak several dialects, these frames included."""
    return memory.several | {frame.device for frame in frames if frame.app is not None}


def find_doubtful(frames: Sequence[Frame], states: States, several: set[int]) -> tuple[list[Moment], set[Second]]:
    """Of which fixes, and of which seconds, the table has to be asked what is stored."""
    moments = [moment for moment in find_ambiguous(frames, states) if moment[0] not in several]
    return moments, set(find_ambiguous_seconds(frames, states, several)) if several else set()


def fold_known(memory: Memory, frames: Sequence[Frame], taken: Taken, states: States, stored: StoredFixes) -> Folded:
    """But for the pairs of devices."""
    grounds = Grounds(memory.devices, taken.fences, ask(frames, states, taken.fences))
    return fold(frames, states, stored, grounds, taken.stamp)


async def fold_late(
    conn: asyncpg.Connection, memory: Memory, device: int, most: int, taken: Taken, states: States
) -> Folded:
    """In a thread: it may be a day's fixes. Of `most` and more nothing is decided: to begin with the older half would
    take the device back in time. Nor is it of what takes longer than LONGEST_S: to go on would look as if the database
    hung, and be tried again for as long, with nothing acked meanwhile."""
    state = states[device]
    start = find_start(state)
    rows = [] if start is None else await select_fixes_of(conn, device, after=start.seen_at, limit=most)
    if start is None or len(rows) >= most:
        return drop_late(memory, device, taken, states)
    told = await select_decisions(conn, device, after=start.seen_at)
    given = memory.devices[device], state, start, rows, told, taken.fences
    try:
        async with asyncio.timeout(LONGEST_S):
            refolded = await asyncio.to_thread(refold, *given)
    except TimeoutError:
        logger.error("late fixes decide nothing: they take too long to fold in", device=device, fixes=len(rows))
        return drop_late(memory, device, taken, states)
    await update_decided(conn, refolded.moved)
    await upsert_anchors(conn, {device: refolded.state.anchors})
    return make_unframed({device: refolded.state}, refolded.transitions, taken)


async def give_up_late(memory: Memory, device: int, taken: Taken, states: States) -> Folded:
    return drop_late(memory, device, taken, states)


def drop_late(memory: Memory, device: int, taken: Taken, states: States) -> Folded:
    """What came late decides nothing, and is not tried again; the fixes stay stored, and the state is as it was."""
    state, noted = note_changes(memory.devices[device], states[device], taken.fences)
    return make_unframed({device: msgspec.structs.replace(state, late_from=None)}, noted, taken)


async def fold_time(memory: Memory, devices: Sequence[int], now: int, taken: Taken, states: States) -> Folded:
    after: dict[int, State] = {}
    transitions: list[Transition] = []
    for device in devices:
        known, state = memory.devices[device], states[device]
        after[device], told = elapse(
            known, state, device_time(state, now, memory.silences.steps.since(state.received_at)), taken.fences
        )
        transitions += told
        step = memory.silences.step_since(state)
        since = memory.silences.counted_from(device) - step
        after[device], told = decide_silence(
            known, after[device], now - GRACE_US - step, since, memory.silences.rhythms.get(device)
        )
        transitions += told
    return make_unframed(after, transitions, taken)


def make_unframed(states: States, transitions: Iterable[Transition], taken: Taken) -> Folded:
    """What was decided without a frame, under a stamp of its own."""
    stamp = taken.stamp + 1
    stamped = {key: msgspec.structs.replace(state, stamp=stamp) for key, state in states.items()}
    return Folded([], stamped, list(transitions), [], stamp)


def is_plain(folded: Folded) -> bool:
    """Whether rows are all there is to write, but for what is told."""
    is_whole = not any(outcome.refusals for outcome in folded.outcomes)
    return bool(folded.stored) and not folded.replaced and not folded.disowned and is_whole


def find_quarantined(frames: Sequence[Frame], folded: Folded) -> list[Quarantined]:
    """Rows one can look at, for everything that was refused."""
    return [
        Quarantined(
            frame.device,
            frame.received_at,
            frame.seq if frame.seq >= 0 else None,
            refusal.index if refusal.index >= 0 else None,
            refusal.reason,
            refusal.text,
        )
        for frame, outcome in zip(frames, folded.outcomes, strict=True)
        for refusal in outcome.refusals
    ]
