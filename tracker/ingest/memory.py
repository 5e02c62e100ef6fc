"""What the owner of the log keeps in memory: the states of its devices, and what it decides them by."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import structlog

from tracker.geofence.fences import Fences
from tracker.ingest.apps import KnownApp
from tracker.ingest.lapses import Lapses
from tracker.ingest.meetings import Meetings
from tracker.ingest.progress import Progress
from tracker.ingest.silences import Silences
from tracker.ingest.wakes import Wakes
from tracker.model.device import Device
from tracker.model.dialect import Dialect
from tracker.model.moment import now_ms, now_us
from tracker.model.pair import Pair
from tracker.model.position import Position
from tracker.model.state import State
from tracker.pipeline.changes import is_cast, note_changes
from tracker.store.ownership import ALL, find_partition
from tracker.store.recorded import Recorded

logger = structlog.get_logger()

FRESH: Final = State()
MOST_MET: Final = 50  # devices of others' partitions that are read of between two batches
ANCHORS_MS: Final = 600_000  # a device's anchors are written so far apart, in its time, at least


class States(dict[int, State]):
    """By device key; one that never sent anything is fresh."""

    def __missing__(self, device: int) -> State:
        return FRESH


class Overlaid(dict[int, State]):
    """States that a transaction has changed, over those that are committed."""

    def __init__(self, below: Mapping[int, State], above: Mapping[int, State]) -> None:
        super().__init__(above)
        self.below = below

    def __missing__(self, device: int) -> State:
        return self.below[device]


class Devices(dict[int, Device]):
    """By key; one that is not known yet has neither name nor category."""

    def __missing__(self, key: int) -> Device:
        return Device(key, "", "")


class Memory:
    """Of one life as an owner of these partitions: made anew with each. Everything in it is bounded by the number of
    devices and pairs."""

    def __init__(self, partitions: Collection[int] = ALL) -> None:
        self.partitions = frozenset(partitions)
        self.stamp = 0  # µs, the last that was given: to a fix, a change or a decision
        self.states = States()
        self.devices = Devices()
        self.is_looked_at = False  # at the devices once more, since they were read
        self.fences = Fences()
        self.meetings = Meetings()
        self.to_recast: set[int] = set()  # devices of which people have said what is not in force
        self.unfolded: set[int] = set()  # devices with fixes that came late and are not folded in yet
        self.late: set[int] = set()  # those of them that nobody has begun with
        self.to_revisit: set[int] = set()  # devices that a change of the geofences may have given another wake
        self.wakes = Wakes()
        self.lapses = Lapses()
        self.silences = Silences()
        self.several: set[int] = set()  # devices whose fixes came in other dialects than our own, too
        self.apps: dict[tuple[int, int], KnownApp] = {}  # by device and dialect
        self.anchored: dict[int, int] = {}  # by device, the time of the newest anchor that is written, ms
        self.progress: dict[int, Progress] = {}  # of the devices' streams, by key
        self.to_meet: set[int] = set()  # devices of others' partitions that are in a pair, and of which something came

    def holds(self, device: int) -> bool:
        return find_partition(device) in self.partitions

    def decides(self, pair: Pair) -> bool:
        """Whoever holds the first of the two decides of them."""
        return self.holds(pair.keys[0])

    def begin(self, recorded: Recorded) -> None:
        """What is written of a device."""
        key = recorded.device.key
        self.devices[key] = recorded.device
        if recorded.state is not None:
            self.states[key] = recorded.state
        if recorded.reached is not None:
            self.progress[key] = Progress(*recorded.reached)
        if recorded.rhythm is not None:
            self.silences.rhythms[key] = recorded.rhythm
        if recorded.is_several:
            self.several.add(key)

    def know(self, device: Device) -> None:
        """Take the device as it is now in its table."""
        if not self.holds(device.key):
            return
        before = self.devices.get(device.key)
        self.devices[device.key] = device
        self.look_for_recast([device.key])
        if before is None or before.interval != device.interval:
            self.silences.changed(device, self.states[device.key], now_us())

    def look_for_recast(self, devices: Iterable[int]) -> None:
        """Of these devices: those of which people have said what is not in force, be it while a batch was under way."""
        for key in devices:
            (self.to_recast.discard if is_cast(self.devices[key], self.states[key]) else self.to_recast.add)(key)

    def expect(self, states: Mapping[int, State]) -> None:
        """What is to be done for these devices even if they send nothing more."""
        for device, each in states.items():
            state = self.see(device, each)
            self.wakes.put(device, state, self.fences, self.silences.steps.since(state.received_at))
            self.lapses.put(device, state.inside & self.fences.scoped)
            if device not in self.silences.look_at:
                self.silences.put(self.devices[device], state)
            is_late = state.late_from is not None
            (self.late.add if is_late else self.late.discard)(device)
            (self.unfolded.add if is_late else self.unfolded.discard)(device)

    def see(self, device: int, state: State) -> State:
        """The state as the changes of the geofences leave it, which is written when something else changes it."""
        return note_changes(self.devices[device], state, self.fences)[0]

    def revisit(self, most: int) -> list[int]:
        """Some of those that a change of the geofences may concern: their wakes are set by it."""
        devices = [self.to_revisit.pop() for _ in range(min(most, len(self.to_revisit)))]
        for device in devices:
            state = self.see(device, self.states[device])
            self.wakes.put(device, state, self.fences, self.silences.steps.since(state.received_at))
            self.lapses.put(device, state.inside & self.fences.scoped)
        return devices

    def find_shown(self, devices: Iterable[int]) -> list[Position]:
        """As others are to see them now: in no geofence that applies to them no more, though no fix came since."""
        found, now = list[Position](), now_ms()
        for device in devices:
            state = self.see(device, self.states[device])
            inside = state.inside
            if not self.fences.scoped.isdisjoint(inside):
                inside = self.fences.find_applying(inside, self.devices[device].id, state.category, now)
            if (position := state.position(device, self.fences.ids, inside)) is not None:
                found.append(position)
        return found

    def read_clocks(self, wall: int, monotonic: int) -> None:
        """Both in µs, read at the same moment, each second or more often."""
        if step := self.silences.steps.note(wall, monotonic):
            logger.warning("the clock was set", seconds=step / 1e6)
            self.wakes.shift(step)
            self.silences.shift(step)

    def ring(self, now: int) -> list[int]:
        """The devices that something has become true of by time alone, at `now` in microseconds."""
        rung = *self.wakes.ring(now), *self.silences.ring(now, self.devices, self.states)
        return list(dict.fromkeys(rung))

    def pop_to_meet(self) -> set[int]:
        """Some of them: after a restart all are to be met, and no batch is to wait for that."""
        return {self.to_meet.pop() for _ in range(min(MOST_MET, len(self.to_meet)))}

    def forget(self, device: int) -> None:
        self.states.pop(device, None)
        self.progress.pop(device, None)
        self.anchored.pop(device, None)
        self.devices.pop(device, None)
        for each in (self.to_recast, self.unfolded, self.late, self.to_revisit, self.several):
            each.discard(device)
        for dialect in Dialect:
            self.apps.pop((device, dialect), None)
        self.wakes.forget(device)
        self.lapses.put(device, frozenset())
        self.silences.forget(device)
        self.meetings = self.meetings.without(device)

    def find_anchors_due(self, states: Mapping[int, State]) -> dict[int, tuple[State, ...]]:
        """Of those of these states whose newest anchor is far from the newest that is written. Wherever a state is
        written these have to be, too: a restart folds no fix into it again that it holds already, so the anchors of
        those fixes would not be made again, and what came late could not be folded in."""
        due = {}
        for key, state in states.items():
            anchors, written = state.anchors, self.anchored.get(key)
            if anchors and (written is None or not 0 <= anchors[-1].seen_at - written < ANCHORS_MS):
                due[key] = anchors
        return due

    def find_reached(self, devices: Iterable[int]) -> dict[int, tuple[str, int]]:
        """How far the streams of these devices are stored."""
        return {key: (each.boot, each.through) for key in devices if (each := self.progress.get(key))}
