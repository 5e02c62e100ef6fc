"""Upkeep: what the passing of time makes true of messages and alarms, and what may not grow for ever."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import asyncpg
import structlog

from tracker.alerts.alarms import repeat_alarms
from tracker.errors import TrackerError
from tracker.ingest.repeats import Repeats
from tracker.live.hub import Hub
from tracker.model.moment import now_ms, now_us
from tracker.store.device_status import prune_statuses
from tracker.store.erasures import erase, select_erasure, vacuum_touched
from tracker.store.messages import select_expired
from tracker.store.pool import AWAY, borrow
from tracker.store.quarantine import prune_quarantine
from tracker.store.repeats import add_repeats, prune_repeats
from tracker.store.rhythms import learn_rhythm, select_to_learn
from tracker.store.shares import prune_shares

logger = structlog.get_logger()

LOOK: Final = 5.0  # s
SWEEP: Final = 600.0  # s
COUNTED: Final = 12.0  # s after which PostgreSQL has counted what other connections deleted: it takes ten


class Upkept(Protocol):
    """The server, as far as it is asked."""

    hub: Hub

    def may_act(self) -> bool: ...


async def keep_up(pool: asyncpg.Pool, server: Upkept, nudge: Callable[[], None]) -> None:
    """Until cancelled. The viewers of each process hear of messages that expired; alarms are repeated by one process.
    `nudge`: there is something to send."""
    since = now_ms()
    while True:
        await asyncio.sleep(LOOK)
        until = now_ms()
        try:
            async with borrow(pool) as conn:
                numbers = await select_expired(conn, since=since, until=until)
                repeated = server.may_act() and await repeat_alarms(conn)
        except (TrackerError, *AWAY) as error:
            logger.warning("not looked at", error=repr(error))
            continue
        since = until
        for number in numbers:
            server.hub.notice_message(number)
        if repeated:
            nudge()


async def forget(pool: asyncpg.Pool, may_act: Callable[[], bool]) -> None:
    """Until cancelled, where this is the process that does it: what others' rows say of people and devices that were
    erased goes, and its room is given back."""
    while True:
        await asyncio.sleep(LOOK)
        if not may_act():
            continue
        try:
            async with borrow(pool) as conn:
                if (waiting := await select_erasure(conn)) is None:
                    continue
                await erase(conn, waiting)
            await asyncio.sleep(COUNTED)
            async with borrow(pool) as conn:
                logger.info("erased", tables=len(await vacuum_touched(conn)))
        except (TrackerError, *AWAY) as error:
            logger.warning("not erased yet", error=repr(error))


async def learn(pool: asyncpg.Pool, may_act: Callable[[], bool]) -> None:
    """Until cancelled, where this is the process that does it: how often devices usually report, one device at a time,
    each once a day."""
    while True:
        await asyncio.sleep(LOOK)
        if not may_act():
            continue
        try:
            async with borrow(pool) as conn:
                if (device := await select_to_learn(conn)) is not None:
                    await learn_rhythm(conn, device)
        except (TrackerError, asyncpg.ForeignKeyViolationError, *AWAY) as error:
            logger.warning("no rhythm learned", error=repr(error))


async def save_repeats(pool: asyncpg.Pool, repeats: Repeats) -> None:
    """Until cancelled: what this process counted while it owned the log is known to the others, and to the next."""
    while True:
        await asyncio.sleep(LOOK)
        if counts := repeats.take():
            try:
                async with borrow(pool) as conn:
                    await add_repeats(conn, counts)
            except (TrackerError, asyncpg.ForeignKeyViolationError, *AWAY) as error:
                repeats.give_back(counts)
                logger.warning("repeats are not stored yet", error=repr(error))


async def sweep(pool: asyncpg.Pool, may_act: Callable[[], bool]) -> None:
    """Until cancelled, where this is the process that does it: what may not grow for ever is cut."""
    while True:
        await asyncio.sleep(SWEEP)
        if not may_act():
            continue
        try:
            async with borrow(pool) as conn:
                await prune_quarantine(conn)
                await prune_statuses(conn)
                await prune_shares(conn)
                await prune_repeats(conn, now_us())
        except (TrackerError, *AWAY) as error:
            logger.warning("not swept", error=repr(error))
