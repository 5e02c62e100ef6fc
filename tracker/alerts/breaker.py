"""Breaker: what is known of an endpoint, and so how much is sent to it now. In memory: a restart asks anew."""

from dataclasses import dataclass
from typing import Final

TRIPS: Final = 3  # failures in a row
FIRST_PAUSE: Final = 5.0  # s; twice as long after each probe that failed
LONGEST_PAUSE: Final = 300.0  # s
AT_ONCE: Final = 4  # messages under way to one endpoint: a slow one must not fill all places
SPACING: Final = 0.05  # s between two rounds of them: a backlog of a million drains at 80 a second at most


@dataclass
class Breaker:
    """Of one endpoint. Times in s of a monotonic clock."""

    failures: int = 0
    under_way: int = 0
    until: float = 0.0  # nothing is sent before

    @property
    def is_open(self) -> bool:
        return self.failures >= TRIPS

    def slots(self, now: float) -> int:
        """How many messages may be sent to it now: none, one to probe, or some."""
        if now < self.until:
            return 0
        return max(0, (1 if self.failures else AT_ONCE) - self.under_way)

    def started(self, now: float) -> None:
        self.under_way += 1
        self.until = max(self.until, now + SPACING)

    def settled(self, now: float, is_well: bool, retry_after: float | None = None) -> bool:
        """An attempt ended. True where the endpoint had been given up and is back. `retry_after` in s."""
        self.under_way -= 1
        was_open = self.is_open
        self.failures = 0 if is_well else self.failures + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures - TRIPS, 10)) if self.is_open else 0.0
        self.until = max(self.until, now + max(pause, min(retry_after or 0.0, LONGEST_PAUSE)))
        return was_open and is_well
