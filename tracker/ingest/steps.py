"""Steps of the server's clock: spans of waiting are measured by the monotonic clock, also across a step.

Stamps are of the wall clock, since people read them. Who sets it an hour forward has made nobody silent for an hour.
"""

from typing import Final

LEAST_US: Final = 1_000_000  # less is the rate of the clock being corrected, which harms nobody


class Steps:
    """When the wall clock was set, and by how much, in µs. Bound: the newest hundred."""

    def __init__(self) -> None:
        self.offset: int | None = None  # of the wall clock against the monotonic one
        self.steps: list[tuple[int, int]] = []  # the last time before, the step
        self.read_at = 0

    def note(self, wall: int, monotonic: int) -> int:
        """Reads both clocks, often. The step since the last time; 0: there was none."""
        before, self.offset = self.offset, wall - monotonic
        last, self.read_at = self.read_at, wall
        step = 0 if before is None else self.offset - before
        if abs(step) < LEAST_US:
            return 0
        self.steps = [*self.steps[-99:], (last, step)]
        return step

    def since(self, stamp: int) -> int:
        """By how much the clock was set after this stamp was given."""
        return sum(step for last, step in self.steps if last >= stamp) if self.steps else 0
