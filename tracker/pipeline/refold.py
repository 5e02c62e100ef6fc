"""Late fixes, folded in: what would have been decided had all fixes come in order, held against what stands in the log.

The state is taken back to an anchor from before the oldest late fix, and all stored fixes since are folded again, in
the order of their time. What comes out and was not told is told late; what was told and does not come out is taken back
by a retraction.

A geofence that changed meanwhile is **sealed**: what was decided of it before the change stands, as a fact, and fixes
that were received before the change say nothing about it. Which is which is told by the writer's stamps, never by a
clock. So is, for geofences that ask for a category, a device that is of another one since.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tracker.geofence.fences import NOWHERE, Fences
from tracker.model.device import Device
from tracker.model.event import BY_PLACE, Decision, Happening, Kind, Transition
from tracker.model.evidence import Evidence
from tracker.model.fix import NO_MARKER, Fix, Flag, Row
from tracker.model.state import State
from tracker.model.stay import Stay
from tracker.pipeline.advance import advance
from tracker.pipeline.already import is_over, settle_noted
from tracker.pipeline.anchors import find_anchor
from tracker.pipeline.changes import end_doubt, note_changes
from tracker.pipeline.decide import replace_stays
from tracker.pipeline.elapse import elapse
from tracker.pipeline.question import Question

# the flags a fix earns by itself; all others are decided again when it is folded again
OWN_FLAGS: Final = int(Flag.CLOCK_SKEW | NO_MARKER)
FOR_GOOD: Final = 1 << 62  # a stamp after all others: a geofence that is gone decides nothing any more
ORDER: Final[tuple[Kind, ...]] = (  # of one moment
    "enter",
    "cross",
    "dwell",
    "speeding",
    "exit",
    "release",
    "noted",
    "doubted",
)


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
    state, noted = note_changes(device, state, fences)
    places = {row.fix.at: row.fix for row in rows}
    rows = leave_out_disowned(rows)
    told = [each for each in told if each.happening.kind in BY_PLACE]
    told += [Decision(each.happening, each.decided_at, each.stamp or 0) for each in noted]
    sealed = find_sealed(state, start, rows, told, fences)
    facts = [each for each in told if each.stamp < sealed.get(each.happening.geofence, 0)]
    open_to_doubt = [each for each in told if each.stamp >= sealed.get(each.happening.geofence, 0)]
    history = Refolding(rows, sealed, find_limits(rows, sealed, facts))
    after, made = fold_again(device, begin(state, start, sealed, fences), history, facts, fences)
    until = max((each.decided_at for each in open_to_doubt), default=start.seen_at)
    after, more = elapse(device, after, until, fences)
    new = [each for each in (*made, *more) if each.kind in BY_PLACE]
    after = msgspec.structs.replace(
        after,
        late_from=None,
        offline_at=state.offline_at,
        heard_at=state.heard_at,
        excused_at=state.excused_at,
        vigil=state.vigil,
        guarded=state.guarded,
    )
    known = {each.happening: each.decided_at for each in open_to_doubt}
    moved = [each for each in new if known.get(each.happening, each.decided_at) != each.decided_at]
    return Refolded(after, [*noted, *find_differences(device.key, known, new, places)], moved)


def leave_out_disowned(rows: Sequence[Row]) -> Sequence[Row]:
    """Without the fixes by a clock that ran ahead and was set right since: among the others by time they lie wrong."""
    if not any(row.fix.flags & Flag.CLOCK_SKEW for row in rows):
        return rows
    kept: list[Row] = []
    earliest = FOR_GOOD  # of those that came later, by a clock that was right
    for row in sorted(rows, key=lambda row: row.received_at, reverse=True):
        if not row.fix.flags & Flag.CLOCK_SKEW:
            earliest = min(earliest, row.fix.at)
        elif earliest < row.fix.at:
            continue
        kept.append(row)
    return sorted(kept, key=lambda row: row.fix.at)


class Refolding(msgspec.Struct, frozen=True):
    """`sealed`: geofences that changed since the first of the rows, and the stamp of the change. `limits`: until which
    time (ms) what stands of one of them leaves nothing to decide, also for a fix that was received after the change:
    an exit between two that stand would be one that was never entered."""

    rows: Sequence[Row]
    sealed: Mapping[int, int]
    limits: Mapping[int, int]

    def silent_about(self, row: Row) -> frozenset[int]:
        if not self.sealed:
            return NOWHERE
        return frozenset(
            key
            for key, since in self.sealed.items()
            if row.received_at < since or row.fix.at <= self.limits.get(key, row.fix.at - 1)
        )


def find_sealed(
    state: State, start: State, rows: Sequence[Row], told: Iterable[Decision], fences: Fences
) -> dict[int, int]:
    """Those that changed after the first of the rows was received or the first of the decisions made."""
    first = min((row.received_at for row in rows), default=state.stamp)
    first = min((first, *(each.stamp for each in told)))
    sealed = {key: since for key, since in fences.since.items() if since > first}
    if state.recast_at > first:
        for key in fences.scoped:
            if fences[key].scope.categories is not None:
                sealed[key] = max(state.recast_at, sealed.get(key, 0))
    gone = start.inside | {each.happening.geofence for each in told}
    return sealed | {key: FOR_GOOD for key in gone if key not in fences}


def find_limits(rows: Sequence[Row], sealed: Mapping[int, int], facts: Iterable[Decision]) -> dict[int, int]:
    """By the newest of the fixes that decided what stands. What the clock decided was decided by the fix before it."""
    times = [row.fix.at for row in rows]
    limits: dict[int, int] = {}
    for each in facts:
        key = each.happening.geofence
        for number in range(bisect_right(times, each.decided_at) - 1, -1, -1):
            if rows[number].received_at < sealed[key]:
                limits[key] = max(times[number], limits.get(key, times[number]))
                break
    return limits


def begin(state: State, start: State, sealed: Mapping[int, int], fences: Fences) -> State:
    """The anchor with what is known today. A doubt about a geofence that changed since ended with that change, so it
    must not be carried into what is folded again: fixes from before a change would then decide with fixes from after
    it. Which changes are in the anchor its stamp says. To end the doubts about all that is sealed would forget what
    late fixes from after the change had begun, whenever they are folded in one after the other."""
    start = end_doubt(start, frozenset(key for key, since in sealed.items() if since > start.stamp))
    return msgspec.structs.replace(
        start, stamp=max(state.stamp, fences.stamp), category=state.category, recast_at=state.recast_at
    )


def fold_again(
    device: Device, state: State, history: Refolding, facts: Sequence[Decision], fences: Fences
) -> tuple[State, list[Transition]]:
    fixes = [strip_flags(row.fix) for row in history.rows]
    asked = fences.ask(fixes, [state.newest, *fixes[:-1]])
    made: list[Transition] = []
    waiting = sorted(facts, key=when)
    done = 0
    for number, (row, fix) in enumerate(zip(history.rows, fixes, strict=True)):
        while done < len(waiting) and waiting[done].decided_at < fix.at:
            state = settle(state, waiting[done], fences)
            done += 1
        silent = history.silent_about(row)
        here = asked.here.get(number, NOWHERE)
        between = fences.find_passing(asked, number, state.newest, fix)
        if silent:
            here = (here - silent) | (state.inside & silent)
            between = tuple(key for key in between if key not in silent)
        step = advance(device, state, Question(fix, row.received_at, here, between, silent), fences)
        state = step.state
        made += step.transitions
    for each in waiting[done:]:
        state = settle(state, each, fences)
    return state, made


def when(decision: Decision) -> tuple[int, int, int]:
    return decision.decided_at, decision.happening.at, ORDER.index(decision.happening.kind)


def settle(state: State, decision: Decision, fences: Fences) -> State:
    """The state after what was told before the geofence changed. To decide it again by the fixes would be the same work
    as for the others, and take back what was right by the geofence as it was then."""
    happening = decision.happening
    key, kind = happening.geofence, happening.kind
    if kind in ("noted", "doubted"):
        return state if is_over(decision, fences) else settle_noted(state, happening, fences)
    stays = {stay.geofence: stay for stay in state.stays}
    if kind == "enter":
        stays[key] = Stay(key, happening.at)
    elif kind == "dwell" and key in stays:
        stays[key] = msgspec.structs.replace(stays[key], dwelt=happening.at)
    elif kind in ("exit", "release"):
        stays.pop(key, None)
    candidates = tuple(each for each in state.candidates if each.geofence != key)
    return replace_stays(state, frozenset(stays), tuple(stays.values()), candidates, fences)


def strip_flags(fix: Fix) -> Fix:
    return msgspec.structs.replace(fix, flags=fix.flags & OWN_FLAGS) if fix.flags else fix


def find_differences(
    device: int, known: Mapping[Happening, int], new: Sequence[Transition], places: Mapping[int, Fix]
) -> Iterable[Transition]:
    """Retractions of what is not so, then what was not told, each by the time of what it is about."""
    made = {each.happening for each in new}
    # Sorted by more than the time: two of one moment would else come in the order of a set, which is another one after
    # a restart.
    for happening in sorted(known.keys() - made, key=lambda each: (each.at, ORDER.index(each.kind), each.geofence)):
        yield make_retraction(device, happening, places.get(happening.at) or places[max(places)])
    for each in sorted(new, key=lambda each: each.at):
        if each.happening not in known:
            yield msgspec.structs.replace(each, late=True)


def make_retraction(device: int, happening: Happening, fix: Fix) -> Transition:
    why = Evidence(reason="fixes that came late say otherwise")
    return Transition(
        device, happening.geofence, "retraction", happening.at, fix, fix.at, why, late=True, retracts=happening
    )
