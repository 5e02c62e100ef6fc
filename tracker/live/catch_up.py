"""Events a viewer missed, read from the log and sent in order, no faster than it takes them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import asyncpg

from tracker.store.events import select_events
from tracker.store.pool import borrow

if TYPE_CHECKING:
    from tracker.live.viewer import Viewer

PAGE: Final = 200


async def catch_up(viewer: "Viewer", pool: asyncpg.Pool, newest: Callable[[], int]) -> None:
    """Until the viewer is level with `newest()`, or its socket is full: then `drained` begins again."""
    try:
        while not viewer.is_closed and not viewer.is_full and not viewer.is_paused and viewer.event < newest():
            await send_page(viewer, pool, newest())
    finally:
        viewer.is_catching_up = False


async def send_page(viewer: "Viewer", pool: asyncpg.Pool, head: int) -> None:
    """`head` was read before the query, so everything up to it is committed and in its answer."""
    wish, after = viewer.wish, viewer.event
    if wish is None or wish.events is None:
        viewer.event = head
        return
    async with borrow(pool) as conn:
        events = await select_events(
            conn,
            after=after,
            limit=PAGE,
            devices=wish.events.devices,
            geofences=wish.events.geofences,
            types=wish.events.types,
        )
    if viewer.wish is not wish or viewer.event != after:
        return  # it subscribed anew meanwhile
    for event in events:
        viewer.tell_event(event)
    if len(events) < PAGE:
        viewer.event = max(viewer.event, head)
