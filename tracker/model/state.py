"""State: what `advance` needs and changes of one device: a fold over its fixes, in the memory of the owner."""

from collections.abc import Mapping

import msgspec

from tracker.model.fix import Fix
from tracker.model.position import Position, Status

NEVER = -(1 << 62)


class Jump(msgspec.Struct, frozen=True, gc=False):
    """An impossible jump that other fixes may confirm: the newest fix at the far end, and how many are there."""

    fix: Fix
    count: int = 1


class State(msgspec.Struct, frozen=True, gc=False):
    """`seen_at` is the newest `at` of any stored fix, whatever its flags; a fix after it cannot be stored already."""

    seen_at: int = NEVER  # ms
    newest: Fix | None = None  # what the marker shows: the newest fix that may move it
    received_at: int = 0  # of `newest`, microseconds
    status: Status = Status.UNKNOWN
    inside: frozenset[int] = frozenset()  # keys of geofences
    jump: Jump | None = None

    def position(self, device: int, fence_ids: Mapping[int, str]) -> Position | None:
        """As others see it: geofences by their ids, those that are gone left out."""
        if self.newest is None:
            return None
        inside = tuple(sorted(fence_ids[key] for key in self.inside if key in fence_ids)) if self.inside else ()
        return Position(device, self.newest, self.received_at, self.status, inside)
