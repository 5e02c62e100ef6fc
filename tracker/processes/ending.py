"""The end of a log's life in a process."""

from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog

from tracker.ingest.log import Log
from tracker.store.pool import AWAY, answering

logger = structlog.get_logger()

ASK: Final = 2.0  # s the database has


async def close(log: Log) -> None:
    """A last checkpoint spares the next start the folding; without it nothing is lost."""
    await attempt(log, log.close())


async def let_go(log: Log, listened: Sequence[int] | None) -> None:
    """The same, where its next owner waits: the session is still there. `listened`: what that one is to know."""
    await attempt(log, log.let_go(listened))


async def attempt(log: Log, ending: Coroutine[Any, Any, None]) -> None:
    try:
        async with answering(log.conn, ASK):
            await ending
    except AWAY as error:
        logger.warning("no last checkpoint", error=repr(error))
