"""A geofence on stored fixes: what the live engine would have told, of millions of fixes in seconds.

`advance` decides. But a settled device, inside without doubt or outside without doubt, changes only where its next fix
is on the other side, where the way to it may pass through, where it is too far to be believed, where it is too fast, or
where its time is up. Such rows are found a whole history at a time (leads.py); between them the state follows at once,
as it does for the runs of the live fold. A property holds this to `advance` over every fix.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from tracker.dry_run.leads import Leads, find_leads
from tracker.geofence.fences import NOWHERE, make_fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.geofence import Geofence
from tracker.model.history import History
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.elapse import elapse
from tracker.pipeline.question import Question
from tracker.pipeline.run import follow_run
from tracker.pipeline.stays import find_dwell_due

US: Final = 1000  # in a millisecond
NONE: Final = -2  # not even the one before the first


class Reached(msgspec.Struct):
    """One device, and its state; `row`: that of `state.newest` in the history at hand."""

    device: Device
    state: State
    row: int = NONE


class DryRun:
    """The states of some devices with regard to one geofence. `fold` is given their history, a stretch of time each;
    `end` tells what is still to be told, and forgets them."""

    def __init__(self, fence: Geofence, devices: Mapping[int, Device]) -> None:
        self.fence = fence
        self.fences = make_fences({fence.key: fence})
        self.devices = devices
        self.states: dict[int, State] = {}
        self.inside = frozenset((fence.key,))

    def fold(self, history: History) -> list[Transition]:
        """In the order of (device, at). Each call goes on in time where the one before ended."""
        leads = find_leads(self.fence, self.fences, history)
        found: list[Transition] = []
        for begin, end in leads.find_devices():
            device = self.devices[int(leads.history.device[begin])]
            reached = Reached(device, self.states.get(device.key) or State(category=device.category))
            found += self.fold_device(leads, reached, begin, end)
            self.states[device.key] = reached.state
        return found

    def end(self, until: int) -> list[Transition]:
        """By the clock, for devices that said nothing more until then (ms)."""
        found: list[Transition] = []
        for key, state in self.states.items():
            told = elapse(self.devices[key], state, until, self.fences)[1]
            found += (each for each in told if each.is_told)
        self.states.clear()
        return found

    def fold_device(self, leads: Leads, reached: Reached, begin: int, end: int) -> list[Transition]:
        """The rows `begin` to `end`, which are one device's."""
        found: list[Transition] = []
        row = begin
        while row < end:
            if reached.row == row - 1 >= begin and self.is_settled(reached.state, leads, row - 1):
                stop = leads.find_stop(row, end, self.find_due(reached.state))
                if stop > row:
                    self.leap(leads, reached, row, stop)
                    row = stop
                    continue
            found += self.step(leads, reached, row)
            row += 1
        return found

    def is_settled(self, state: State, leads: Leads, row: int) -> bool:
        """After this row nothing is open: a row like it changes nothing."""
        if state.candidates or state.held or state.jump is not None or state.hop is not None:
            return False
        if bool(leads.inside[row]) != bool(state.inside):
            return False
        return all(stay.episode is None for stay in state.stays)

    def find_due(self, state: State) -> int | None:
        return find_dwell_due(self.fence, state.stays[0]) if state.stays else None

    def leap(self, leads: Leads, reached: Reached, row: int, stop: int) -> None:
        """Over the rows from `row` to before `stop`, of which none decides anything."""
        last = leads.history.fix(stop - 1)
        before = [leads.history.fix(stop - 2)] if stop - row > 1 else []
        reached.state = follow_run(reached.state, [*before, last], range(len(before) + 1), last.at * US)
        reached.row = stop - 1

    def step(self, leads: Leads, reached: Reached, row: int) -> tuple[Transition, ...]:
        state, fix = reached.state, leads.history.fix(row)
        if reached.row == row - 1:
            between = tuple(self.inside) if leads.passes[row] else ()
        else:  # it follows another fix than the one before it
            between = self.fences.find_between(state.newest, fix)
        here = self.inside if leads.covered[row] else NOWHERE
        step = advance(reached.device, state, Question(fix, fix.at * US, here, between), self.fences)
        reached.state = step.state
        if step.state.newest is fix:
            reached.row = row
        return tuple(each for each in step.transitions if each.is_told and each.geofence)
