"""Clients that run as long as a block does, and their first error as itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tracker.client.device import DeviceClient
from tracker.errors import TrackerError


@asynccontextmanager
async def raise_one_error() -> AsyncIterator[None]:
    """The first of our own errors of a TaskGroup, as itself: the person at the terminal needs one sentence."""
    first: BaseException | None = None
    try:
        yield
    except* TrackerError as errors:
        first = errors.exceptions[0]
    if first is not None:  # raised up there, Python 3.11.2 would put it into another group
        raise first


@asynccontextmanager
async def running(clients: Sequence[DeviceClient]) -> AsyncIterator[None]:
    """The clients run as long as the block."""
    async with raise_one_error(), asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.run()) for client in clients]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
