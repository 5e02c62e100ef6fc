"""Runs: the plain majority, fixes that each follow the one before in time and near it, with nothing odd and no border
crossed. A run is folded at once: only its last fix leaves a state anyone sees.

`advance` says the same, one fix at a time; a property holds the two together.
"""

from collections.abc import Iterable

from tracker.geofence.fences import NOWHERE, Asked
from tracker.model.fix import Fix, Refusal
from tracker.model.state import State
from tracker.pipeline.anchors import STEP
from tracker.pipeline.jump import NEAR_E7
from tracker.pipeline.motion import decide_status


def find_run(state: State, entries: Iterable[Fix | Refusal], number: int, asked: Asked) -> list[Fix]:
    """As many of the entries as form a run. `number` is the batch's of the first, as `asked` counts them."""
    run: list[Fix] = []
    newest, at = state.newest, state.seen_at
    if newest is None or not state.anchors or state.offline_at is not None or state.hop is not None:
        return run
    here, before, between = asked
    if number < len(before) and before[number] is not newest:
        return run
    until = state.anchors[-1].seen_at + STEP
    if state.due < until:
        until = state.due
    seems = state.seems
    for place, fix in enumerate(entries, number):
        if type(fix) is not Fix or not at < fix.at < until or fix.flags:
            break
        if not (-NEAR_E7 < fix.lon_e7 - newest.lon_e7 < NEAR_E7 and -NEAR_E7 < fix.lat_e7 - newest.lat_e7 < NEAR_E7):
            break
        if here.get(place, NOWHERE) != seems or place in between:
            break
        newest, at = fix, fix.at
        run.append(fix)
    return run


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
