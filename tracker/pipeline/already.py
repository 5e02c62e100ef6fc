"""Who is inside when a geofence comes into force, or changes: where it asks for it, they are noted, and nobody is told
that they entered.

The last place before decides, by the preset of the geofence. Where it is clear, the stay begins with it. Where it is
too near the border the device is in doubt: it gets a candidate that knows so, and is noted once other fixes make it
sure. Both are facts that stand in the log, with a stamp of just before the change, so that late fixes are folded in
behind them: what was measured before that place says nothing about this geofence.
"""

from tracker.geofence.applies import applies
from tracker.geofence.fences import GAP_MS, Fences
from tracker.model.device import Device
from tracker.model.event import Decision, Happening, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.state import State
from tracker.model.stay import Candidate, Stay
from tracker.pipeline.border import is_clear
from tracker.pipeline.decide import Decided, replace_stays
from tracker.pipeline.presets import PRESETS


def note_inside(device: Device, before: State, state: State, fences: Fences) -> Decided:
    """`before`: the state that does not know of the changes yet; `state`: without the doubts that they end. Who was on
    the way in before a change is left to enter. A hop may be taken back, so the place before it counts."""
    newest = before.newest
    if newest is None or not fences.noting:
        return state, ()
    place = newest if before.hop is None else before.hop.before
    entering = {each.geofence for each in before.candidates if not each.is_noted}
    here = (fences.index.find_at(place.lon, place.lat) & fences.noting) - before.inside - entering
    made: list[Transition] = []
    for key in sorted((key for key in here if fences.since[key] > before.stamp), key=fences.ids.__getitem__):
        fence, since = fences[key], fences.since[key]
        if applies(fence.scope, device.id, state.category, since // 1000):
            made.append(note(device.key, fence, place, before, since))
    for each in made:
        state = settle_noted(state, each.happening, fences)
    return state, tuple(made)


def note(device: int, fence: Geofence, place: Fix, before: State, since: int) -> Transition:
    """`since`: the stamp of the change. It is of the time of the newest fix, whichever place counts: a stay that began
    before it might be over long already, or be told to last, and no fix between has looked at it."""
    newest = before.newest
    assert newest is not None
    evidence = Evidence(preset=fence.preset, revision=fence.revision, fixes=(make_seen(place),))
    if not is_clear(fence, PRESETS[fence.preset], place, is_inside=True):
        return Transition(device, fence.key, "doubted", newest.at, place, newest.at, evidence, stamp=since - 1)
    waited = max(0, (since - before.received_at) // 1000)
    at = newest.at if waited <= GAP_MS else newest.at + waited
    return Transition(device, fence.key, "noted", at, place, newest.at, evidence, stamp=since - 1)


def settle_noted(state: State, happening: Happening, fences: Fences) -> State:
    """The state with what was noted. The stay of a device that had said nothing for long begins with the geofence: to
    begin it with the last place would tell at once that it stays long, of all that are parked and silent."""
    key, kind = happening.geofence, happening.kind
    candidates = tuple(each for each in state.candidates if each.geofence != key)
    if kind == "doubted":
        candidates = (*candidates, Candidate(key, None, is_noted=True))
        return replace_stays(state, state.inside, state.stays, candidates, fences)
    stays = (*(stay for stay in state.stays if stay.geofence != key), Stay(key, happening.at, is_noted=True))
    return replace_stays(state, state.inside | {key}, stays, candidates, fences)


def is_over(decision: Decision, fences: Fences) -> bool:
    """Whether it is a doubt that a later change of its geofence ended."""
    happening = decision.happening
    return happening.kind == "doubted" and decision.stamp + 1 != fences.since.get(happening.geofence)
