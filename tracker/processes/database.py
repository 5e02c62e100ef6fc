"""The database that was given, or a private cluster that lives as long as we do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tracker.postgis.cluster import Cluster
from tracker.settings import Settings


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[tuple[str, Path | None]]:
    """The URL of the database that was given, or of a private cluster that lives as long as we do, and its folder."""
    if settings.database_url:
        yield settings.database_url, None
        return
    cluster = await asyncio.to_thread(Cluster, settings.data)
    await asyncio.to_thread(cluster.start)
    try:
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(cluster.watch(), name="postgis")
            yield cluster.url, cluster.home
            watch.cancel()
    finally:
        await asyncio.to_thread(cluster.stop)
