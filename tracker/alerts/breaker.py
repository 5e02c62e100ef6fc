"""Breaker: what is known of an endpoint, and so how much is sent to it now. In memory: a restart asks anew."""

from dataclasses import dataclass
from typing import Final, Literal

TRIPS: Final = 3  # failures in a row
FIRST_PAUSE: Final = 5.0  # s; twice as long after each probe that failed
LONGEST_PAUSE: Final = 300.0  # s
AT_ONCE: Final = 4  # messages under way to one endpoint: a slow one must not fill all places
SPACING: Final = 0.05  # s between two rounds of them: a backlog of a million drains at 80 a second at most

# What an endpoint did last: it answered as it should, it failed, or nothing was sent to it yet.
Health = Literal["well", "failing", "new"]
# Messages under way at once, by the health of whom they go to. Apart, because one that never answers holds its place
# for 15 s: with one number for all, some hundred of them would keep everybody else waiting. New ones get one each, so
# that nobody waits behind them.
PLACES: Final[dict[Health, int]] = {"well": 16 * AT_ONCE, "failing": 64, "new": 512}


@dataclass
class Breaker:
    """Of one endpoint. Times in s of a monotonic clock."""

    failures: int = 0  # in a row
    under_way: int = 0
    until: float = 0.0  # nothing is sent before
    has_answered: bool = False

    @property
    def is_open(self) -> bool:
        return self.failures >= TRIPS

    @property
    def health(self) -> Health:
        if self.failures:
            return "failing"
        return "well" if self.has_answered else "new"

    def slots(self, now: float) -> int:
        """How many messages may be sent to it now: none, one to see whether it answers, or some."""
        if now < self.until:
            return 0
        return max(0, (AT_ONCE if self.health == "well" else 1) - self.under_way)

    def start(self, now: float) -> None:
        """An attempt begins."""
        self.under_way += 1
        self.until = max(self.until, now + SPACING)

    def settle(self, now: float, is_well: bool, retry_after: float | None = None) -> bool:
        """An attempt ended. True where the endpoint had failed and is back. `retry_after` in s."""
        self.under_way -= 1
        had_failed = self.failures > 0
        self.failures = 0 if is_well else self.failures + 1
        self.has_answered |= is_well
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures - TRIPS, 10)) if self.is_open else 0.0
        self.until = max(self.until, now + max(pause, min(retry_after or 0.0, LONGEST_PAUSE)))
        return had_failed and is_well
