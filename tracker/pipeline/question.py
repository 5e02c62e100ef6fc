"""Question: one fix, and what was found out about it before it is decided."""

import msgspec

from tracker.geofence.fences import NOWHERE
from tracker.model.fix import Fix


class Question(msgspec.Struct, frozen=True, gc=False):
    """A fix that is not stored yet, with the writer's stamp. `here`: keys of the geofences that cover it; `between`: of
    those that the way from `state.newest` may pass through. `silent`: those that the fix says nothing about, since it
    is older than what they were decided by; a device stays inside or outside of them as it was."""

    fix: Fix
    received_at: int  # µs
    here: frozenset[int] = NOWHERE
    between: tuple[int, ...] = ()
    silent: frozenset[int] = NOWHERE
