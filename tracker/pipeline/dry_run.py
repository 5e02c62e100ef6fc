"""A geofence on stored fixes: what `advance` would have told, of millions of fixes in seconds.

`advance` decides. What it would pass over without a word, fixes that each follow the one before in time and near it,
with nothing odd and no border crossed, is found a whole history at a time and followed at once, as the live fold does
with its runs. A property holds this to `advance` over every fix.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from tracker.geofence.arrays import Bools, Longs
from tracker.geofence.fences import LEAST_E7, NOWHERE, fences_of
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import E7
from tracker.model.geofence import Geofence
from tracker.model.history import History
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.jump import NEAR_E7
from tracker.pipeline.run import follow

US: Final = 1000  # in a millisecond


class DryRun:
    """The states of some devices with regard to one geofence. `fold` is given their history, a stretch of time each."""

    def __init__(self, fence: Geofence, devices: Mapping[int, Device]) -> None:
        self.fences = fences_of({fence.key: fence})
        self.devices = devices
        self.states: dict[int, State] = {}
        self.here = frozenset((fence.key,))

    def begin(self) -> None:
        """The next fold is of other devices."""
        self.states.clear()

    def fold(self, history: History) -> list[Transition]:
        """In the order of (device, at). Each call goes on in time where the one before ended."""
        if not len(history):
            return []
        inside = self.covering(history)
        odd = np.flatnonzero(~(plain(history, inside) & ~self.passing(history, inside)))
        begins = np.flatnonzero(np.diff(history.device, prepend=history.device[0] - 1))
        found: list[Transition] = []
        for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(history)], strict=True):
            marks = odd[odd.searchsorted(begin) : odd.searchsorted(end)]
            found += self.device(history, inside, begin, end, marks)
        return found

    def covering(self, history: History) -> Bools:
        inside = np.zeros(len(history), bool)
        inside[self.fences.index.covering(history.lon_e7 / E7, history.lat_e7 / E7)[0]] = True
        return inside

    def passing(self, history: History, inside: Bools) -> Bools:
        """Whose way from the fix before may lead through the geofence."""
        found = np.zeros(len(history), bool)
        if not self.fences.passable:
            return found
        lon, lat = history.lon_e7 / E7, history.lat_e7 / E7
        far = np.maximum(np.abs(np.diff(history.lon_e7.astype(np.int64))), np.abs(np.diff(history.lat_e7))) > LEAST_E7
        to = 1 + np.flatnonzero(far & ~inside[1:] & ~inside[:-1] & (np.diff(history.device) == 0))
        ways = self.fences.passages.candidates(lon[to - 1], lat[to - 1], lon[to], lat[to])[0]
        found[to[ways]] = True
        return found

    def device(self, history: History, inside: Bools, begin: int, end: int, odd: Longs) -> list[Transition]:
        """One device's rows, `begin` to `end`; `odd` are those among them that follow no run."""
        device = int(history.device[begin])
        state = self.states.get(device) or State()
        found: list[Transition] = []
        stops = [*odd.tolist(), end]
        row, turn = begin, 0
        while row < end:
            while stops[turn] < row:
                turn += 1
            stop = stops[turn]
            here = self.here if inside[row] else NOWHERE
            if (
                stop > row > begin
                and state.newest is not None
                and state.jump is None
                and not state.candidates
                and here == state.inside
                and history.at[stop - 1] < state.due
                and state.newest.at == history.at[row - 1]
            ):
                last = [history.fix(stop - 2), history.fix(stop - 1)] if stop - row > 1 else [history.fix(row)]
                state = follow(state, last, int(history.at[stop - 1]) * US)
                row = stop
                continue
            fix = history.fix(row)
            between = self.fences.between(state.newest, fix)
            step = advance(self.devices[device], state, fix, fix.at * US, here, between, self.fences)
            state = step.state
            found += step.transitions
            row += 1
        self.states[device] = state
        return found


def plain(history: History, inside: Bools) -> Bools:
    """Which fixes follow the one before of the same device as those of a run do."""
    follows: Bools = history.flags == 0
    follows[0] = False
    follows[1:] &= np.diff(history.device) == 0
    follows[1:] &= np.diff(inside.astype(np.int8)) == 0
    for places in (history.lon_e7, history.lat_e7):
        follows[1:] &= np.abs(np.diff(places.astype(np.int64))) < NEAR_E7
    return follows
