"""What a device passed through on the way out of a geofence is told after the exit, which takes more fixes to be sure
of. Told at once, a journey would be told backwards. Where the device comes back instead, it has passed through all the
same, unless it was a hop."""

from collections.abc import Iterable
from typing import Final

import msgspec

from tracker.geofence.fences import Fences
from tracker.model.event import Transition
from tracker.model.fix import Fix
from tracker.model.state import State

MOST: Final = 16  # held of one device; of more the oldest is told

Crosses = tuple[Transition, ...]


def hold_crosses(
    state: State, fix: Fix, crosses: Iterable[Transition], fences: Fences, *, is_leaving: bool
) -> tuple[Crosses, Crosses]:
    """What is told now, and what is held, in the order in which it was passed through. `state`: before the fix;
    `is_leaving`: after it the device seems to have left something, which is not sure yet."""
    held = (*state.held, *sorted(crosses, key=lambda each: each.at))
    if is_leaving:
        return tell(held[:-MOST], fix, fences), held[-MOST:]
    return tell(held, fix, fences), ()


def tell(held: Crosses, fix: Fix, fences: Fences) -> Crosses:
    """By the fix that made it sure. A geofence that is gone meanwhile tells nobody anything."""
    return tuple(msgspec.structs.replace(each, decided_at=fix.at) for each in held if each.geofence in fences)
