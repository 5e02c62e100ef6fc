"""Duties: what one process does for all. Who has one holds an advisory lock in the session that does the work, so it
loses both in the same moment, and what it did not commit with them: nothing has to be looked at again in a transaction.

A row with an owner and an expiry would have to be renewed, and be checked by each transaction. What a lock does not
tell is that its holder hangs; who waits for the work sees that, and ends the session.
"""

from typing import Final

from asyncpg import Connection, Pool

from tracker.store.advisory import end_holders

LOCK_CLASS: Final = 0x747264  # "trd": first half of the lock's key; the duty is the other
NUMBERING: Final = 1
ASK: Final = 5.0  # s for a connection
ANNOUNCING: Final = 2  # to Home Assistant


async def take_duty(conn: Connection, duty: int) -> bool:
    """Whether it is this session's from now on; not to be called by the one that has it."""
    taken: bool = await conn.fetchval("select pg_try_advisory_lock($1, $2)", LOCK_CLASS, duty)
    return taken


async def end_duty(conn: Connection, duty: int) -> None:
    """End the session that has it, and with it what that has not committed."""
    await end_holders(conn, LOCK_CLASS, [duty])


class Duty:
    """One for which this process stands by, or has it, with the connection of the pool that holds it."""

    def __init__(self, pool: Pool, number: int) -> None:
        self.pool = pool
        self.number = number
        self.conn: Connection | None = None

    async def hold(self) -> bool:
        """Whether it is ours now. Raises where the connection is lost, and with it the duty; then `leave`."""
        if self.conn is not None:
            await self.conn.execute("select 1")
            return True
        conn, is_ours = await self.pool.acquire(timeout=ASK), None
        try:
            is_ours = await take_duty(conn, self.number)
        finally:
            if is_ours is None:
                conn.terminate()  # nobody knows whether it has the duty
            if not is_ours:
                await self.pool.release(conn)
        if is_ours:
            self.conn = conn
        return is_ours

    async def leave(self) -> None:
        if self.conn is not None:
            conn, self.conn = self.conn, None
            conn.terminate()
            await self.pool.release(conn)
