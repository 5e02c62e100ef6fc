"""How many frames of a peer are read: a bucket that is only looked at when it is empty."""

import time


class Budget:
    """`take` is one subtraction for all but one frame in thousands; the clock is read only when nothing is left."""

    __slots__ = ("_left", "_most", "_per_s", "_since")

    def __init__(self, per_s: int, burst_s: float) -> None:
        self._per_s = per_s
        self._most = self._left = int(per_s * burst_s)
        self._since = time.monotonic()

    def take(self) -> bool:
        """False: this one came sooner than it was to be read, and counts as `owed`."""
        self._left -= 1
        return self._left >= 0 or self._refill()

    @property
    def owed(self) -> int:
        """Frames that were taken before their time."""
        self._refill()
        return max(0, -self._left)

    def _refill(self) -> bool:
        now = time.monotonic()
        grant = int(self._per_s * (now - self._since))
        if grant < 1:
            return self._left >= 0
        # What is less than a frame stays for the next time, or many looks would add up to nothing.
        self._since = now if self._left + grant > self._most else self._since + grant / self._per_s
        self._left = min(self._left + grant, self._most)
        return self._left >= 0
