"""Late fixes, folded in: what would have been decided had all fixes come in order, held against what was told.

The state is taken back to an anchor from before the oldest late fix, and all stored fixes since are folded again, in
the order of their time. What comes out is told late where it was not told, and what was told and does not come out is
taken back by a retraction. A geofence that changed in the meantime decides nothing of what was received before it did.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tracker.geofence.fences import NOWHERE, Fences
from tracker.model.device import Device
from tracker.model.event import BY_PLACE, Decision, Happening, Transition
from tracker.model.evidence import Evidence
from tracker.model.fix import NO_MARKER, Fix, Flag, Row
from tracker.model.state import State
from tracker.model.stay import Stay
from tracker.pipeline.advance import advance
from tracker.pipeline.anchors import find_anchor
from tracker.pipeline.decide import with_stays
from tracker.pipeline.elapse import elapse
from tracker.pipeline.question import Question

OWN_FLAGS = int(Flag.CLOCK_SKEW | NO_MARKER)  # those a fix earns by itself; the fold decides the others again


class Refolded(msgspec.Struct, frozen=True):
    """`moved`: told before, and decided by an earlier or a later fix than it was thought."""

    state: State
    transitions: list[Transition]
    moved: list[Transition]


def find_start(state: State) -> State | None:
    """The anchor to fold from; None where nothing is late."""
    return None if state.late_from is None else find_anchor(state, state.late_from)


def refold(
    device: Device, state: State, start: State, rows: Sequence[Row], told: Sequence[Decision], fences: Fences
) -> Refolded:
    """`rows`: all stored fixes newer than `start.seen_at`, by time. `told`: all that was decided since then."""
    told = [each for each in told if each.happening.geofence in fences and each.happening.kind in BY_PLACE]
    changed = changed_meanwhile(rows, told, fences)
    begin = settled(start, told, changed, fences)
    after, made = folded(device, begin, rows, changed, fences)
    after, more = elapse(device, after, max((each.decided_at for each in told), default=start.seen_at), fences)
    standing = [each for each in told if each.detected_at >= changed.get(each.happening.geofence, 0)]
    new = [each for each in (*made, *more) if each.kind in BY_PLACE]
    after = msgspec.structs.replace(after, late_from=None, offline_at=state.offline_at, heard_at=state.heard_at)
    known = {each.happening: each.decided_at for each in standing}
    moved = [each for each in new if known.get(each.happening, each.decided_at) != each.decided_at]
    return Refolded(after, list(find_differences(device.key, known, new, rows)), moved)


def changed_meanwhile(rows: Sequence[Row], told: Sequence[Decision], fences: Fences) -> dict[int, int]:
    """Geofences that changed after the first of the rows was received, and when (µs)."""
    first = min((row.received_at for row in rows), default=0)
    return {key: since for key, since in fences.since.items() if since > first}


def settled(start: State, told: Iterable[Decision], changed: Mapping[int, int], fences: Fences) -> State:
    """As it was told before they changed, the device is inside the changed ones or not."""
    inside = set(start.inside)
    since = {stay.geofence: stay for stay in start.stays}
    for each in sorted(told, key=lambda each: each.happening.at):
        key, kind = each.happening.geofence, each.happening.kind
        if each.detected_at < changed.get(key, 0) and kind in ("enter", "exit"):
            (inside.add if kind == "enter" else inside.discard)(key)
            since[key] = Stay(key, each.happening.at)
    inside = {key for key in inside if key in fences}
    if inside == start.inside:
        return start
    stays = tuple(since[key] for key in sorted(inside))
    return with_stays(start, frozenset(inside), stays, start.candidates, fences)


def folded(
    device: Device, state: State, rows: Sequence[Row], changed: Mapping[int, int], fences: Fences
) -> tuple[State, list[Transition]]:
    fixes = [strip_flags(row.fix) for row in rows]
    asked = fences.asked(fixes, [state.newest, *fixes[:-1]])
    made: list[Transition] = []
    for number, (row, fix) in enumerate(zip(rows, fixes, strict=True)):
        here = asked.here.get(number, NOWHERE)
        if changed:
            old = frozenset(key for key, since in changed.items() if row.received_at <= since)
            here = (here - old) | (state.inside & old)
        between = fences.passing(asked, number, state.newest, fix)
        if changed and between:
            between = tuple(key for key in between if row.received_at > changed.get(key, 0))
        step = advance(device, state, Question(fix, row.received_at, here, between), fences)
        state = step.state
        made += step.transitions
    return state, made


def strip_flags(fix: Fix) -> Fix:
    return msgspec.structs.replace(fix, flags=fix.flags & OWN_FLAGS) if fix.flags else fix


def find_differences(
    device: int, known: Mapping[Happening, int], new: Sequence[Transition], rows: Sequence[Row]
) -> Iterable[Transition]:
    """Retractions of what is not so, then what was not told, each by the time of what it is about."""
    made = {each.happening for each in new}
    places = {row.fix.at: row.fix for row in rows}
    for happening in sorted(known.keys() - made, key=lambda each: each.at):
        yield make_retraction(device, happening, places.get(happening.at, rows[-1].fix))
    for each in sorted(new, key=lambda each: each.at):
        if each.happening not in known:
            yield msgspec.structs.replace(each, late=True)


def make_retraction(device: int, happening: Happening, fix: Fix) -> Transition:
    why = Evidence(reason="fixes that came late say otherwise")
    return Transition(
        device, happening.geofence, "retraction", happening.at, fix, fix.at, why, late=True, retracts=happening
    )
