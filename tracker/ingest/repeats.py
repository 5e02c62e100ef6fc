"""Repeats: how many fixes of each device came again, by the hour, until they are rows of the table, which counts for
all processes that ever owned the log."""

from tracker.store.repeats import HOUR_US, find_begin


class Repeats:
    """Bound: the hours since what is here was taken, of each device that repeats itself."""

    def __init__(self) -> None:
        self._unsaved: dict[tuple[int, int], int] = {}  # by device and hour

    def note(self, device: int, count: int, now: int) -> None:
        """`now` in µs."""
        at = device, now // HOUR_US
        self._unsaved[at] = self._unsaved.get(at, 0) + count

    def count(self, device: int, now: int) -> int:
        """Of the last day, and not in the table yet."""
        begin = find_begin(now)
        return sum(count for (each, hour), count in self._unsaved.items() if each == device and hour >= begin)

    def take(self) -> dict[tuple[int, int], int]:
        """All there are, which are the caller's from now on."""
        taken, self._unsaved = self._unsaved, {}
        return taken

    def give_back(self, counts: dict[tuple[int, int], int]) -> None:
        """They could not be stored."""
        for at, count in counts.items():
            self._unsaved[at] = self._unsaved.get(at, 0) + count

    def forget(self, device: int) -> None:
        self._unsaved = {at: count for at, count in self._unsaved.items() if at[0] != device}
