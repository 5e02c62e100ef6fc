"""Runs: the plain majority, fixes that each follow the one before in time and near it, with nothing odd and no border
crossed, or none that seemed crossed already made sure. A run is folded at once: only its last fix leaves a state anyone
sees.

`advance` says the same, one fix at a time; a property holds the two together.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from tracker.geofence.fences import NOWHERE, Asked, Fences
from tracker.model.block import Block
from tracker.model.fix import Fix, Refusal
from tracker.model.geofence import Geofence
from tracker.model.state import NOT_DUE, State
from tracker.pipeline.anchors import STEP
from tracker.pipeline.border import find_wait_end, is_clear
from tracker.pipeline.decide import find_due
from tracker.pipeline.jump import NEAR_E7
from tracker.pipeline.motion import decide_status
from tracker.pipeline.presets import PRESETS, Rules
from tracker.pipeline.vigil import may_begin


def find_run(
    state: State, entries: Sequence[Fix | Refusal], index: int, number: int, asked: Asked, fences: Fences
) -> int:
    """How many of the entries from `index` on form a run. `number` is the batch's of the first, as `asked` counts them.
    Of a block only the first is looked at here: of the others it is known where runs break."""
    newest, at = state.newest, state.seen_at
    if newest is None or not state.anchors or state.offline_at is not None or state.hop is not None:
        return 0
    if state.vigil is not None or state.guarded is not None:
        return 0
    here, before, between, breaks = asked
    if number < len(before) and before[number] is not newest:
        return 0
    until = state.anchors[-1].seen_at + STEP
    doubts: list[Seeming] = []
    if state.due < until:
        due, doubts = find_doubts(state, fences)
        until = min(until, due)
    seems, count = state.seems, 0
    is_known = isinstance(entries, Block) and len(breaks) > 0
    some = (entries[index],) if is_known else entries[index:] if index else entries
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
    if count and isinstance(entries, Block) and is_known:
        last = index + breaks[bisect_right(breaks, number)] - number
        return count_in_block(entries, (index, last), until, doubts)
    return count


def count_in_block(block: Block, places: tuple[int, int], until: int, doubts: Sequence["Seeming"]) -> int:
    """How many of a block go on from the first of these places, which is part of the run, to before the second, where
    one breaks at the latest."""
    begin, end = places
    end = bisect_left(block.times, until, begin, min(end, len(block)))
    if doubts:
        said = (
            place for place in range(begin + 1, end) if any(says_something(doubt, block[place]) for doubt in doubts)
        )
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


def follow_run(state: State, run: Sequence[Fix], received_at: int) -> State:
    """The state after a run whose last fix was received then. Of the run the last two are enough."""
    before = run[-2] if len(run) > 1 else state.newest
    return State(
        run[-1].at,
        run[-1],
        received_at,
        decide_status(before, run[-1]),
        state.inside,
        None,
        state.stays,
        state.candidates,
        state.due,
        state.anchors,
        state.late_from,
        None,
        received_at,
        received_at,
        state.category,
        state.recast_at,
        state.excused_at,
        state.held,
    )
