"""What time alone changes: a device that says nothing still dwells, and goes on being too fast."""

import msgspec

from tracker.geofence.fences import Fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.state import NOT_DUE, State
from tracker.model.stay import Stay
from tracker.pipeline.changes import note_changes
from tracker.pipeline.decide import Decided, find_doubts, release, replace_stays
from tracker.pipeline.stays import TELL_MS, find_dwell_due, find_stay_wakes, tell_dwell, tell_episode


def find_wake(state: State, fences: Fences) -> int | None:
    """When, in ms of the device, `elapse` has something to tell if no fix comes. None: never. `state`: with the changes
    of the geofences noted."""
    doubts = find_doubts(state.candidates)
    known = [(stay, stay.geofence) for stay in state.stays if stay.geofence in fences]
    return min((at for stay, key in known for at in find_stay_wakes(fences[key], stay, doubts.get(key))), default=None)


def elapse(device: Device, state: State, now: int, fences: Fences) -> Decided:
    """The state after `now`, in ms of the device, has come and no fix. A fix that comes later may take back what this
    tells: a device that left before the time was up had not dwelled. A geofence that does not apply by then lets go of
    it, as with a fix."""
    state, noted = note_changes(device, state, fences)
    newest, doubts = state.newest, find_doubts(state.candidates)
    if newest is None:
        return state, noted
    stays: list[Stay] = []
    told: list[Transition] = []
    for stay in state.stays:
        key = stay.geofence
        due = min(find_stay_wakes(fences[key], stay, doubts.get(key)), default=NOT_DUE) if key in fences else NOT_DUE
        if due <= now:
            if not fences.find_applying(frozenset((key,)), device.id, state.category, due):
                told.append(release(device.key, key, newest, due))
                continue
            stay, more = tell_due(device.key, fences[key], stay, newest, now)
            told += more
        stays.append(stay)
    if tuple(stays) == state.stays:
        return state, noted
    inside = state.inside & {stay.geofence for stay in stays}
    return replace_stays(state, inside, tuple(stays), state.candidates, fences), (*noted, *told)


def tell_due(device: int, fence: Geofence, stay: Stay, newest: Fix, now: int) -> tuple[Stay, list[Transition]]:
    told: list[Transition] = []
    due = find_dwell_due(fence, stay)
    if due <= now:
        stay, told = tell_dwell(device, fence, stay, newest, due, "clock")
    episode = stay.episode
    if episode is not None and episode.first.at + TELL_MS <= now:
        until = None if newest.at == episode.last else episode.last
        told = told + tell_episode(device, fence, episode, until, newest, "clock")
        stay = msgspec.structs.replace(stay, episode=msgspec.structs.replace(episode, told=True))
    return stay, told
