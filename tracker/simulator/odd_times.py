"""Odd times in a recording, of clocks not set yet and of programs that know no time: nobody waits for them."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tracker.model.moment import DAY_MS, now_ms
from tracker.simulator.recorded import RecordedFix

OLDEST = 946_684_800_000  # ms; the server takes nothing from before 2000
AHEAD = DAY_MS  # nor from further ahead
FAR = 30 * DAY_MS  # from the fix before and the fix after: such a time is wrong
LONGEST_GAP = DAY_MS  # of recorded time, that is waited for
CLOSED = 1000  # ms that are left of a longer one: two places at one moment would be in conflict


def believable(at: int) -> bool:
    return OLDEST <= at <= now_ms() + AHEAD


def without_odd(recording: Iterable[RecordedFix]) -> tuple[list[RecordedFix], int]:
    """In their order, and how many were left out: what the server would refuse for its time, and a single fix that is a
    month away from those before and after it of its device. A recording of nothing else is left as it is."""
    given = list(recording)
    kept = [each for each in given if believable(each.fix.at)]
    times: dict[str, list[int]] = {}
    for device, fix in kept:
        times.setdefault(device, []).append(fix.at)
    odd = {device: _odd(at) for device, at in times.items()}
    seen = dict.fromkeys(times, -1)
    found = []
    for recorded in kept:
        seen[recorded.device] += 1
        if seen[recorded.device] not in odd[recorded.device]:
            found.append(recorded)
    return (found, len(given) - len(found)) if found else (given, 0)


def _odd(times: Sequence[int]) -> set[int]:
    if len(times) < 3:
        return set()
    odd = {
        index
        for index, at in enumerate(times)
        if all(abs(at - times[beside]) > FAR for beside in (index - 1, index + 1) if 0 <= beside < len(times))
        and (0 < index < len(times) - 1 or abs(times[1] - times[-2]) <= FAR)
    }
    return odd if 4 * len(odd) <= len(times) else set()  # of more than that it is the device's way to be heard seldom


class Gaps:
    """Of a timeline in order: what is recorded at a moment is due earlier by the gaps before it that were too long."""

    def __init__(self, timeline: Sequence[int]) -> None:
        self._ends: list[int] = []
        self._cuts: list[int] = []
        for before, after in pairwise(timeline):
            if after - before > LONGEST_GAP:
                self._ends.append(after)
                self._cuts.append((self._cuts[-1] if self._cuts else 0) + after - before - CLOSED)

    def __len__(self) -> int:
        return len(self._ends)

    def closed(self, at: int) -> int:
        index = bisect_right(self._ends, at)
        return at - (self._cuts[index - 1] if index else 0)
