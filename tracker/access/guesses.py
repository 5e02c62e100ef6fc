"""Guesses: who fails to sign in again and again is told to wait, by address."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FREE: Final = 10  # failures before the first wait: a household's devices after a token was revoked
LONGEST: Final = 60.0  # s; longer would be no use: whoever is told may be a device that is being set right
FORGIVEN: Final = 600.0  # s without a failure
REMEMBERED: Final = 10_000  # addresses; full: the oldest is forgotten


@dataclass
class Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Guesses:
    """Counts failures only; who has a valid secret is never asked about here."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, free: int = FREE) -> None:
        self._clock = clock
        self._free = free
        self._failures: OrderedDict[str, Failures] = OrderedDict()
        self.tell: Callable[[str, bool], None] = lambda address, is_more: None  # the other processes

    def wait(self, address: str) -> float:
        """Seconds this address has to wait before it may fail again; 0 for now."""
        failures = self._failures.get(address)
        return 0.0 if failures is None else max(0.0, failures.until - self._clock())

    def count(self, address: str) -> int:
        """Failures that are not forgiven yet."""
        failures = self._failures.get(address)
        return 0 if failures is None or self._clock() - failures.last > FORGIVEN else failures.count

    def note_failure(self, address: str) -> None:
        self.tell(address, True)
        self.hear(address, True)

    def take_back(self, address: str) -> None:
        """One failure less: it was none after all."""
        self.tell(address, False)
        self.hear(address, False)

    def hear(self, address: str, is_more: bool) -> None:
        """One more failure, or one less, wherever it was."""
        if is_more:
            self._add(address)
        else:
            self._take_back(address)

    def _add(self, address: str) -> None:
        now = self._clock()
        failures = self._failures.pop(address, None)
        if failures is None or now - failures.last > FORGIVEN:
            failures = Failures()
        failures.count += 1
        failures.last = now
        if failures.count > self._free:
            failures.until = now + min(LONGEST, 2.0 ** min(failures.count - self._free, 10))
        self._failures[address] = failures
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def _take_back(self, address: str) -> None:
        failures = self._failures.get(address)
        if failures is not None:
            failures.count -= 1
            if failures.count <= self._free:
                failures.until = 0.0
