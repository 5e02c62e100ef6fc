"""Hashing: passwords are kept by argon2id, which costs 64 MiB and a moment each time, for us as for a thief."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tracker.errors import TooMany

AT_ONCE: Final = 2  # threads, of 64 MiB each: whoever signs in is a stranger until it is known
WAITING: Final = 64  # more: 429, for they would wait longer than a person does
T = TypeVar("T")


class Hashing:
    """One for the process. A thread goes on when its caller is gone, so what is bounded are threads, not callers."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(AT_ONCE, "argon2")
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """In argon2's own notation, with the salt. TooMany where too many wait."""
        return await self._run(lambda: self._hasher.hash(password.encode("utf-8", "surrogatepass")))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """`hashed` None, of an account that does not exist: False, and it takes as long. TooMany as `hash`."""
        return await self._run(lambda: self._verify(hashed, password.encode("utf-8", "surrogatepass")))

    def is_outdated(self, hashed: str) -> bool:
        """Whether it was made with other figures than are used now."""
        return self._hasher.check_needs_rehash(hashed)

    def _verify(self, hashed: str | None, password: bytes) -> bool:
        nobody = self._find_nobody()  # also where it is not needed: the first one to be unknown is no slower for it
        try:
            return self._hasher.verify(hashed or nobody, password) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False

    def _find_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = self._hasher.hash(b"nobody has this one")
        return self._nobody

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= AT_ONCE + WAITING:
            raise TooMany("too many are signing in just now", retry_after=5.0)
        self._waiting += 1
        loop = asyncio.get_running_loop()
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: loop.is_closed() or loop.call_soon_threadsafe(self._leave))
        return await asyncio.wrap_future(future)

    def _leave(self) -> None:
        self._waiting -= 1
