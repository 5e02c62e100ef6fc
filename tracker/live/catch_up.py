"""Events a viewer missed, read from the log and sent in order, no faster than it takes them."""

from functools import partial
from typing import Final, Protocol

import asyncpg

from tracker.access.sights import Sights
from tracker.live.frames import Subscribe
from tracker.live.head import Head
from tracker.model.event import Event, EventFilter
from tracker.model.token import Token
from tracker.store.events import select_events
from tracker.store.pool import borrow

PAGE: Final = 200


class Follower(Protocol):
    """Who missed events. `event` is the number of the last one it was sent, or did not want."""

    event: int
    wish: Subscribe | None
    token: Token | None

    @property
    def misses_events(self) -> bool: ...
    @property
    def is_full(self) -> bool: ...
    def tell_event(self, event: Event) -> None: ...


async def catch_up(follower: Follower, pool: asyncpg.Pool, head: Head, sights: Sights) -> None:
    """Until the follower is level with the head, or its socket is full: when that has drained, this begins again."""
    while follower.misses_events and not follower.is_full:
        await send_page(follower, pool, head.event, sights)


async def send_page(follower: Follower, pool: asyncpg.Pool, newest: int, sights: Sights) -> None:
    """`newest` was read before the query, so everything up to it is committed and in its answer."""
    wish, after = follower.wish, follower.event
    if wish is None or wish.events is None or follower.token is None:
        follower.event = newest
        return
    async with borrow(pool) as conn:
        select = partial(
            select_events,
            conn,
            after=after,
            limit=PAGE,
            only=EventFilter(wish.events.devices, wish.events.geofences, wish.events.types),
        )
        events = await sights.ask(conn, follower.token, select)
    if follower.wish is not wish or follower.event != after:
        return  # it subscribed anew meanwhile
    for event in events:
        follower.tell_event(event)
    if len(events) < PAGE:
        follower.event = max(follower.event, newest)
