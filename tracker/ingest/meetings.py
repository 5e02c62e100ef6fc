"""The pairs of devices that the writer decides by, and what was seen of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from tracker.model.block import list_rows
from tracker.model.fix import Fix
from tracker.model.pair import Meeting, Nearness, Pair
from tracker.model.state import State
from tracker.pipeline.fold import Folded
from tracker.pipeline.nearness import meet, strip

Holds = Callable[[int], bool]


def hold_all(device: int) -> bool:
    return True


@dataclass(frozen=True)
class Meetings:
    """As of a revision of the pairs; -1 where it is not known which. `by_device`: the keys of its pairs. `holds`:
    whether the fixes of a device come here, or to another owner; `distant`: devices of the latter kind, `beyond`: the
    pairs with one of them. See ingest/distant.py."""

    revision: int = -1
    meetings: dict[int, Meeting] = field(default_factory=dict)  # by the key of the pair
    by_device: dict[int, list[int]] = field(default_factory=dict)
    holds: Holds = hold_all
    distant: frozenset[int] = frozenset()
    beyond: frozenset[int] = frozenset()

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
        return make_meetings(self.revision, left, self.holds) if len(left) < len(self.meetings) else self


def make_meetings(revision: int, known: Iterable[Meeting], holds: Holds = hold_all) -> Meetings:
    meetings = {each.pair.key: each for each in known}
    distant = {key: each for key, each in meetings.items() if not holds(each.pair.keys[1])}
    meetings |= {key: set_apart(each) for key, each in distant.items()}
    by_device: dict[int, list[int]] = {}
    for key, meeting in meetings.items():
        for device in meeting.pair.keys:
            by_device.setdefault(device, []).append(key)
    second = frozenset(each.pair.keys[1] for each in distant.values())
    return Meetings(revision, meetings, by_device, holds, second, frozenset(distant))


def set_apart(meeting: Meeting) -> Meeting:
    """One of whose devices the fixes come to another owner, if that is new."""
    return meeting if meeting.seen else msgspec.structs.replace(meeting, seen=(meeting.stamp, meeting.stamp))


def change_pairs(
    before: Meetings, revision: int, pairs: Iterable[Pair], states: Mapping[int, State], stamp: int
) -> tuple[Meetings, list[Meeting]]:
    """As the pairs are from this stamp on, and those of them that changed. Of one that did, what was seen and not told
    yet is forgotten: it was seen by another distance."""
    made: list[Meeting] = []
    changed: list[Meeting] = []
    for pair in pairs:
        if not before.holds(pair.keys[0]):
            continue  # whose fixes come to another owner, who decides of the two
        meeting = before.meetings.get(pair.key)
        if meeting is None or meeting.pair != pair:
            meeting = begin(pair, meeting, states, stamp)
            changed.append(meeting)
        made.append(meeting)
    meetings = make_meetings(revision, made, before.holds)
    return meetings, [meetings.meetings[each.pair.key] for each in changed]


def begin(pair: Pair, known: Meeting | None, states: Mapping[int, State], stamp: int) -> Meeting:
    if known is None:
        return Meeting(pair, Nearness(), newest_of(pair, states), stamp)
    told = Nearness(known.nearness.is_near, known.nearness.told_at)
    seen = None if known.seen is None else (stamp, known.seen[1])
    return Meeting(pair, told, known.newest, stamp, seen)


def newest_of(pair: Pair, states: Mapping[int, State]) -> tuple[Fix | None, Fix | None]:
    one, two = (states[key].newest for key in pair.keys)
    return one and strip(one), two and strip(two)
