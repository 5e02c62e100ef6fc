"""What one fix means: (state, fix) -> (state, what it changed). The fold everything else is derived from.

No clock, no I/O, no await: a replay of the same fixes in the same order gives the same states and transitions.
"""

from collections.abc import Container

import msgspec

from tracker.model.event import Transition
from tracker.model.fix import NO_MARKER, Fix, Flag
from tracker.model.state import Jump, State
from tracker.pipeline.crossings import crossings
from tracker.pipeline.jump import CONFIRMATIONS, possible
from tracker.pipeline.motion import status


class Step(msgspec.Struct, frozen=True, gc=False):
    """`fix` with all its flags, as it is to be stored."""

    state: State
    fix: Fix
    transitions: tuple[Transition, ...] = ()


def advance(
    device: int, state: State, fix: Fix, received_at: int, covering: frozenset[int], fences: Container[int]
) -> Step:
    """Fold one fix that is not stored yet. `covering`: keys of the geofences that hold it; `fences`: all there are."""
    seen_at = max(state.seen_at, fix.at)
    newest = state.newest
    if newest is not None and fix.at < newest.at:
        return keep(state, flagged(fix, Flag.LATE), seen_at, state.jump)
    if fix.flags & NO_MARKER:
        return keep(state, fix, seen_at, state.jump)
    if newest is not None and not possible(newest, fix):
        jump = jumped(state.jump, fix)
        if jump.count < CONFIRMATIONS:
            return keep(state, flagged(fix, Flag.IMPOSSIBLE_JUMP), seen_at, jump)
    return move(device, state, fix, received_at, seen_at, covering, fences)


def keep(state: State, fix: Fix, seen_at: int, jump: Jump | None) -> Step:
    """The fix is stored, but moves no marker and decides no geofence."""
    after = State(seen_at, state.newest, state.received_at, state.status, state.inside, jump)
    return Step(after, fix)


def move(
    device: int,
    state: State,
    fix: Fix,
    received_at: int,
    seen_at: int,
    covering: frozenset[int],
    fences: Container[int],
) -> Step:
    after = State(seen_at, fix, received_at, status(state.newest, fix), covering)
    if state.inside == covering:
        return Step(after, fix)
    exits, enters = crossings(state.inside, covering, fences)
    transitions = [Transition(device, fence, "exit", fix) for fence in sorted(exits)]
    transitions += [Transition(device, fence, "enter", fix) for fence in sorted(enters)]
    return Step(after, fix, tuple(transitions))


def jumped(jump: Jump | None, fix: Fix) -> Jump:
    if jump is not None and possible(jump.fix, fix):
        return Jump(fix, jump.count + 1)
    return Jump(fix)


def flagged(fix: Fix, flag: Flag) -> Fix:
    return msgspec.structs.replace(fix, flags=fix.flags | int(flag))
