"""Dots: a person who carries two phones is one dot on the map, that of the freshest credible of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracker.live.masks import mask_devices
from tracker.model.fix import Flag
from tracker.model.position import Position, Status
from tracker.model.sight import Sight

LYING: Final = 120_000  # ms: what lies still is not where its person is, if something of that age or newer moves
AHEAD: Final = int(Flag.CLOCK_SKEW)
Dot = frozenset[int]  # the slots of which one is shown


def choose_dot(candidates: Iterable[Position]) -> Position | None:
    """The freshest, but for what is not to be believed while another is: a clock that is ahead would always win, and a
    tablet at home sends as often as the phone that is carried. A function of where they are now, never of the order in
    which they came: then everybody sees the same, also after a restart."""
    known = list(candidates)
    moved = max((each.fix.at for each in known if _moves(each)), default=None)

    def rank(position: Position) -> tuple[bool, bool, int, int]:
        lies = moved is not None and position.status == Status.STOPPED and position.fix.at - moved <= LYING
        return not position.fix.flags & AHEAD, not lies, position.fix.at, -position.device

    return max(known, key=rank, default=None)


def _moves(position: Position) -> bool:
    return position.status == Status.MOVING and not position.fix.flags & AHEAD


class Dots:
    """Those of one table that somebody was shown. `changes` counts up when a choice does; then all its slots are
    touched, so that viewers are told which is gone and which came."""

    def __init__(self, positions: Mapping[int, Position], touch: Callable[[int], None]) -> None:
        self.positions = positions
        self.touch = touch
        self.chosen: dict[Dot, int | None] = {}
        self.by_slot: dict[int, list[Dot]] = {}
        self.changes = 0

    def forget(self) -> None:
        """The rights moved: who is whose may be otherwise. Touched all are asked of again by whoever was shown them."""
        for slot in self.by_slot:
            self.touch(slot)
        self.chosen, self.by_slot = {}, {}
        self.changes += 1

    def notice(self, slots: Iterable[int]) -> None:
        """Their positions changed."""
        if not self.by_slot:
            return
        for dot in {dot for slot in slots for dot in self.by_slot.get(slot, ())}:
            chosen = self._choose(dot)
            if chosen != self.chosen[dot]:
                self.chosen[dot] = chosen
                self.changes += 1
                for slot in dot:
                    self.touch(slot)

    def find(self, dot: Dot) -> int | None:
        if dot not in self.chosen:
            self.chosen[dot] = self._choose(dot)
            for slot in dot:
                self.by_slot.setdefault(slot, []).append(dot)
        return self.chosen[dot]

    def mask(self, sight: Sight, size: int) -> NDArray[np.bool_] | None:
        """By slot, so many of them: what this sight is shown. None: all. Kept until a choice changes."""
        base = mask_devices(sight, size)
        if not sight.dots:
            return base
        kept: tuple[Any, ...] | None = sight.__dict__.get("dotted")
        if kept is None or kept[0] is not self or kept[1] != (self.changes, size):
            found = np.ones(size, np.bool_) if base is None else base.copy()
            for dot in sight.dots:
                chosen = self.find(dot)
                found[[slot for slot in dot if slot != chosen and slot < size]] = False
            kept = sight.__dict__["dotted"] = (self, (self.changes, size), found)
        shown: NDArray[np.bool_] = kept[2]
        return shown

    def _choose(self, dot: Dot) -> int | None:
        found = choose_dot(self.positions[slot] for slot in dot if slot in self.positions)
        return None if found is None else found.device
