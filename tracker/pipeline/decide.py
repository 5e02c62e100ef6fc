"""What one accepted fix says about the geofences: (state, fix) -> (state, transitions), told exits first."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from tracker.geofence.fences import Fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.state import NOT_DUE, State
from tracker.model.stay import Candidate, Stay
from tracker.pipeline.border import find_wait_end, is_clear, weigh_crossing
from tracker.pipeline.held import hold_crosses
from tracker.pipeline.presets import PRESETS
from tracker.pipeline.question import Question
from tracker.pipeline.stays import Doubt, decide_stay, find_dwell_due
from tracker.pipeline.through import find_bent_way, find_straight_way

Decided = tuple[State, tuple[Transition, ...]]


def decide(device: Device, state: State, before: Fix | None, question: Question, fences: Fences) -> Decided:
    """`before`: the fix that this one follows. A geofence that is gone, or does not apply now, releases the device,
    which tells nobody anything."""
    fix, silent = question.fix, question.silent
    doubted = {each.geofence: each for each in state.candidates}
    asked = (state.inside | question.here | doubted.keys() | frozenset(question.between)) - silent
    known = fences.find_applying(asked, device.id, state.category, fix.at)
    inside, here = state.inside & known, question.here & known
    candidates: list[Candidate] = []
    crossed: dict[int, Transition] = {}
    looked_at = ((inside ^ here) | doubted.keys() | set(question.between)) & known
    for key in sorted(looked_at, key=fences.ids.__getitem__):
        candidate = doubted.get(key)
        verdict = judge(device.key, fences[key], candidate, Sides(before, fix, key in inside, key in here))
        if isinstance(verdict, Candidate):
            candidates.append(verdict)
        elif verdict is not None:
            crossed[key] = verdict
    released = tuple(release(device.key, key, fix, fix.at) for key in sorted(state.inside - inside - silent))
    found = Crossed(before, fix, inside, state.inside & silent, candidates, crossed)
    state, told = conclude(device.key, state, found, fences)
    return state, (*released, *told)


def release(device: int, geofence: int, fix: Fix, at: int) -> Transition:
    return Transition(device, geofence, "release", at, fix, at)


class Sides(NamedTuple):
    """Two fixes and one border: on which side the device is settled, and on which side the newer one lies."""

    before: Fix | None
    fix: Fix
    is_inside: bool
    seems_inside: bool


def judge(device: int, fence: Geofence, candidate: Candidate | None, sides: Sides) -> Candidate | Transition | None:
    before, fix, is_inside, seems_inside = sides
    if seems_inside != is_inside:
        return weigh_crossing(device, fence, candidate or Candidate(fence.key, before), fix, seems_inside)
    if candidate is None or not (candidate.count or candidate.is_noted):
        start = before if candidate is None else candidate.before
        return None if is_inside or start is None else find_straight_way(device, fence, start, fix)
    if not is_clear(fence, PRESETS[fence.preset], fix, seems_inside):
        return candidate  # this fix is too near the border to take back what the ones before it said
    return None if is_inside or not candidate.count else find_bent_way(device, fence, candidate, before, fix)


class Crossed(NamedTuple):
    """What one fix says of the borders. `inside`: the geofences that still hold on to the device; `kept`: those that it
    is in and that the fix says nothing about; `candidates`: borders that seem crossed; `crossed`: what is sure, by the
    key of the geofence."""

    before: Fix | None
    fix: Fix
    inside: frozenset[int]
    kept: frozenset[int]
    candidates: list[Candidate]
    crossed: dict[int, Transition]


def conclude(device: int, state: State, found: Crossed, fences: Fences) -> Decided:
    if not found.crossed and not state.held and found.inside == state.inside and are_calm(state, found.fix, fences):
        return replace_stays(state, state.inside, state.stays, tuple(found.candidates), fences), ()
    doubts = find_doubts(found.candidates)
    exits = {key: each for key, each in found.crossed.items() if each.kind == "exit"}
    enters = {key: each for key, each in found.crossed.items() if each.kind in ("enter", "noted")}
    told: list[Transition] = []
    stays: list[Stay] = []
    for stay in (*find_stays(state, found.inside), *map(begin_stay, enters.values())):
        key = stay.geofence
        left = exits[key].at if key in exits else None
        if stay.is_noted and key in exits:
            exits[key] = say_since_before(exits[key])
        stay, more = decide_stay(device, fences[key], stay, Doubt(found.before, found.fix, left, doubts.get(key)))
        told += more
        if left is None:
            stays.append(stay)
    stays += find_stays(state, found.kept)
    inside = (found.inside - exits.keys()) | enters.keys() | found.kept
    others = [each for each in found.crossed.values() if each.kind == "cross"]
    is_leaving = any(each.geofence in inside for each in found.candidates)
    crosses, held = hold_crosses(state, found.fix, others, fences, is_leaving=is_leaving)
    ending = [each for each in told if each.geofence in exits]
    staying = [each for each in told if each.geofence not in exits]
    state = msgspec.structs.replace(state, held=held)
    state = replace_stays(state, inside, tuple(stays), tuple(found.candidates), fences)
    return state, (*ending, *exits.values(), *crosses, *enters.values(), *staying)


def are_calm(state: State, fix: Fix, fences: Fences) -> bool:
    """Whether no stay has anything to say of a fix that crosses nothing, as is so of nearly each."""
    return all(fix.at < find_due(fences[stay.geofence], stay, fences) for stay in state.stays)


def begin_stay(enter: Transition) -> Stay:
    return Stay(enter.geofence, enter.at, is_noted=enter.kind == "noted")


def say_since_before(leaves: Transition) -> Transition:
    """The exit of a stay that began before the geofence was in force: how long it was nobody knows."""
    evidence = msgspec.structs.replace(leaves.evidence, already_inside=True)
    return msgspec.structs.replace(leaves, evidence=evidence)


def find_doubts(candidates: Iterable[Candidate]) -> dict[int, int]:
    """Since when, by geofence, the device seems to have crossed the border."""
    return {each.geofence: each.first.at for each in candidates if each.first is not None}


def find_stays(state: State, inside: frozenset[int]) -> Iterable[Stay]:
    return (stay for stay in state.stays if stay.geofence in inside)


def replace_stays(
    state: State, inside: frozenset[int], stays: tuple[Stay, ...], candidates: tuple[Candidate, ...], fences: Fences
) -> State:
    """`due`: at once, where something is held and nothing else would have the next fix looked at."""
    if inside == state.inside:
        inside = state.inside
    known = (stay for stay in stays if stay.geofence in fences)
    due = min((find_due(fences[stay.geofence], stay, fences) for stay in known), default=NOT_DUE)
    if state.held and not candidates:
        due = 0
    for candidate in candidates:
        if candidate.geofence in fences:
            due = min(due, find_wait_end(PRESETS[fences[candidate.geofence].preset], candidate))
    return msgspec.structs.replace(state, inside=inside, stays=stays, candidates=candidates, due=due)


def find_due(fence: Geofence, stay: Stay, fences: Fences) -> int:
    """From when on a fix has to look at this stay: always, where time or speed may change something at any moment."""
    if fence.speed_limit is not None or fence.key in fences.scoped:
        return 0
    return find_dwell_due(fence, stay)
