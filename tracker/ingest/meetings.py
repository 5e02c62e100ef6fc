"""The pairs of devices that the writer decides by, and what was seen of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from tracker.model.block import list_rows
from tracker.model.fix import Fix
from tracker.model.pair import Meeting, Nearness, Pair
from tracker.model.state import State
from tracker.pipeline.fold import Folded
from tracker.pipeline.nearness import meet, strip


@dataclass(frozen=True)
class Meetings:
    """As of a revision of the pairs; -1 where it is not known which. `by_device`: the keys of its pairs."""

    revision: int = -1
    meetings: dict[int, Meeting] = field(default_factory=dict)  # by the key of the pair
    by_device: dict[int, list[int]] = field(default_factory=dict)

    def meet(self, folded: Folded) -> Folded:
        """With what the batch says of the pairs."""
        if self.by_device.keys().isdisjoint(folded.states):
            return folded
        rows = list_rows(each for each in folded.stored if each.device in self.by_device)
        met = meet(rows, self.meetings, self.by_device)
        transitions = [*folded.transitions, *met.transitions]
        return msgspec.structs.replace(folded, transitions=transitions, meetings=met.meetings)

    def without(self, device: int) -> "Meetings":
        """What is left when a device was deleted, and its pairs with it."""
        left = [each for each in self.meetings.values() if device not in each.pair.keys]
        return make_meetings(self.revision, left) if len(left) < len(self.meetings) else self


def make_meetings(revision: int, known: Iterable[Meeting]) -> Meetings:
    meetings = {each.pair.key: each for each in known}
    by_device: dict[int, list[int]] = {}
    for key, meeting in meetings.items():
        for device in meeting.pair.keys:
            by_device.setdefault(device, []).append(key)
    return Meetings(revision, meetings, by_device)


def change_pairs(
    before: Meetings, revision: int, pairs: Iterable[Pair], states: Mapping[int, State], stamp: int
) -> tuple[Meetings, list[Meeting]]:
    """As the pairs are from this stamp on, and those of them that changed. Of one that did, what was seen and not told
    yet is forgotten: it was seen by another distance."""
    made: list[Meeting] = []
    changed: list[Meeting] = []
    for pair in pairs:
        meeting = before.meetings.get(pair.key)
        if meeting is None or meeting.pair != pair:
            meeting = begin(pair, meeting, states, stamp)
            changed.append(meeting)
        made.append(meeting)
    return make_meetings(revision, made), changed


def begin(pair: Pair, known: Meeting | None, states: Mapping[int, State], stamp: int) -> Meeting:
    if known is None:
        return Meeting(pair, Nearness(), newest_of(pair, states), stamp)
    told = Nearness(known.nearness.is_near, known.nearness.told_at)
    return Meeting(pair, told, known.newest, stamp)


def newest_of(pair: Pair, states: Mapping[int, State]) -> tuple[Fix | None, Fix | None]:
    one, two = (states[key].newest for key in pair.keys)
    return one and strip(one), two and strip(two)
