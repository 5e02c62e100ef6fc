"""Runs: the plain majority, fixes that each follow the one before in time and near it, with nothing odd and no border
crossed, or none that seemed crossed already made sure. A run is folded at once: only its last fix leaves a state anyone
sees.

`advance` says the same, one fix at a time; a property holds the two together.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tracker.geofence.fences import NOWHERE, Asked, Fences
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


def find_run(state: State, entries: Iterable[Fix | Refusal], number: int, asked: Asked, fences: Fences) -> list[Fix]:
    """As many of the entries as form a run. `number` is the batch's of the first, as `asked` counts them."""
    run: list[Fix] = []
    newest, at = state.newest, state.seen_at
    if newest is None or not state.anchors or state.offline_at is not None or state.hop is not None:
        return run
    if state.vigil is not None:
        return run
    here, before, between = asked
    if number < len(before) and before[number] is not newest:
        return run
    until = state.anchors[-1].seen_at + STEP
    doubts: list[Seeming] = []
    if state.due < until:
        due, doubts = find_doubts(state, fences)
        until = min(until, due)
    seems = state.seems
    for place, fix in enumerate(entries, number):
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
        run.append(fix)
    return run


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


def follow_run(state: State, run: list[Fix], received_at: int) -> State:
    """The state after a run whose last fix was received then."""
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
