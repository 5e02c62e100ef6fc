"""Lookup: secrets are looked up one question at a time, each question for all who wait by then.

So whoever shows a valid token waits for one question at most, whatever others send: a place in a queue for each address
would make its devices wait for the one among them that sends wrong tokens, and no bound at all would let it have every
connection to the database.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import asyncpg

from tracker.errors import StorageDown
from tracker.store.pool import AWAY, borrow

K = TypeVar("K")
V = TypeVar("V")
Select = Callable[[asyncpg.Connection, Collection[K]], Awaitable[dict[K, V]]]

PATIENCE: Final = 15.0  # s to wait for a connection: thousands come at once after a restart


@dataclass
class Round(Generic[K, V]):
    shown: set[K] = field(default_factory=set)  # bound: the connections there may be
    answer: dict[K, V] | None = None
    is_failed: bool = False

    @property
    def is_over(self) -> bool:
        return self.answer is not None or self.is_failed


class Lookup(Generic[K, V]):
    """`select` finds those of the secrets, or of their hashes, that work."""

    def __init__(self, select: Select[K, V]) -> None:
        self._select = select
        self._free = asyncio.Event()  # nobody asks just now
        self._free.set()
        self._next = Round[K, V]()

    async def find(self, pool: asyncpg.Pool, shown: K) -> V | None:
        """None for an unknown secret and for a revoked one alike. Raises StorageDown."""
        question = self._next
        question.shown.add(shown)
        # The first to find nobody asking asks for all of its question; where it was cancelled meanwhile, the next does.
        # A lock would say the same, and let a thousand that were answered together out one turn of the loop at a time.
        while not question.is_over:
            if self._free.is_set():
                await self._ask(pool, question)
            else:
                await self._free.wait()
        if question.answer is None:
            raise StorageDown
        return question.answer.get(shown)

    async def _ask(self, pool: asyncpg.Pool, question: Round[K, V]) -> None:
        self._free.clear()
        if self._next is question:
            self._next = Round[K, V]()
        try:
            async with borrow(pool, wait=PATIENCE) as conn:
                question.answer = await self._select(conn, question.shown)
        except AWAY:
            question.is_failed = True
        finally:
            self._free.set()
