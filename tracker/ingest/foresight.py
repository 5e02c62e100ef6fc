"""The next batch, folded while PostgreSQL stores the one before it: the two take about as long, and neither needs the
other's processor. Only one transaction is ever under way.

What was folded ahead is nothing but memory until its turn. It is used where the batch before it is the last that
committed, and thrown away where that was refused, where anything else was committed behind it, or where other frames
have their turn; so after a lost connection there is, as ever, one batch of which nobody knows whether it is stored.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from operator import is_
from typing import Final

import msgspec

from tracker.ingest.folds import find_doubtful, find_several, fold_known
from tracker.ingest.inputs import Taken
from tracker.ingest.memory import Memory
from tracker.model.frame import Frame
from tracker.model.state import State
from tracker.pipeline.fold import Folded, StoredFixes
from tracker.pipeline.twins import Twins
from tracker.store.pool import BAD_DATA

NOTHING: Final[Sequence[Frame]] = ()


class Behind(msgspec.Struct, frozen=True):
    """The batch of this number, which is being stored, and what comes of it."""

    batch: int
    frames: Sequence[Frame]
    taken: Taken
    folded: Folded


class Ahead(msgspec.Struct, frozen=True):
    """What these frames come to by `taken`, right behind the batch of this number; but for the pairs of devices."""

    batch: int
    frames: Sequence[Frame]
    taken: Taken
    folded: Folded


class Foresight:
    """`find_following`: a whole batch that waits, or nothing."""

    def __init__(self) -> None:
        self.find_following: Callable[[], Sequence[Frame]] = lambda: NOTHING
        self.ahead: Ahead | None = None

    def look(self, memory: Memory, behind: Behind) -> None:
        """What a batch is refused for is found out again when it has its turn."""
        self.ahead = None
        if frames := self.find_following():
            with suppress(*BAD_DATA):
                self.ahead = fold_ahead(memory, frames, behind)

    def find(self, batch: int, frames: Sequence[Frame], taken: Taken) -> Folded | None:
        """What these frames come to, if that is known. `batch`: the last that committed; `taken`: what decides."""
        ahead, self.ahead = self.ahead, None
        if ahead is None or ahead.batch != batch or not is_decided_by(ahead.taken, taken):
            return None
        if len(frames) != len(ahead.frames) or not all(map(is_, frames, ahead.frames)):
            return None
        return taken.meetings.meet(ahead.folded)


def is_decided_by(one: Taken, other: Taken) -> bool:
    return one.stamp == other.stamp and one.fences is other.fences


def find_states(memory: Memory, frames: Sequence[Frame], behind: Behind) -> dict[int, State]:
    """Of the devices of these frames, as the batch that is being stored leaves them. Looked up once each: to look
    through one mapping over another, each time a state is asked for, took a tenth of the fold."""
    now, taken, folded = memory.states, behind.taken.states, behind.folded.states
    return {key: folded.get(key) or taken.get(key) or now[key] for key in {frame.device for frame in frames}}


def fold_ahead(memory: Memory, frames: Sequence[Frame], behind: Behind) -> Ahead | None:
    """None where the table had to be asked, whose one connection is busy. Pairs of devices are left to when it is used:
    they are few, and the batch that is being stored moves them, too."""
    states = find_states(memory, frames, behind)
    several = find_several(memory, chain(behind.frames, frames))
    if any(find_doubtful(frames, states, several)):
        return None
    taken = msgspec.structs.replace(behind.taken, stamp=behind.folded.stamp, states={}, noted=())
    folded = fold_known(memory, frames, taken, states, StoredFixes({}, Twins(several)))
    return Ahead(behind.batch, frames, taken, folded)
