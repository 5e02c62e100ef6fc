"""Runs: the plain majority, fixes that each follow the one before in time and near it, with nothing odd and no border
crossed, or none that seemed crossed already made sure. A run is folded at once: only its last fix leaves a state anyone
sees.

`advance` says the same, one fix at a time; a property holds the two together.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from tracker.geofence.fences import NOWHERE, Asked, Fences
from tracker.model.block import Block
from tracker.model.fix import Fix, Refusal
from tracker.model.geofence import Geofence
from tracker.model.state import NOT_DUE, State
from tracker.pipeline.anchors import STEP, add_anchor
from tracker.pipeline.border import find_wait_end, is_clear
from tracker.pipeline.decide import find_due
from tracker.pipeline.jump import NEAR_E7
from tracker.pipeline.motion import IN_MOTION, MOVING, decide_status
from tracker.pipeline.presets import PRESETS, Rules
from tracker.pipeline.vigil import may_begin


def find_run(
    state: State, entries: Sequence[Fix | Refusal], index: int, number: int, asked: Asked, fences: Fences
) -> int:
    """How many of the entries from `index` on form a run. `number` is the batch's of the first, as `asked` counts them.
    Of a block at most the first is looked at here: of the others it is known where runs break."""
    if not may_run(state, asked, number):
        return 0
    until = find_anchor_due(state, entries, index)
    doubts: list[Seeming] = []
    if state.due < until:
        due, doubts = find_doubts(state, fences)
        until = min(until, due)
    if not isinstance(entries, Block) or not asked.breaks:
        return count_one_by_one(state, entries[index:] if index else entries, number, asked, until, doubts)
    if is_break(asked.breaks, number):
        if not count_one_by_one(state, (entries[index],), number, asked, until, doubts):
            return 0
        return 1 + count_in_block(entries, (index + 1, number + 1), asked.breaks, until, doubts)
    if entries.times[index] <= state.seen_at:
        return 0
    return count_in_block(entries, (index, number), asked.breaks, until, doubts)


def may_run(state: State, asked: Asked, number: int) -> bool:
    """Whether the fix of this number may begin a run, whatever comes with it."""
    newest = state.newest
    if newest is None or not state.anchors or state.offline_at is not None or state.hop is not None:
        return False
    if state.vigil is not None or state.guarded is not None:
        return False
    if asked.here.get(number, NOWHERE) != state.seems or number in asked.between:
        return False
    return number >= len(asked.before) or asked.before[number] is newest


def find_anchor_due(state: State, entries: Sequence[Fix | Refusal], index: int) -> int:
    """From when on (ms) a fix of the run makes an anchor. In a block the first may: nearly each frame of many fixes
    begins so late after the last anchor, and would be no run for that alone."""
    due = state.anchors[-1].seen_at + STEP
    return state.seen_at + STEP if isinstance(entries, Block) and entries.times[index] >= due else due


def is_break(breaks: Sequence[int], number: int) -> bool:
    return breaks[bisect_left(breaks, number)] == number


def count_one_by_one(
    state: State,
    some: Sequence[Fix | Refusal],
    number: int,
    asked: Asked,
    until: int,
    doubts: Sequence["Seeming"],
) -> int:
    """How many of some entries, the first of this number, go on from the state."""
    newest, at, seems, count = state.newest, state.seen_at, state.seems, 0
    here, between = asked.here, asked.between
    assert newest is not None
    for place, fix in enumerate(some, number):
        if type(fix) is not Fix or not at < fix.at < until or fix.flags:
            break
        if not (-NEAR_E7 < fix.lon_e7 - newest.lon_e7 < NEAR_E7 and -NEAR_E7 < fix.lat_e7 - newest.lat_e7 < NEAR_E7):
            break
        if here.get(place, NOWHERE) != seems or place in between:
            break
        if may_begin(newest, fix):
            break
        if doubts and any(says_something(doubt, fix) for doubt in doubts):
            break
        newest, at = fix, fix.at
        count += 1
    return count


def count_in_block(
    block: Block, first: tuple[int, int], breaks: Sequence[int], until: int, doubts: Sequence["Seeming"]
) -> int:
    """How many of a block go on from the first of these, by its place in the block and its number in the batch, of
    which it is known that it is no break itself, or is the end."""
    begin, number = first
    end = min(begin + breaks[bisect_left(breaks, number)] - number, len(block))
    end = bisect_left(block.times, until, begin, end)
    if doubts and begin < end:
        waits = bisect_left(block.times, min(doubt.until for doubt in doubts), begin, end)
        said = (place for place in range(waits, end) if any(says_something(doubt, block[place]) for doubt in doubts))
        end = next(said, end)
    return end - begin


class Seeming(NamedTuple):
    """A border that seems crossed. `until` (ms) only time is missing; `enters`: it seems so from outside."""

    fence: Geofence
    rules: Rules
    until: int
    enters: bool


def find_doubts(state: State, fences: Fences) -> tuple[int, list[Seeming]]:
    """From when on (ms) a fix has to be looked at whatever it says, and the borders in doubt before that. Who stands or
    drives along a border is in doubt with each fix, and nearly each says nothing new of it."""
    if not state.candidates or state.held:
        return state.due, []
    concerned = state.inside | {each.geofence for each in state.candidates}
    if not fences.scoped.isdisjoint(concerned) or not concerned <= fences.ids.keys():
        return state.due, []
    stays = min((find_due(fences[stay.geofence], stay, fences) for stay in state.stays), default=NOT_DUE)
    doubts = []
    for each in state.candidates:
        fence = fences[each.geofence]
        rules = PRESETS[fence.preset]
        doubts.append(Seeming(fence, rules, find_wait_end(rules, each), each.geofence not in state.inside))
    if state.due != min(stays, *(doubt.until for doubt in doubts)):
        return state.due, []  # something else would have the next fix looked at
    return stays, doubts


def says_something(doubt: Seeming, fix: Fix) -> bool:
    """Of a fix that lies where the border is in doubt: as `weigh_crossing` asks it."""
    return fix.at >= doubt.until and is_clear(doubt.fence, doubt.rules, fix, doubt.enters)


def follow_run(state: State, entries: Sequence[Fix], run: range, received_at: int) -> State:
    """The state after a run, these of the entries, whose last fix was received then. Of the run the last two are
    enough, and of a block they are made for this."""
    anchors = add_anchor(state, entries.times[run[0]]) if isinstance(entries, Block) else state.anchors
    last = entries[run[-1]]
    if last.speed is not None and last.speed >= MOVING:
        status = IN_MOTION  # as `decide_status` says it, whatever was before
    else:
        status = decide_status(entries[run[-2]] if len(run) > 1 else state.newest, last)
    return State(
        last.at,
        last,
        received_at,
        status,
        state.inside,
        None,
        state.stays,
        state.candidates,
        state.due,
        anchors,
        state.late_from,
        None,
        received_at,
        received_at,
        state.category,
        state.recast_at,
        state.excused_at,
        state.held,
    )
