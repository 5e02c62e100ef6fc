"""Anchors: a few earlier states of a device, close together where recent, from which a late fix can be folded in.

The further back, the further apart: to fold in a fix that came late by t, at most three times t is folded again.
"""

from itertools import pairwise
from typing import Final

import msgspec

from tracker.model.moment import DAY_MS
from tracker.model.state import State

STEP: Final = 60_000  # ms between the newest two
BEGINNING: Final = State()
WINDOW: Final = DAY_MS  # a fix that comes later than this after its time decides nothing any more


def is_anchor_due(state: State, at: int) -> bool:
    """Whether the state is to be kept as an anchor before a fix of this time is folded into it."""
    anchors = state.anchors
    if state.newest is None:
        # the first fix makes one, also after a flagged fix of a later time: without an anchor nothing late could be
        # folded in
        return not anchors
    if at < state.seen_at:
        return False  # a fix by a clock that ran ahead was newer: its time is no place to fold from
    return not anchors or at - anchors[-1].seen_at >= STEP


def add_anchor(state: State, at: int) -> tuple[State, ...]:
    """The anchors with which the state goes on to a fix of this time."""
    if not is_anchor_due(state, at) or (state.anchors and state.anchors[-1].seen_at == state.seen_at):
        return state.anchors
    if state.newest is None:
        return (BEGINNING,)  # without a newest fix there were only flagged ones, which decided nothing
    return thin_anchors((*state.anchors, strip_anchor(state)), at)


def strip_anchor(state: State) -> State:
    """The state as an anchor holds it: without its own anchors, and without the attributes of its fixes, which may be
    two thousand bytes each and decide nothing."""
    newest = state.newest and msgspec.structs.replace(state.newest, attributes=None)
    return msgspec.structs.replace(state, newest=newest, anchors=(), late_from=None)


def thin_anchors(anchors: tuple[State, ...], at: int) -> tuple[State, ...]:
    """As seen from `at`: without those between two that are no further apart than twice the age of the later, and of
    those older than the window only with the newest."""
    first = max((n for n, anchor in enumerate(anchors) if anchor.seen_at <= at - WINDOW), default=0)
    kept = [anchors[first]]
    for anchor, later in pairwise(anchors[first + 1 :]):
        if later.seen_at - kept[-1].seen_at > 2 * (at - later.seen_at):
            kept.append(anchor)
    if len(anchors) > first + 1:
        kept.append(anchors[-1])
    return tuple(kept)


def find_anchor(state: State, at: int) -> State | None:
    """The newest from before `at`, with its own anchors; None where it is too late for that."""
    for number in range(len(state.anchors) - 1, -1, -1):
        anchor = state.anchors[number]
        if anchor.seen_at < at:
            return msgspec.structs.replace(anchor, anchors=state.anchors[: number + 1])
    return None


def note_late(state: State, at: int) -> int | None:
    """With one more fix that came late; one that is too late changes nothing."""
    newest = state.newest
    if newest is None or at < newest.at - WINDOW or not state.anchors or at <= state.anchors[0].seen_at:
        return state.late_from
    return at if state.late_from is None else min(at, state.late_from)
