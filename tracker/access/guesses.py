"""Guesses: who fails to sign in again and again has to wait, by address."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

FREE: Final = 10  # failures before the first wait: a household's devices after a token was revoked
LONGEST: Final = 60.0  # s; longer would let a stranger behind the same address shut others out
FORGIVEN: Final = 600.0  # s without a failure
REMEMBERED: Final = 10_000  # addresses, and as many secrets; full: the oldest is forgotten


K = TypeVar("K")
V = TypeVar("V")


@dataclass
class Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Guesses:
    """A secret that has worked keeps working while its address waits, so nobody is shut out by a neighbour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, Failures] = OrderedDict()
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def wait(self, address: str, hashed: bytes) -> float:
        """Seconds this address has to wait before it may try this secret; 0 for now."""
        failures = self._failures.get(address)
        if failures is None or hashed in self._good:
            return 0.0
        return max(0.0, failures.until - self._clock())

    def note_failure(self, address: str, hashed: bytes) -> None:
        now = self._clock()
        self._good.pop(hashed, None)  # revoked since
        failures = self._failures.pop(address, None)
        if failures is None or now - failures.last > FORGIVEN:
            failures = Failures()
        failures.count += 1
        failures.last = now
        if failures.count > FREE:
            failures.until = now + min(LONGEST, 2.0 ** min(failures.count - FREE, 10))
        _remember(self._failures, address, failures)

    def note_success(self, hashed: bytes) -> None:
        self._good.pop(hashed, None)
        _remember(self._good, hashed, None)


def _remember(table: OrderedDict[K, V], key: K, value: V) -> None:
    table[key] = value
    if len(table) > REMEMBERED:
        table.popitem(last=False)
