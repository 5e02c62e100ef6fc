"""Nudges: what other processes, or the API, changed in a table that somebody here holds in memory.

The table is the truth and the nudge only says "look": after a lost connection everything is looked at once more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, get_args

import structlog
from asyncpg import Connection

from tracker.logs import Seldom
from tracker.store.pool import AWAY, open_connection

seldom = Seldom(structlog.get_logger())

Channel = Literal[
    "tracker_revoked",
    "tracker_session",
    "tracker_command",
    "tracker_device",
    "tracker_events_cut",
    "tracker_message",
    "tracker_seen",
    "tracker_rights",
    "tracker_geofences",
]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
RETRY: Final = 0.5  # s
# s without a nudge, after which the database is asked: a network that forgot the connection would keep silent for ever
QUIET: Final = 15.0
ANSWER: Final = 5.0  # s
PENDING: Final = 10_000  # nudges that may wait; of more, everything is looked at instead

Nudge = tuple[Channel, int]


async def listen(
    url: str,
    nudged: Callable[[Channel, int], Awaitable[None]],
    look: Callable[[], Awaitable[None]],
    quiet_s: float = QUIET,
) -> None:
    """Until cancelled. `look` is called after every connect: anything may have happened before."""
    while True:
        try:
            await listen_once(url, nudged, look, quiet_s)
        except AWAY as error:
            seldom.warning("not listening", error=repr(error))
        await asyncio.sleep(RETRY)


async def listen_once(
    url: str,
    nudged: Callable[[Channel, int], Awaitable[None]],
    look: Callable[[], Awaitable[None]],
    quiet_s: float,
) -> None:
    """Until the connection ends."""
    inbox: asyncio.Queue[Nudge | None] = asyncio.Queue()  # PENDING at most; then the connection ends, `look` follows
    conn = await open_connection(url)

    def heard(_: Any, __: int, channel: Channel, payload: str) -> None:
        inbox.put_nowait((channel, int(payload)))
        if inbox.qsize() > PENDING:
            conn.terminate()

    try:
        conn.add_termination_listener(lambda _: inbox.put_nowait(None))
        for channel in CHANNELS:
            await conn.add_listener(channel, heard)
        await look()
        while (nudge := await next_nudge(inbox, conn, quiet_s)) is not None:
            await nudged(*nudge)
    finally:
        conn.terminate()


async def next_nudge(inbox: "asyncio.Queue[Nudge | None]", conn: Connection, quiet_s: float) -> Nudge | None:
    """None where the connection ended; TimeoutError where it does not answer any more."""
    while True:
        try:
            async with asyncio.timeout(quiet_s):
                return await inbox.get()
        except TimeoutError:
            await conn.execute("select 1", timeout=ANSWER)
