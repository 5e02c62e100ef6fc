"""How many frames a peer may send: a bucket that is only looked at when it is empty."""

import time


class Budget:
    """`take` is one subtraction for all but one frame in thousands; the clock is read only when nothing is left."""

    __slots__ = ("_burst_s", "_left", "_per_s", "_since")

    def __init__(self, per_s: int, burst_s: float) -> None:
        self._per_s = per_s
        self._burst_s = burst_s
        self._left = per_s
        self._since = time.monotonic()

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0 or self._refill()

    def _refill(self) -> bool:
        now = time.monotonic()
        grant = int(self._per_s * min(now - self._since, self._burst_s))
        if grant < 1 or now - self._since < 1.0:
            return False
        self._left, self._since = grant - 1, now
        return True
