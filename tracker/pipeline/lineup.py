"""A batch in columns: all its fixes in their order, what each of them follows, and what the geofences say of them.

Where frames bring blocks, all is asked by column; where none does, fix by fix, which is quicker for a few. The answer
is the same.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, overload

import numpy as np

from tracker.geofence.fences import NOWHERE, Asked, Fences
from tracker.geofence.shape.arrays import Bools, Longs
from tracker.model.block import BATTERY, Block
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.state import State
from tracker.pipeline.jump import NEAR_E7
from tracker.pipeline.vigil import LOW


def ask(frames: Sequence[Frame], states: Mapping[int, State], fences: Fences) -> Asked:
    """What the geofences say of all fixes of a batch."""
    if not any(type(frame.entries) is Block for frame in frames):
        return fences.ask(list_fixes(frames), list_before(frames, states))
    line = Lineup(frames, states)
    asked = fences.ask_columns(line.exact, line.follows)
    return asked._replace(before=line, breaks=find_breaks(line, asked))


def list_fixes(frames: Sequence[Frame]) -> list[Fix]:
    """All of the batch, in its order: what is to be asked about the geofences."""
    return [entry for frame in frames for entry in frame.entries if type(entry) is Fix]


def list_before(frames: Sequence[Frame], states: Mapping[int, State]) -> Iterator[Fix | None]:
    """The fix that each of those follows."""
    last: dict[int, Fix | None] = {}
    for frame in frames:
        device = frame.device
        before = last[device] if device in last else states[device].newest
        for entry in frame.entries:
            if type(entry) is Fix:
                yield before
                before = entry
        last[device] = before


class Lineup(Sequence[Fix | None]):
    """As a sequence: the fix that each one follows, as `list_before` lists them, made when it is looked at. `exact`:
    at, lon_e7 and lat_e7 of each, 3 x n; `follows`: of the one before it, 3 x n, `at` 0 where there is none."""

    def __init__(self, frames: Sequence[Frame], states: Mapping[int, State]) -> None:
        self.parts: Final[list[Sequence[Fix]]] = []  # the fixes of each frame that has any
        self.first: Final[list[Fix | None]] = []  # what the first of each follows
        last: dict[int, Sequence[Fix]] = {}
        for frame in frames:
            if not (part := list_part(frame.entries)):
                continue
            before = last.get(frame.device)
            self.first.append(states[frame.device].newest if before is None else before[-1])
            self.parts.append(part)
            last[frame.device] = part
        self.begins: Final = [0, *accumulate(map(len, self.parts))]
        self.exact: Final = np.concatenate([lay_out(part) for part in self.parts], axis=1)
        self.follows: Final = np.zeros_like(self.exact)
        self.follows[:, 1:] = self.exact[:, :-1]
        self.follows[:, self.begins[:-1]] = lay_out([fix or NOWHERE_YET for fix in self.first])

    def __len__(self) -> int:
        return self.begins[-1]

    @overload
    def __getitem__(self, number: int) -> Fix | None: ...
    @overload
    def __getitem__(self, number: slice) -> list[Fix | None]: ...
    def __getitem__(self, number: int | slice) -> Fix | list[Fix | None] | None:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        part = bisect_right(self.begins, number) - 1
        place = number - self.begins[part]
        return self.parts[part][place - 1] if place else self.first[part]


NOWHERE_YET: Final = Fix(0, 0, 0)


def list_part(entries: Sequence[Fix | Refusal]) -> Sequence[Fix]:
    return entries if isinstance(entries, Block) else [each for each in entries if type(each) is Fix]


def lay_out(fixes: Sequence[Fix]) -> Longs:
    if isinstance(fixes, Block):
        return fixes.exact
    return np.array([(fix.at, fix.lon_e7, fix.lat_e7) for fix in fixes], np.int64).T


def find_breaks(line: Lineup, asked: Asked) -> list[int]:
    """The numbers of the fixes that no run goes on to from the one before them, whatever was decided until then; behind
    them the number of all. What `find_run` asks of each fix of a list is asked here of all at once."""
    at, lon, lat = line.exact
    at_before, lon_before, lat_before = line.follows
    breaks: Bools = at <= at_before
    breaks |= np.abs(lon - lon_before) >= NEAR_E7
    breaks |= np.abs(lat - lat_before) >= NEAR_E7
    where = number_sets(asked.here, len(line))
    breaks[1:] |= where[1:] != where[:-1]
    breaks[[*asked.between]] = True
    for part, begin in zip(line.parts, line.begins, strict=False):
        if isinstance(part, Block) and part.has_batteries:
            here = slice(begin, begin + len(part))
            battery = part.measured[BATTERY]
            is_same = (lon[here] == lon_before[here]) & (lat[here] == lat_before[here])
            breaks[here] |= (battery <= LOW) | is_same & ~np.isnan(battery)
    return [*breaks.nonzero()[0].tolist(), len(line)]


def number_sets(here: Mapping[int, frozenset[int]], count: int) -> Longs:
    """By fix a number for the geofences that hold it: equal where they are the same, 0 for none."""
    numbers = {NOWHERE: 0}
    found = np.zeros(count, np.int64)
    found[[*here]] = [numbers.setdefault(each, len(numbers)) for each in here.values()]
    return found
