"""A batch of frames folded in order: what is stored, what is refused, and what each frame is answered. Pure.

The caller has looked up which fixes may be stored already (`find_ambiguous`), so that nothing here has to ask back.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from tracker.geofence.fences import NOTHING_ASKED, NOWHERE, Asked, Fences
from tracker.model.block import Block, Span, list_rows
from tracker.model.device import Device
from tracker.model.event import Alarm, Transition
from tracker.model.fix import Fix, Flag, Moment, Place, Refusal, Row
from tracker.model.frame import Frame, Outcome
from tracker.model.heard import Heard
from tracker.model.pair import Meeting
from tracker.model.state import State
from tracker.pipeline.advance import add_flag, advance, keep
from tracker.pipeline.anchors import note_late
from tracker.pipeline.changes import note_changes
from tracker.pipeline.question import Question
from tracker.pipeline.run import find_run, follow_run
from tracker.pipeline.twins import Twins, is_finer, is_same


class Folded(msgspec.Struct, frozen=True):
    """All consequences of a batch. `stored`: the fixes as the log holds them; `states`: only of the devices that
    changed; `stamp`: the last received_at given; `meetings`: of the pairs of devices that a fix was folded into;
    `replaced`: stored fixes that a finer twin takes the place of; `disowned`: fixes, stored before or now, that turned
    out to be an impossible jump."""

    stored: list[Row | Span]
    states: dict[int, State]
    transitions: list[Transition]
    outcomes: list[Outcome]
    stamp: int
    meetings: dict[int, Meeting] = {}
    replaced: list[Moment] = []
    disowned: list[Moment] = []
    alarms: Sequence[Alarm] = ()
    has_messages: bool = False

    @property
    def rows(self) -> list[Row]:
        """All that is stored, fix by fix."""
        return list_rows(self.stored)


def find_ambiguous(frames: Iterable[Frame], states: Mapping[int, State]) -> list[Moment]:
    """The fixes that may be stored already: those not newer than all of their device before them."""
    seen: dict[int, int] = {}
    found = []
    for frame in frames:
        newest = seen.get(frame.device)
        if newest is None:
            newest = states[frame.device].seen_at
        for at in list_times(frame.entries):
            if at > newest:
                newest = at
            else:
                found.append((frame.device, at))
        seen[frame.device] = newest
    return found


def list_times(entries: Sequence[Fix | Refusal]) -> Sequence[int]:
    return entries.times if isinstance(entries, Block) else [each.at for each in entries if type(each) is Fix]


class StoredFixes(NamedTuple):
    """What of a batch is in the table already. `places`: of the ambiguous fixes; `twins`: of the devices that speak
    several dialects."""

    places: Mapping[Moment, Place] = {}
    twins: Twins | None = None


class Grounds(NamedTuple):
    """What a batch is decided by. `devices` by key; `asked`: what the geofences said of all its fixes."""

    devices: Mapping[int, Device]
    fences: Fences
    asked: Asked = NOTHING_ASKED


def fold(
    frames: Sequence[Frame], states: Mapping[int, State], stored: StoredFixes, grounds: Grounds, stamp: int
) -> Folded:
    """`stamp`: the last received_at given."""
    batch = Batch(dict(states_of(frames, states)), stored, grounds, stamp)
    outcomes = [batch.fold_frame(frame) for frame in frames]
    changed = {key: state for key, state in batch.states.items() if state is not states[key]}
    return Folded(batch.rows, changed, batch.transitions, outcomes, batch.stamp, {}, batch.replaced, batch.disowned)


def states_of(frames: Iterable[Frame], states: Mapping[int, State]) -> Iterable[tuple[int, State]]:
    return ((frame.device, states[frame.device]) for frame in frames)


class Batch:
    """The fold's own working memory; it leaves nothing behind but what `fold` returns."""

    def __init__(self, states: dict[int, State], stored: StoredFixes, grounds: Grounds, stamp: int) -> None:
        self.states = states
        self.places = dict(stored.places)
        self.devices, self.fences, self.asked = grounds
        self.stamp = stamp
        self.number = 0  # of the next fix
        self.indexed = 0  # rows that `places` knows
        self.rows: list[Row | Span] = []
        self.stored = 0  # rows of the frame at hand
        self.transitions: list[Transition] = []
        self.twins = stored.twins or Twins()
        self.replaced: list[Moment] = []
        self.disowned: list[Moment] = []

    def fold_frame(self, frame: Frame) -> Outcome:
        if frame.whole is not None:
            return Outcome(0, 0, (frame.whole,))
        if frame.device in self.twins.several:
            return self.fold_one_by_one(frame)
        self.stored = index = 0
        refusals: list[Refusal] = []
        while index < len(frame.entries):
            if length := self.fold_run(frame, index):
                index += length
                continue
            refusal = self.fold_entry(frame, index)
            if refusal:
                refusals.append(refusal)
            index += 1
        duplicate = len(frame.entries) - self.stored - len(refusals)
        return Outcome(self.stored, duplicate, tuple(refusals))

    def fold_one_by_one(self, frame: Frame) -> Outcome:
        """The fixes of a device that speaks several dialects, each held against what came in another one. No run is
        looked for: a twin may stand anywhere in it."""
        found = [self.fold_twin(frame, index) for index in range(len(frame.entries))]
        refusals = tuple(each for each in found if isinstance(each, Refusal))
        return Outcome(found.count(True), found.count(False), refusals)

    def fold_twin(self, frame: Frame, index: int) -> Refusal | bool:
        """Whether it is stored; False: it was already; or why it cannot be."""
        entry = frame.entries[index]
        if type(entry) is not Fix:
            return entry  # type: ignore[return-value]
        self.number += 1
        heard = self.twins.find(frame.device, entry, frame.dialect)
        if heard is not None and heard.at == entry.at:
            return False if is_same(heard, entry, frame.dialect) else Refusal(index, "conflict", str(entry))
        if heard is not None and not is_finer(entry, heard):
            return False
        if heard is None:
            self.store_fix(frame, entry)
        else:
            self.replace(frame, entry, heard)
        self.twins.add(frame.device, entry, frame.dialect)
        return True

    def replace(self, frame: Frame, fix: Fix, heard: Heard) -> None:
        """A finer fix takes the place of the coarser one that is stored and folded already. To fold it behind that one
        would be simpler, and decide by both. So the coarser one leaves the log, and the device is folded again from
        before it, as for a late fix."""
        device = frame.device
        self.twins.remove(device, heard)
        self.replaced.append((device, heard.at))
        self.rows = [row for row in list_rows(self.rows) if (row.device, row.fix.at) != (device, heard.at)]
        self.indexed = min(self.indexed, len(self.rows))
        self.stamp = stamp = max(self.stamp + 1, frame.received_at)
        state, noted = note_changes(self.devices[device], self.states[device], self.fences)
        is_late = state.newest is not None and fix.at < state.newest.at
        kept = add_flag(fix, Flag.LATE) if is_late else fix
        step = keep(self.devices[device], state, kept, stamp, note_late(state, heard.at))
        self.states[device] = step.state
        self.rows.append(Row(device, stamp, step.fix, frame.dialect))
        self.transitions += (*noted, *step.transitions)

    def fold_run(self, frame: Frame, index: int) -> int:
        """How many were folded at once."""
        device, entries = frame.device, frame.entries
        state = self.states[device]
        if state.stamp < self.fences.stamp:
            return 0  # a geofence changed since its last fix, and only `advance` looks what that means for it
        count = find_run(state, entries, index, self.number, self.asked, self.fences)
        if not count:
            return 0
        stamp, end = max(self.stamp + 1, frame.received_at), index + count
        if isinstance(entries, Block):
            self.rows.append(Span(device, stamp, entries, index, end))
        else:
            self.rows += [Row(device, at, fix) for at, fix in enumerate(entries[index:end], stamp)]  # type: ignore[arg-type]
        self.stored += count
        self.stamp = stamp + count - 1
        self.states[device] = follow_run(state, entries, range(index, end), self.stamp)  # type: ignore[arg-type]
        self.number += count
        return count

    def fold_entry(self, frame: Frame, index: int) -> Refusal | None:
        """Why it is not stored; None: it is, or was already."""
        entry = frame.entries[index]
        if type(entry) is not Fix:
            return entry  # type: ignore[return-value]
        self.number += 1
        place = self.find_place(frame.device, entry)
        if place is None:
            self.store_fix(frame, entry)
        elif place != (entry.lon_e7, entry.lat_e7):
            return Refusal(index, "conflict", str(entry))
        return None

    def find_place(self, device: int, fix: Fix) -> Place | None:
        """Where this moment's fix is in the table or in this batch. One newer than all before is in neither."""
        if fix.at > self.states[device].seen_at:
            return None
        for row in list_rows(self.rows[self.indexed :]):
            self.places[row.device, row.fix.at] = (row.fix.lon_e7, row.fix.lat_e7)
        self.indexed = len(self.rows)
        return self.places.get((device, fix.at))

    def store_fix(self, frame: Frame, fix: Fix) -> None:
        """One that is not stored yet: it gets the next stamp, which says in which order the log was folded."""
        device = frame.device
        self.stamp = stamp = max(self.stamp + 1, frame.received_at)
        state, number = self.states[device], self.number - 1
        here = self.asked.here.get(number, NOWHERE)
        between = self.fences.find_passing(self.asked, number, state.newest, fix)
        question = Question(fix, stamp, here, between)
        step = advance(self.devices[device], state, question, self.fences)
        self.states[device] = step.state
        self.rows.append(Row(device, stamp, step.fix, frame.dialect))
        self.stored += 1
        if step.transitions:
            self.transitions += step.transitions
        self.disowned += [(device, at) for at in step.disowned]
