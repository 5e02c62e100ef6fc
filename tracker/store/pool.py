"""The connections to PostgreSQL, and what is the same for all of them."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, cast

import asyncpg

SESSION: Final = {
    "application_name": "tracker",
    "timezone": "UTC",
    "jit": "off",
    "lock_timeout": "10s",  # a lock held that long is somebody's mistake; the caller tries again
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
# What asyncpg and the sockets below it raise while PostgreSQL is away, starting, stopping or full: try again later.
# asyncpg names a missing unix socket FileNotFoundError, so all of OSError belongs here.
AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # "another operation is in progress": the connection was cut in the middle of one
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
)
# What it raises for data it will never take. asyncpg's own are InterfaceErrors too: ask for these first.
REFUSED: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError)
BAD_DATA: Final = (*REFUSED, ArithmeticError, struct.error)  # the last two: a value no column can hold
JSONB_VERSION: Final = b"\x01"  # leads every jsonb in PostgreSQL's binary format


class KeptConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg says no types
    """What was set in its session stays when it is given back; a transaction that is left open is rolled back."""

    def get_reset_query(self) -> str:
        return ""


async def open_pool(
    url: str, *, min_size: int = 1, max_size: int = 10, answer_s: float = 60.0, wipes: bool = True
) -> asyncpg.Pool:
    """Raises OSError or asyncpg.PostgresError when the database does not answer within 10 s; a statement raises
    TimeoutError after `answer_s` without an answer, as of a server that hangs. `wipes`: what was set in a session ends
    when its connection is given back, which costs as much as a small query; False where nobody
    sets anything that is not set back.
    """
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        timeout=10,
        command_timeout=answer_s,
        server_settings=SESSION,
        init=set_codecs,
        connection_class=asyncpg.Connection if wipes else KeptConnection,
    )


async def open_connection(url: str) -> asyncpg.Connection:
    """One connection of its own, for who must not wait for others. Raises as `open_pool` does."""
    conn = await asyncpg.connect(url, timeout=10, command_timeout=60, server_settings=SESSION)
    await set_codecs(conn)
    return conn


async def set_codecs(conn: asyncpg.Connection) -> None:
    """jsonb goes in as text or bytes of JSON and comes out as bytes; COPY needs the binary format."""
    await conn.set_type_codec("jsonb", schema="pg_catalog", format="binary", encoder=_to_jsonb, decoder=_from_jsonb)


def _to_jsonb(value: str | bytes) -> bytes:
    return JSONB_VERSION + (value.encode() if isinstance(value, str) else value)


def _from_jsonb(value: bytes) -> bytes:
    return bytes(value[1:])


def borrow(pool: asyncpg.Pool, *, wait: float = 5.0) -> AbstractAsyncContextManager[asyncpg.Connection]:
    """A connection for a moment. TimeoutError after `wait` s without a free one, so that nobody waits for ever."""
    return cast(AbstractAsyncContextManager[asyncpg.Connection], pool.acquire(timeout=wait))


@asynccontextmanager
async def answering(conn: asyncpg.Connection, within: float) -> AsyncIterator[None]:
    """Ends the connection if the block takes longer (s), and so the block, with one of AWAY. A cancelled statement is
    no way out: asyncpg then asks the server to cancel it, and rolls back, which a server that hangs never answers."""
    deadline = asyncio.get_running_loop().call_later(within, conn.terminate)
    try:
        yield
    finally:
        deadline.cancel()
