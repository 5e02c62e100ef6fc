"""What one fix means: (state, fix) -> (state, what it changed). The fold everything else is derived from.

No clock, no I/O, no await: a replay of the same fixes in the same order gives the same states and transitions.
"""

from typing import Final

import msgspec

from tracker.geofence.fences import Fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import NO_MARKER, Fix, Flag
from tracker.model.state import Jump, State
from tracker.pipeline.anchors import add_anchor, note_late
from tracker.pipeline.changes import note_changes
from tracker.pipeline.decide import decide
from tracker.pipeline.guarding import follow_guard, set_guard_back, take_hop_back
from tracker.pipeline.hop import follow_hop, is_back
from tracker.pipeline.jump import CONFIRMATIONS, is_possible
from tracker.pipeline.motion import decide_status
from tracker.pipeline.question import Question
from tracker.pipeline.silence import end_outage
from tracker.pipeline.vigil import is_watched, watch

# Plain ints, as for NO_MARKER.
SKEWED_OR_NO_MARKER: Final = int(Flag.CLOCK_SKEW) | NO_MARKER


class Step(msgspec.Struct, frozen=True, gc=False):
    """`fix` with all its flags, as it is to be stored. `disowned`: the times (ms) of fixes before it that it shows to
    have been an impossible jump."""

    state: State
    fix: Fix
    transitions: tuple[Transition, ...] = ()
    disowned: tuple[int, ...] = ()


def advance(device: Device, state: State, question: Question, fences: Fences) -> Step:
    """Fold one fix that is not stored yet: a repeat has to be found before, for here it would count twice."""
    state, noted = note_changes(device, state, fences)
    step = follow(device, state, question, fences)
    return msgspec.structs.replace(step, transitions=(*noted, *step.transitions)) if noted else step


def follow(device: Device, state: State, question: Question, fences: Fences) -> Step:
    if is_set_right(state, question.fix):
        state = set_back(state, question.fix.at)
    newest, fix = state.newest, question.fix
    if newest is not None and fix.at < newest.at:
        late = state.late_from if fix.flags & NO_MARKER else note_late(state, fix.at)
        return keep(device, state, add_flag(fix, Flag.LATE), question.received_at, late)
    if fix.flags & NO_MARKER:
        return keep(device, state, fix, question.received_at, state.late_from)
    if state.hop is not None and is_back(state, fix):
        return come_back(device, state, question, fences)
    if newest is not None and not is_possible(newest, fix):
        jump = follow_jump(state.jump, fix)
        if jump.count < CONFIRMATIONS:
            jumping = add_flag(fix, Flag.IMPOSSIBLE_JUMP)
            after = msgspec.structs.replace(state, jump=jump)
            return keep(device, after, jumping, question.received_at, find_late(state, fix))
    return move(device, state, question, fences)


def is_set_right(state: State, fix: Fix) -> bool:
    """Whether the newest fix was measured by a clock that ran ahead, and this one by one that does not."""
    newest = state.newest
    return (
        newest is not None
        and fix.at < newest.at
        and bool(newest.flags & Flag.CLOCK_SKEW)
        and not fix.flags & SKEWED_OR_NO_MARKER
    )


def set_back(state: State, at: int) -> State:
    """The state taken back to the time of this fix. To keep the newest fix by its time would be simpler, and the marker
    would stand still until the clock had caught up with the fixes that came from ahead. What was decided by those
    stands. What was in doubt, and the anchors that hold their times, can no more be compared with what comes."""
    stays = tuple(msgspec.structs.replace(stay, since=min(stay.since, at), episode=None) for stay in state.stays)
    anchors = tuple(anchor for anchor in state.anchors if anchor.seen_at < at)
    return msgspec.structs.replace(
        state,
        newest=None,
        jump=None,
        stays=stays,
        candidates=(),
        anchors=anchors,
        due=0,
        held=(),
        hop=None,
        guarded=set_guard_back(state.guarded, at),
    )


def find_late(state: State, fix: Fix) -> int | None:
    """`late_from` after this fix. It is newer than all that count, but a flagged one that came before it may be newer
    still, and then this one has to be folded in as a late one."""
    return note_late(state, fix.at) if fix.at < state.seen_at else state.late_from


def keep(device: Device, state: State, fix: Fix, received_at: int, late: int | None) -> Step:
    """The fix is stored, but moves no marker and decides no geofence."""
    after = State(
        max(state.seen_at, fix.at),
        state.newest,
        state.received_at,
        state.status,
        state.inside,
        state.jump,
        state.stays,
        state.candidates,
        state.due,
        state.anchors,
        late,
        None,
        received_at,
        max(state.stamp, received_at),
        state.category,
        state.recast_at,
        state.excused_at,
        state.held,
        state.hop,
        state.vigil,
        state.guarded,
    )
    return Step(after, fix, end_outage(device.key, state, fix, received_at, False))


def come_back(device: Device, state: State, question: Question, fences: Fences) -> Step:
    """As if the device had never been out there, but for what `strict` told of it, which goes by each fix, and what was
    told of its motion. Told from there on, a fix would be measured against a place where nobody was."""
    hop = state.hop
    assert hop is not None
    candidates = tuple(each for each in state.candidates if all(fix.at not in hop.moments for fix in each.fixes))
    guarded = take_hop_back(state.guarded, hop)
    state = msgspec.structs.replace(
        state, newest=hop.before, candidates=candidates, hop=None, held=(), due=0, guarded=guarded
    )
    between = tuple(key for key in fences.find_between(hop.before, question.fix) if key not in question.silent)
    step = move(device, state, msgspec.structs.replace(question, between=between), fences)
    return msgspec.structs.replace(step, disowned=hop.moments)


def move(device: Device, state: State, question: Question, fences: Fences) -> Step:
    fix, received_at = question.fix, question.received_at
    vigil, watched = watch(device.key, state, fix) if is_watched(state, fix) else (None, ())
    guarded, parted = follow_guard(device.key, state, fix) if state.guarded is not None else (None, ())
    after = State(
        max(state.seen_at, fix.at),
        fix,
        received_at,
        decide_status(state.newest, fix),
        state.inside,
        None,
        state.stays,
        state.candidates,
        state.due,
        add_anchor(state, fix.at),
        find_late(state, fix),
        None,
        received_at,
        max(state.stamp, received_at),
        state.category,
        state.recast_at,
        state.excused_at,
        state.held,
        follow_hop(state, fix),
        vigil,
        guarded,
    )
    back = (*end_outage(device.key, state, fix, received_at, True), *watched, *parted)
    if question.here == state.seems and not question.between and fix.at < state.due:
        return Step(after, fix, back)
    decided, transitions = decide(device, after, state.newest, question, fences)
    return Step(decided, fix, (*back, *transitions))


def follow_jump(jump: Jump | None, fix: Fix) -> Jump:
    if jump is not None and is_possible(jump.fix, fix):
        return Jump(fix, jump.count + 1)
    return Jump(fix)


def add_flag(fix: Fix, flag: Flag) -> Fix:
    return msgspec.structs.replace(fix, flags=fix.flags | int(flag))
