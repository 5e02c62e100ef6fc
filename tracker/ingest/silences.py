"""Silences: when, by the server's clock, to look whether a device has said nothing for too long."""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain

from tracker.ingest.steps import Steps
from tracker.ingest.wakes import GRACE_US
from tracker.model.device import Device
from tracker.model.rhythm import Rhythm
from tracker.model.state import State
from tracker.pipeline.silence import find_silent_at


class Silences:
    """One entry for each device that has an interval. It stays where it is while fixes come, and is put further on when
    it is found too early: so a fix costs nothing.

    Silence counts from `since` at the soonest: before, this process was not there, or could store nothing; and from
    when the interval was set.
    """

    def __init__(self) -> None:
        self.since = 0  # µs
        self.set_at: dict[int, int] = {}  # µs, of the devices whose interval was changed since then
        self.heap: list[tuple[int, int]] = []  # (µs, device); those that are not in `look_at` any more are skipped
        self.look_at: dict[int, int] = {}
        self.steps = Steps()
        self.rhythms: dict[int, Rhythm] = {}  # of the devices of which it is known how often they usually report

    def learn(self, device: Device, rhythm: Rhythm | None, state: State) -> None:
        """How often it usually reports is known anew."""
        if rhythm is None:
            self.rhythms.pop(device.key, None)
        else:
            self.rhythms[device.key] = rhythm
            self.put(device, state)

    def shift(self, step: int) -> None:
        """The clock was set by so many µs: nobody is silent for longer or shorter by that."""
        self.since += step
        self.set_at = {device: at + step for device, at in self.set_at.items()}
        self.look_at = {device: at + step for device, at in self.look_at.items()}
        self.heap = sorted((at, device) for device, at in self.look_at.items())

    def hand_on(self, now: int) -> list[int]:
        """What who goes on listening has to know, as this one knows it at `now`. An interval that was changed holds
        for all then, which tells nobody to be silent too soon."""
        since = max(self.since, *self.set_at.values(), 0)
        return [since, now, *chain.from_iterable(self.steps.steps)]

    def go_on(self, known: Sequence[int] | None, now: int) -> None:
        """Listen from `now` on, by this process's clock. `known`: by the one of whom handed it on; None: nobody did."""
        self.since = now
        if known is not None:
            since, until, *steps = known
            self.since = since + now - until
            self.steps.steps = [*zip(steps[::2], steps[1::2], strict=True), (until, now - until)][-100:]

    def counted_from(self, device: int) -> int:
        return max(self.since, self.set_at.get(device, 0))

    def put(self, device: Device, state: State) -> None:
        """Look at the device by then, unless it is looked at sooner anyway: one entry for each device is enough, and a
        second would have to be found again to be taken out."""
        due = self.find_due(device, state)
        if due is not None and due + GRACE_US < self.look_at.get(device.key, due + GRACE_US + 1):
            self.look_at[device.key] = due + GRACE_US
            heappush(self.heap, (due + GRACE_US, device.key))

    def find_due(self, device: Device, state: State) -> int | None:
        """From when on it is offline if nothing comes, across steps of the clock since it was heard last."""
        step = self.step_since(state)
        due = find_silent_at(device, state, self.counted_from(device.key) - step, self.rhythms.get(device.key))
        return None if due is None else due + step

    def step_since(self, state: State) -> int:
        return self.steps.since(max(state.heard_at, state.received_at))

    def changed(self, device: Device, state: State, now: int) -> None:
        """The interval of the device was changed: its silence counts anew, for what was silence by the old one is none
        yet."""
        self.set_at[device.key] = now
        self.put(device, state)

    def forget(self, device: int) -> None:
        self.set_at.pop(device, None)
        self.look_at.pop(device, None)
        self.rhythms.pop(device, None)

    def ring(self, now: int, devices: Mapping[int, Device], states: Mapping[int, State]) -> list[int]:
        """The devices that have been silent for too long, once each."""
        rung = []
        while self.heap and self.heap[0][0] <= now:
            at, key = heappop(self.heap)
            if self.look_at.get(key) != at:
                continue
            del self.look_at[key]
            due = self.find_due(devices[key], states[key])
            if due is not None and due + GRACE_US <= now:
                rung.append(key)
            else:
                self.put(devices[key], states[key])
        return rung
