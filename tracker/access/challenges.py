"""Challenges: what a passkey signs, so that no signature is worth anything twice."""

import hmac
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

LIFETIME: Final = 300  # s
NONCE: Final = 16  # bytes
CLOCK: Final = 8
MAC: Final = 32


class Challenges:
    """One for the process. A challenge carries its end and our mark, and is kept nowhere before it was answered
    rightly: strangers may ask for as many as they like, and push nobody's out. After a new start the page asks for
    another."""

    def __init__(self, clock: Callable[[], float] = time.time, key: bytes | None = None) -> None:
        """`key`: by which several processes know each other's; None: one of our own."""
        self._clock = clock
        self._key = key or secrets.token_bytes(32)
        self._used: dict[bytes, float] = {}  # bound: the right answers of five minutes

    def make(self, purpose: str) -> bytes:
        """`purpose`: what the answer is to be good for, and for whom."""
        begin = secrets.token_bytes(NONCE) + int(self._clock() + LIFETIME).to_bytes(CLOCK, "big")
        return begin + self._sign(begin, purpose)

    def is_open(self, challenge: bytes, purpose: str) -> bool:
        """Whether it is one of ours for this purpose, not over, and not answered yet."""
        begin, mark = challenge[:-MAC], challenge[-MAC:]
        if len(begin) != NONCE + CLOCK or not hmac.compare_digest(mark, self._sign(begin, purpose)):
            return False
        return int.from_bytes(begin[NONCE:], "big") > self._clock() and challenge not in self._used

    def use(self, challenge: bytes) -> None:
        """It was answered rightly, and is no good from now on."""
        now = self._clock()
        self._used = {each: end for each, end in self._used.items() if end > now}
        self._used[challenge] = now + LIFETIME

    def _sign(self, begin: bytes, purpose: str) -> bytes:
        return hmac.digest(self._key, begin + purpose.encode(), sha256)
