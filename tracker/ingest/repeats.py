"""Repeats: how many fixes of each device came again, by the hour. In memory only: they say how a device behaves, and
begin anew with the server."""

from collections import deque
from typing import Final

HOUR_US: Final = 3_600_000_000
HOURS: Final = 24


class Repeats:
    """Bound: 24 hours of each device that repeats itself."""

    def __init__(self) -> None:
        self._hours: dict[int, deque[tuple[int, int]]] = {}  # by device: hour, count

    def note(self, device: int, count: int, now: int) -> None:
        """`now` in µs."""
        hours = self._hours.setdefault(device, deque(maxlen=HOURS))
        hour = now // HOUR_US
        if hours and hours[-1][0] == hour:
            count += hours.pop()[1]
        hours.append((hour, count))

    def count(self, device: int, now: int) -> int:
        """Of the last day."""
        return sum(count for hour, count in self._hours.get(device, ()) if hour > now // HOUR_US - HOURS)

    def forget(self, device: int) -> None:
        self._hours.pop(device, None)
