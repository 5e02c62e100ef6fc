"""What a device holds until the server has it: the offline buffer, as a value without a socket.

Every fix put in is at any time in exactly one place: waiting, in an unacked frame, acked, refused by the server with
its whole frame, or dropped and counted because the buffer was full.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import msgspec

from tracker.client import messages
from tracker.model.fix import Fix

FRAME_BYTES: Final = 64  # of a JSON frame around its fixes, at most


class Frame(msgspec.Struct, frozen=True):
    """`message` is kept as it was sent: a frame sent again must be the same frame."""

    seq: int
    binary: bool
    moments: tuple[int, ...]  # of its fixes
    message: bytes

    @property
    def fixes(self) -> int:
        return len(self.moments)


def forget_nothing(moments: Sequence[int]) -> None:
    """Where nothing is kept but in memory."""


class Buffer:
    """`capacity` bounds the waiting fixes: when it is full the oldest goes, for the newest says where the device is."""

    def __init__(
        self,
        capacity: int,
        *,
        binary: bool = False,
        lanes: bool = True,
        forget: Callable[[Sequence[int]], None] = forget_nothing,
    ) -> None:
        """Without `lanes` nothing is ever marked backlog: the order of arrival stays the order of putting. `forget` is
        told the moments of what is held no longer, whatever became of it."""
        self.dropped = 0  # fixes
        self._capacity = capacity
        self._binary = binary
        self._lanes = lanes
        self._forget = forget
        self._live: deque[Fix] = deque()
        self._backlog: deque[Fix] = deque()
        self._unacked: dict[int, Frame] = {}  # by seq, oldest first; at most a window of them is on its way
        self._again: deque[int] = deque()  # of the unacked, those not yet sent on this connection
        self._seq = 0
        self._limits = messages.Welcome(acked=0, window=0, max_fixes=1, max_bytes=0, heartbeat=0)

    @property
    def waiting(self) -> int:
        return len(self._live) + len(self._backlog)

    @property
    def unacked(self) -> int:
        return sum(frame.fixes for frame in self._unacked.values())

    @property
    def empty(self) -> bool:
        return not (self._live or self._backlog or self._unacked)

    def put(self, fix: Fix) -> None:
        if self.waiting >= self._capacity:
            self._drop((self._backlog or self._live).popleft())
        self._live.append(fix)

    def connected(self, welcome: messages.Welcome) -> int:
        """Forget what the server has, and see the rest through again within its limits. The number of fixes forgotten:
        those whose ack was lost."""
        self._limits = welcome
        known = [self._unacked.pop(seq) for seq in list(self._unacked) if seq <= welcome.acked]
        self._again = deque(self._unacked)
        if self._lanes:
            # The newest one is where the device is now; all before it is history.
            self._backlog.extend(islice(self._live, max(0, len(self._live) - 1)))
            self._live = deque(islice(self._live, max(0, len(self._live) - 1), None))
        if known:
            self._forget([at for frame in known for at in frame.moments])
        return sum(frame.fixes for frame in known)

    def disconnected(self) -> None:
        self._limits = msgspec.structs.replace(self._limits, window=0)

    def acked(self, seq: int) -> Frame | None:
        """The frame's fixes are the server's now (also those it refused with the frame). None: not one of ours."""
        if seq in self._again:
            self._again.remove(seq)
        frame = self._unacked.pop(seq, None)
        if frame is not None:
            self._forget(frame.moments)
        return frame

    def next(self) -> Frame | None:
        """The frame to send now, or None while the window is full or nothing waits."""
        if len(self._unacked) - len(self._again) >= self._limits.window:
            return None
        if self._again:
            return self._unacked[self._again.popleft()]
        frame = None
        while frame is None and self.waiting:
            frame = self._cut(self._live or self._backlog, backlog=not self._live)
        return frame

    def _cut(self, queue: deque[Fix], *, backlog: bool) -> Frame | None:
        """A new frame of as many fixes as the limits allow."""
        seq = self._seq + 1
        columns = self._binary and messages.fits_columns(queue[0], queue[0].at)
        frame = self._cut_columns(queue, seq, backlog) if columns else self._cut_json(queue, seq, backlog)
        if frame is not None:
            self._seq = seq
            self._unacked[seq] = frame
        return frame

    def _cut_columns(self, queue: deque[Fix], seq: int, backlog: bool) -> Frame:
        room = (self._limits.max_bytes - messages.HEADER.itemsize) // messages.COLUMN_BYTES
        base, fixes = queue[0].at, [queue.popleft()]
        while queue and len(fixes) < min(room, self._limits.max_fixes) and messages.fits_columns(queue[0], base):
            fixes.append(queue.popleft())
        moments = tuple(fix.at for fix in fixes)
        return Frame(seq, True, moments, messages.encode_columns(seq, backlog, fixes))

    def _cut_json(self, queue: deque[Fix], seq: int, backlog: bool) -> Frame | None:
        room, fixes, moments = self._limits.max_bytes - FRAME_BYTES, list[bytes](), list[int]()
        while queue and len(fixes) < self._limits.max_fixes:
            text = messages.encode_fix(queue[0])
            room -= len(text) + 1
            if room < 0 and fixes:
                break
            fix = queue.popleft()
            if room < 0:  # alone larger than any frame may be: it can never be sent
                self._drop(fix)
                room = self._limits.max_bytes - FRAME_BYTES
                continue
            fixes.append(text)
            moments.append(fix.at)
        return Frame(seq, False, tuple(moments), messages.join_fixes(seq, backlog, fixes)) if fixes else None

    def _drop(self, fix: Fix) -> None:
        self.dropped += 1
        self._forget((fix.at,))
