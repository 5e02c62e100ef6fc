"""What a device passed through on the way out of a geofence is told after the exit, which takes more fixes to be sure
of. Told at once, a journey would be told backwards; and a single fix that was wrong would tell of a way nobody took."""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

import msgspec

from tracker.geofence.fences import Fences
from tracker.model.event import Transition
from tracker.model.fix import Fix
from tracker.model.state import State
from tracker.model.stay import Candidate

MOST: Final = 16  # held of one device; of more the oldest is told

Crosses = tuple[Transition, ...]


class Leaving(NamedTuple):
    """What one fix left of the exits: those that are `sure`, and the geofences that the device is still `inside` of and
    the borders that still seem crossed."""

    sure: Collection[int]
    inside: frozenset[int]
    candidates: Iterable[Candidate]


def hold_crosses(
    state: State, fix: Fix, crosses: Iterable[Transition], leaving: Leaving, fences: Fences
) -> tuple[Crosses, Crosses]:
    """What is told now, and what is held, in the order in which it was passed through. `state`: before the fix."""
    held = (*state.held, *sorted(crosses, key=lambda each: each.at))
    if any(each.geofence in leaving.inside for each in leaving.candidates):
        return tell(held[:-MOST], fix, fences), held[-MOST:]
    if not leaving.sure and any(each.geofence in leaving.inside for each in state.candidates):
        return (), ()  # it never left: the fix out there was wrong, and so is the way to it and back
    return tell(held, fix, fences), ()


def tell(held: Crosses, fix: Fix, fences: Fences) -> Crosses:
    """By the fix that made it sure. A geofence that is gone meanwhile tells nobody anything."""
    return tuple(msgspec.structs.replace(each, decided_at=fix.at) for each in held if each.geofence in fences)
