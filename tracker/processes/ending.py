"""The end of a log's life in a process."""

from typing import Final

import structlog

from tracker.ingest.log import Log
from tracker.store.pool import AWAY, answering

logger = structlog.get_logger()

ASK: Final = 2.0  # s the database has


async def close(log: Log) -> None:
    """A last checkpoint spares the next start the folding; without it nothing is lost."""
    try:
        async with answering(log.conn, ASK):
            await log.close()
    except AWAY as error:
        logger.warning("no last checkpoint", error=repr(error))
