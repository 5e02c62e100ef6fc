"""A batch of frames folded in order: what is stored, what is refused, and what each frame is answered. Pure.

The caller has looked up which fixes may be stored already (`ambiguous`), so that nothing here has to ask back.
"""

from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec

from tracker.model.event import Transition
from tracker.model.fix import Fix, Moment, Place, Refusal, Row
from tracker.model.frame import Frame, Outcome
from tracker.model.state import State
from tracker.pipeline.advance import advance

NOWHERE: frozenset[int] = frozenset()


class Folded(msgspec.Struct, frozen=True):
    """All consequences of a batch. `states`: only of the devices that changed; `stamp`: the last received_at given."""

    rows: list[Row]
    states: dict[int, State]
    transitions: list[Transition]
    outcomes: list[Outcome]
    stamp: int


def ambiguous(frames: Iterable[Frame], states: Mapping[int, State]) -> list[Moment]:
    """The fixes that may be stored already: those not newer than all of their device before them."""
    seen: dict[int, int] = {}
    found = []
    for frame in frames:
        newest = seen.get(frame.device)
        if newest is None:
            newest = states[frame.device].seen_at
        for entry in frame.entries:
            if type(entry) is Fix:
                if entry.at > newest:
                    newest = entry.at
                else:
                    found.append((frame.device, entry.at))
        seen[frame.device] = newest
    return found


def fold(
    frames: Sequence[Frame],
    states: Mapping[int, State],
    stored: Mapping[Moment, Place],
    covering: Mapping[int, frozenset[int]],
    fences: Container[int],
    stamp: int,
) -> Folded:
    """`stored`: places of the ambiguous fixes that are in the table. `covering`: by the number of the fix in the batch,
    counting all fixes of all frames, the geofences that hold it (absent: none). `stamp`: the last received_at given."""
    batch = Batch(dict(states_of(frames, states)), dict(stored), covering, fences, stamp)
    outcomes = [batch.frame(frame) for frame in frames]
    changed = {key: state for key, state in batch.states.items() if state is not states[key]}
    return Folded(batch.rows, changed, batch.transitions, outcomes, batch.stamp)


def states_of(frames: Iterable[Frame], states: Mapping[int, State]) -> Iterable[tuple[int, State]]:
    return ((frame.device, states[frame.device]) for frame in frames)


class Batch:
    """The fold's own working memory; it leaves nothing behind but what `fold` returns."""

    def __init__(
        self,
        states: dict[int, State],
        places: dict[Moment, Place],
        covering: Mapping[int, frozenset[int]],
        fences: Container[int],
        stamp: int,
    ) -> None:
        self.states = states
        self.places = places
        self.covering = covering
        self.fences = fences
        self.stamp = stamp
        self.number = -1
        self.rows: list[Row] = []
        self.transitions: list[Transition] = []

    def frame(self, frame: Frame) -> Outcome:
        if frame.whole is not None:
            return Outcome(0, 0, (frame.whole,))
        duplicate = 0
        refusals: list[Refusal] = []
        first = len(self.rows)
        for index, entry in enumerate(frame.entries):
            if type(entry) is not Fix:
                refusals.append(entry)  # type: ignore[arg-type]
                continue
            self.number += 1
            place = self.places.get((frame.device, entry.at))
            if place is None:
                self.fix(frame, entry)
            elif place == (entry.lon_e7, entry.lat_e7):
                duplicate += 1
            else:
                refusals.append(Refusal(index, "conflict", str(entry)))
        return Outcome(len(self.rows) - first, duplicate, tuple(refusals))

    def fix(self, frame: Frame, fix: Fix) -> None:
        """One that is not stored yet: it gets the next stamp, which says in which order the log was folded."""
        device = frame.device
        self.stamp = stamp = max(self.stamp + 1, frame.received_at)
        here = self.covering.get(self.number, NOWHERE)
        step = advance(device, self.states[device], fix, stamp, here, self.fences)
        self.states[device] = step.state
        self.places[device, fix.at] = (fix.lon_e7, fix.lat_e7)
        self.rows.append(Row(device, stamp, step.fix))
        if step.transitions:
            self.transitions += step.transitions
