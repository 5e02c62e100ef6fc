"""Lookup: secrets are looked up one question at a time, each question for all who wait by then.

So whoever shows a valid token waits for one question at most, whatever others send: a place in a queue for each address
would make its devices wait for the one among them that sends wrong tokens, and no bound at all would let it have every
connection to the database.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from tracker.errors import StorageDown
from tracker.model.token import Token
from tracker.store.pool import AWAY, borrow
from tracker.store.tokens import select_tokens_by_hash

PATIENCE: Final = 15.0  # s to wait for a connection: thousands come at once after a restart


@dataclass
class Question:
    hashes: set[bytes] = field(default_factory=set)  # bound: the connections there may be
    answer: dict[bytes, Token] | None = None
    is_failed: bool = False


class Lookup:
    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._next = Question()

    async def find(self, pool: asyncpg.Pool, hashed: bytes) -> Token | None:
        """None for an unknown token and for a revoked one alike. Raises StorageDown."""
        question = self._next
        question.hashes.add(hashed)
        async with self._asking:
            # The first to come in asks for all of its question. Where it was cancelled meanwhile, the second does.
            if question.answer is None and not question.is_failed:
                await self._ask(pool, question)
        if question.answer is None:
            raise StorageDown
        return question.answer.get(hashed)

    async def _ask(self, pool: asyncpg.Pool, question: Question) -> None:
        if self._next is question:
            self._next = Question()
        try:
            async with borrow(pool, wait=PATIENCE) as conn:
                question.answer = await select_tokens_by_hash(conn, question.hashes)
        except AWAY:
            question.is_failed = True
