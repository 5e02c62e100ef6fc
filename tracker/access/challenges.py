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
    rightly, and then in a row (store/challenges.py): strangers may ask for as many as they like, and push nobody's out.
    Without a key that outlives the process the page asks for another after a new start."""

    def __init__(self, clock: Callable[[], float] = time.time, key: bytes | None = None) -> None:
        """`key`: by which several processes know each other's; None: one of our own."""
        self._clock = clock
        self._key = key or secrets.token_bytes(32)

    def make(self, purpose: str) -> bytes:
        """`purpose`: what the answer is to be good for, and for whom."""
        begin = secrets.token_bytes(NONCE) + int(self._clock() + LIFETIME).to_bytes(CLOCK, "big")
        return begin + self._sign(begin, purpose)

    def is_open(self, challenge: bytes, purpose: str) -> bool:
        """Whether it is one of ours for this purpose, and not over."""
        begin, mark = challenge[:-MAC], challenge[-MAC:]
        if len(begin) != NONCE + CLOCK or not hmac.compare_digest(mark, self._sign(begin, purpose)):
            return False
        return find_end(challenge) > self._clock()

    def _sign(self, begin: bytes, purpose: str) -> bytes:
        return hmac.digest(self._key, begin + purpose.encode(), sha256)


def find_end(challenge: bytes) -> int:
    """When it is over, in s; of one of ours."""
    return int.from_bytes(challenge[NONCE : NONCE + CLOCK], "big")
