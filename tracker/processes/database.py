"""The database that was given, or a private cluster that lives as long as we do."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from tracker.errors import ClusterWaits
from tracker.logs import Seldom
from tracker.postgis.cluster import Cluster
from tracker.processes.sibling import TROUBLE
from tracker.settings import Settings

TELL: Final = 1.0  # s
AGAIN: Final = 2.0  # s until a start that failed for a passing reason is tried again

logger = structlog.get_logger()
seldom = Seldom(logger)


class Trouble:
    """Why the private PostgreSQL does not run. `ends`: of the pairs of sockets that the servers hear us by; they show
    the reason at /readyz."""

    def __init__(self, ends: Sequence[socket.socket]) -> None:
        self.ends = ends
        self.reason: str | None = None

    def note(self, reason: str | None) -> None:
        """After each attempt to start it; None: it runs."""
        if reason is not None:
            seldom.error("PostgreSQL cannot be started, and is tried again", reason=reason)
        elif self.reason is not None:
            logger.info("PostgreSQL runs again")
        self.reason = reason

    async def tell(self) -> None:
        """Until cancelled: once a second, for a server that was started anew knows nothing."""
        while True:
            if self.reason is not None:
                for end in self.ends:
                    with suppress(OSError):  # full, or nobody there: the next is as good
                        end.send(TROUBLE + self.reason.encode(), socket.MSG_DONTWAIT)
            await asyncio.sleep(TELL)


@asynccontextmanager
async def database(
    settings: Settings, trouble: Trouble | None = None, shutdown: asyncio.Event | None = None
) -> AsyncIterator[tuple[str, Path | None]]:
    """The URL of the database that was given, or of a private cluster that lives as long as we do, and its folder.
    With `shutdown`, a start that fails for a passing reason is tried again until that is set."""
    if settings.database_url:
        yield settings.database_url, None
        return
    cluster = await asyncio.to_thread(Cluster, settings.data)
    try:
        await begin(cluster, shutdown)
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(cluster.watch(trouble.note if trouble else note_nothing), name="postgis")
            tell = tasks.create_task(trouble.tell(), name="trouble") if trouble else None
            yield cluster.url, cluster.home
            watch.cancel()
            if tell is not None:
                tell.cancel()
    finally:
        await asyncio.to_thread(cluster.stop)


def note_nothing(reason: str | None) -> None:
    """For a command that is over soon."""


async def begin(cluster: Cluster, shutdown: asyncio.Event | None) -> None:
    """Raises ClusterFailed."""
    while True:
        try:
            await asyncio.to_thread(cluster.start)
            return
        except ClusterWaits as error:
            if shutdown is None or shutdown.is_set():
                raise
            seldom.error("PostgreSQL cannot be started, and is tried again", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(shutdown.wait(), AGAIN)
