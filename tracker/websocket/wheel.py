"""One timer for the deadlines of all sockets.

A timer or task for each would cost more memory than the rest of an idle socket. And time here is the time in which the
loop ran: a process that was stopped (SIGSTOP, a sleeping laptop, a long collection) goes on where it was, and does not
take its own absence for that of its peers.
"""

import asyncio
import math
from typing import Final, Protocol

_SLOTS: Final = 128


class Watched(Protocol):
    due: int
    """The tick of the next look; the wheel's own."""

    def look(self) -> float | None:
        """See which deadlines have passed. Answers in how many seconds to look again, None for never."""


class Wheel:
    """Slots of things to look at, one per tick; the timer runs only while there is something in them."""

    def __init__(self, tick_s: float = 0.25) -> None:
        self.now = 0.0
        self._tick_s = tick_s
        self._tick = 0
        self._slots: list[set[Watched]] = [set() for _ in range(_SLOTS)]
        self._watched = 0
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, thing: Watched, seconds: float) -> None:
        """Look at it in so many seconds, at the earliest; replaces what was asked before."""
        self.forget(thing)
        thing.due = self._tick + max(1, math.ceil(seconds / self._tick_s))
        self._slots[thing.due % _SLOTS].add(thing)
        self._watched += 1
        if self._timer is None:
            self._wind()

    def forget(self, thing: Watched) -> None:
        slot = self._slots[thing.due % _SLOTS]
        if thing in slot:
            slot.discard(thing)
            self._watched -= 1

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wind(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._turn)

    def _turn(self) -> None:
        self._tick += 1
        self.now += self._tick_s
        slot = self._slots[self._tick % _SLOTS]
        for thing in [thing for thing in slot if thing.due <= self._tick]:
            self._look_at(thing)
        self._timer = None
        if self._watched:
            self._wind()

    def _look_at(self, thing: Watched) -> None:
        again = thing.look()  # may watch or forget by itself
        if again is not None:
            self.watch(thing, again)
        elif thing.due <= self._tick:
            self.forget(thing)
