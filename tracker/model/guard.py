"""Guard: what people ask to be told of a device's own motion; Guarded: what is folded of it."""

import msgspec

from tracker.model.fix import Fix


class Guard(msgspec.Struct, frozen=True, gc=False):
    """`trips`: that it sets out and stops, each time. `radius`: that it was moved so far (m) from where it was when
    this was asked for, once; 0: not. `since` (ms) tells one arming from the next."""

    trips: bool = False
    radius: float = 0.0
    since: int = 0


NO_GUARD = Guard()


class Guarded(msgspec.Struct, frozen=True, gc=False):
    """`rest`: where it rests, or came to while it moves; `away`: how many fixes in a row say that it has left that.
    `post`: where it is guarded; `outside`: the same of that. `is_told`: that it was moved. No place is known before
    the first fix."""

    guard: Guard
    rest: Fix | None = None
    is_moving: bool = False
    away: int = 0
    post: Fix | None = None
    outside: int = 0
    is_told: bool = False
