"""State: what `advance` needs and changes of one device: a fold over its fixes, in the memory of the owner."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tracker.model.event import Transition
from tracker.model.fix import Fix
from tracker.model.guard import Guarded
from tracker.model.position import Position, Status
from tracker.model.stay import Candidate, Stay
from tracker.model.vigil import Vigil

NEVER: Final = -(1 << 62)
NOT_DUE: Final = 1 << 62


class Jump(msgspec.Struct, frozen=True, gc=False):
    """An impossible jump that other fixes may confirm: the newest fix at the far end, and how many are there."""

    fix: Fix
    count: int = 1


class Hop(msgspec.Struct, frozen=True, gc=False):
    """A place far off that the next fix may take back: the fix before it, the times (ms) of those out there, the speed
    (m/s) that made it one, and what was folded of its motion before it."""

    before: Fix
    moments: tuple[int, ...]
    fastest: float
    guarded: Guarded | None = None


class State(msgspec.Struct, frozen=True, gc=False):
    """`seen_at` is the newest `at` of any stored fix, whatever its flags; a fix after it cannot be stored already."""

    seen_at: int = NEVER  # ms
    newest: Fix | None = None  # what the marker shows: the newest fix that may move it
    received_at: int = 0  # of `newest`, microseconds
    status: Status = Status.UNKNOWN
    inside: frozenset[int] = frozenset()  # keys of geofences, as decided
    jump: Jump | None = None
    stays: tuple[Stay, ...] = ()  # one for each geofence of `inside`
    candidates: tuple[Candidate, ...] = ()
    due: int = NOT_DUE  # ms: a fix from here on has to look at the stays and the candidates
    anchors: tuple["State", ...] = ()  # earlier states, the oldest first, from which late fixes are folded in
    late_from: int | None = None  # ms, the oldest fix that came late and is not folded in yet
    offline_at: int | None = None  # ms, as of when it was told to be offline; None: it is not
    heard_at: int = 0  # µs, when anything of it was stored last, whatever its flags
    stamp: int = 0  # µs, the writer's, of the last input that was folded, be it a fix or not
    category: str | None = None  # the device's, as it is in force
    recast_at: int = 0  # µs, the writer's stamp since when it is in force
    excused_at: int = 0  # µs, the writer's stamp of a hidden page or a pause: silence since then is none; 0: of neither
    held: tuple[Transition, ...] = ()  # what it passed through, told once the exit before is sure
    hop: Hop | None = None
    vigil: Vigil | None = None  # what its battery and a place that stays the same say; None: nothing
    guarded: Guarded | None = None  # what is told of its motion; None: nothing

    @property
    def seems(self) -> frozenset[int]:
        """The geofences that cover a fix that says nothing new: no border seems crossed but the candidates have it."""
        if not self.candidates:
            return self.inside
        return self.inside ^ {each.geofence for each in self.candidates}

    def position(self, device: int, fence_ids: Mapping[int, str], inside: frozenset[int]) -> Position | None:
        """As others see it: of `inside`, geofences by their ids, those that are gone left out."""
        if self.newest is None:
            return None
        ids = tuple(sorted(fence_ids[key] for key in inside if key in fence_ids)) if inside else ()
        return Position(device, self.newest, self.received_at, self.status, ids)
