"""What a change of a geofence or of a device's category means for a state. Nobody is told anything by it: the next fix
decides, or those inside are noted, where the geofence asks for it. What a change ends is doubt: a border that only
seemed crossed, or an episode of speeding, was measured against what is not so any more, and fixes from before a change
must not decide together with fixes from after it."""

import msgspec

from tracker.geofence.fences import Fences
from tracker.model.device import Device
from tracker.model.guard import NO_GUARD
from tracker.model.state import State
from tracker.pipeline.already import note_inside
from tracker.pipeline.decide import Decided
from tracker.pipeline.guarding import begin_guard


def note_changes(device: Device, state: State, fences: Fences) -> Decided:
    """The state with what the geofences that changed after its last input mean for it. It is found when the state is
    next needed. To do it when the geofence changes would be simpler, and hold up all acks for seconds where a hundred
    thousand devices are inside. Whatever gives a state a later stamp has to ask it first: by its stamp a state says
    which changes are in it, so one that was stamped without would hold on to its doubts, and a dwell given meanwhile
    would never be told."""
    if state.stamp >= fences.stamp:
        return state, ()
    changed, noted = note_inside(device, state, end_doubt(state, find_changed(state, fences, state.stamp)), fences)
    return msgspec.structs.replace(changed, stamp=fences.stamp), noted


def is_cast(device: Device, state: State) -> bool:
    """Whether what people said of the device is in force."""
    guard = NO_GUARD if state.guarded is None else state.guarded.guard
    return device.category == state.category and device.guard == guard


def recast(state: State, device: Device, stamp: int, fences: Fences) -> Decided:
    """What people said of the device is in force from this stamp on."""
    state, noted = note_changes(device, state, fences)
    guarded = begin_guard(state.guarded, device.guard, state.newest)
    state = msgspec.structs.replace(state, guarded=guarded, stamp=stamp)
    if device.category == state.category:
        return state, noted
    return recast_category(state, device.category, stamp, fences), noted


def recast_category(state: State, category: str | None, stamp: int, fences: Fences) -> State:
    asking = {key for key in find_concerned(state) if key in fences and fences[key].scope.categories is not None}
    state = end_doubt(state, frozenset(asking))
    return msgspec.structs.replace(state, category=category, recast_at=stamp)


def find_changed(state: State, fences: Fences, stamp: int) -> frozenset[int]:
    return frozenset(key for key in find_concerned(state) if fences.since.get(key, 0) > stamp)


def find_concerned(state: State) -> frozenset[int]:
    """The geofences that a state holds anything of."""
    if not state.candidates and not state.held:
        return state.inside
    doubted = {each.geofence for each in state.candidates}
    return state.inside | doubted | {each.geofence for each in state.held}


def end_doubt(state: State, changed: frozenset[int]) -> State:
    """`due` is now, so that the next fix looks at the stays by their new rules."""
    if not changed:
        return state
    stays = tuple(
        msgspec.structs.replace(stay, episode=None) if stay.geofence in changed and stay.episode else stay
        for stay in state.stays
    )
    candidates = tuple(each for each in state.candidates if each.geofence not in changed)
    held = tuple(each for each in state.held if each.geofence not in changed)
    return msgspec.structs.replace(state, stays=stays, candidates=candidates, due=0, held=held)
