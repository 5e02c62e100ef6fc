"""Lanes: the frames that wait for the log. What came live goes before backlogs, each in the order in which it came."""

from collections import deque
from typing import Final, Protocol

from tracker.model.frame import Frame, Outcome

BATCH: Final = 2_000  # fixes in one transaction: beyond it COPY gets no cheaper, and the first waits for the last
ROOM: Final = 50_000  # fixes that may wait; full: the devices wait (their sockets are not read)
ROOM_AGAIN: Final = 25_000


class Sender(Protocol):
    """Who offered a frame and waits for its answer."""

    def committed(self, frame: Frame, outcome: Outcome) -> None: ...

    def resume(self) -> None: ...


Waiting = tuple[Frame, Sender]


class Lanes:
    """`waiting`: fixes in both, bounded by ROOM, beyond which the senders are told to wait."""

    def __init__(self) -> None:
        self.live: deque[Waiting] = deque()
        self.backlog: deque[Waiting] = deque()
        self.waiting = 0

    def put(self, frame: Frame, sender: Sender) -> None:
        (self.backlog if frame.backlog else self.live).append((frame, sender))
        self.waiting += weigh(frame)

    def take(self) -> list[Waiting]:
        """Up to a batch of what waits."""
        batch: list[Waiting] = []
        fixes = 0
        for lane in (self.live, self.backlog):
            while lane and fixes < BATCH:
                waiting = lane.popleft()
                fixes += weigh(waiting[0])
                batch.append(waiting)
        self.waiting -= fixes
        return batch

    def look_ahead(self) -> list[Frame]:
        """What `take` would take, where that is a whole batch of what came live: nothing that comes meanwhile goes
        before it. Empty where it is not: a smaller batch is better off with company."""
        batch: list[Frame] = []
        fixes = 0
        for frame, _ in self.live if self.waiting >= BATCH else ():
            batch.append(frame)
            fixes += weigh(frame)
            if fixes >= BATCH:
                return batch
        return []


def weigh(frame: Frame) -> int:
    return len(frame.entries) or 1
