"""What one fix means: (state, fix) -> (state, what it changed). The fold everything else is derived from.

No clock, no I/O, no await: a replay of the same fixes in the same order gives the same states and transitions.
"""

from collections.abc import Iterable

import msgspec

from tracker.geofence.fences import Fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import NO_MARKER, Fix, Flag
from tracker.model.state import Jump, State
from tracker.pipeline.anchors import anchored, late_from
from tracker.pipeline.decide import decide
from tracker.pipeline.jump import CONFIRMATIONS, possible
from tracker.pipeline.motion import status
from tracker.pipeline.silence import heard


class Step(msgspec.Struct, frozen=True, gc=False):
    """`fix` with all its flags, as it is to be stored."""

    state: State
    fix: Fix
    transitions: tuple[Transition, ...] = ()


def advance(
    device: Device,
    state: State,
    fix: Fix,
    received_at: int,
    here: frozenset[int],
    between: Iterable[int],
    fences: Fences,
) -> Step:
    """Fold one fix that is not stored yet. `here`: keys of the geofences that cover it; `between`: of those the way
    from `state.newest` may pass through."""
    newest = state.newest
    if newest is not None and fix.at < newest.at:
        late = state.late_from if fix.flags & NO_MARKER else late_from(state, fix.at)
        return keep(device, state, flagged(fix, Flag.LATE), received_at, state.jump, late)
    if fix.flags & NO_MARKER:
        return keep(device, state, fix, received_at, state.jump, state.late_from)
    if newest is not None and not possible(newest, fix):
        jump = jumped(state.jump, fix)
        if jump.count < CONFIRMATIONS:
            jumping = flagged(fix, Flag.IMPOSSIBLE_JUMP)
            return keep(device, state, jumping, received_at, jump, late_here(state, fix))
    return move(device, state, fix, received_at, here, between, fences)


def late_here(state: State, fix: Fix) -> int | None:
    """It is newer than all that count, but one that was flagged and came before it is newer still."""
    return late_from(state, fix.at) if fix.at < state.seen_at else state.late_from


def keep(device: Device, state: State, fix: Fix, received_at: int, jump: Jump | None, late: int | None) -> Step:
    """The fix is stored, but moves no marker and decides no geofence."""
    seen_at = max(state.seen_at, fix.at)
    after = State(
        seen_at,
        state.newest,
        state.received_at,
        state.status,
        state.inside,
        jump,
        state.stays,
        state.candidates,
        state.due,
        state.anchors,
        late,
        None,
        received_at,
    )
    return Step(after, fix, heard(device.key, state, fix, received_at, False))


def move(
    device: Device,
    state: State,
    fix: Fix,
    received_at: int,
    here: frozenset[int],
    between: Iterable[int],
    fences: Fences,
) -> Step:
    after = State(
        max(state.seen_at, fix.at),
        fix,
        received_at,
        status(state.newest, fix),
        state.inside,
        None,
        state.stays,
        state.candidates,
        state.due,
        anchored(state, fix.at),
        late_here(state, fix),
        None,
        received_at,
    )
    back = heard(device.key, state, fix, received_at, True)
    if here == state.seems and not between and fix.at < state.due:
        return Step(after, fix, back)
    decided, transitions = decide(device, after, state.newest, fix, here, between, fences)
    return Step(decided, fix, (*back, *transitions))


def jumped(jump: Jump | None, fix: Fix) -> Jump:
    if jump is not None and possible(jump.fix, fix):
        return Jump(fix, jump.count + 1)
    return Jump(fix)


def flagged(fix: Fix, flag: Flag) -> Fix:
    return msgspec.structs.replace(fix, flags=fix.flags | int(flag))
