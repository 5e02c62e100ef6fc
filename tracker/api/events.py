"""Events: the numbered log of what happened."""

import asyncio
from functools import partial
from typing import Annotated, Final

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.guard import allow, require_caller
from tracker.access.sights import Sights
from tracker.api.edge import Page, answer, read_list, read_query
from tracker.model.event import EventFilter, Told, make_told
from tracker.store.events import select_events, select_head
from tracker.store.pool import borrow
from tracker.store.unnumbered import select_newest_unnumbered, select_oldest_unnumbered

LOOK: Final = 0.003  # s between looks whether there are numbers: they take about as long
LOOKS: Final = 150  # what has no number by then comes with a later page
Filter = Annotated[str, msgspec.Meta(max_length=4000)]  # three of them fit into the head of a request


class EventQuery(Page, frozen=True):
    """`after` is the `next` of the page before. With `before` the last `limit` with smaller numbers, to look back. The
    filters take several values with commas between."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    before: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    device: Filter | None = None
    geofence: Filter | None = None
    type: Filter | None = None


class EventPage(msgspec.Struct, frozen=True):
    """The oldest first. Ask again with `after=next`: nothing is missed and nothing comes twice."""

    events: list[Told]
    next: int


def blueprint(pool: asyncpg.Pool, sights: Sights) -> Blueprint:
    routes = Blueprint("events", __name__, url_prefix="/api/events")

    @routes.get("")
    @document_querystring(EventQuery)
    @document_response(EventPage)
    @allow("see", rows=True)
    async def list_events() -> Response:
        """List events from the oldest, or from the one after `after`."""
        return answer(await _page(pool, sights, read_query(EventQuery)))

    return routes


def read_filter(device: str | None, geofence: str | None, type: str | None) -> EventFilter:
    """Each of them several with commas between."""
    return EventFilter(read_list(device, "device"), read_list(geofence, "geofence"), read_list(type, "type"))


async def _wait_for_numbers(conn: asyncpg.Connection) -> None:
    """Who was acked and then asks finds what the ack stood for."""
    newest = await select_newest_unnumbered(conn)
    for _ in range(LOOKS if newest is not None else 0):
        oldest = await select_oldest_unnumbered(conn)
        if oldest is None or newest is None or oldest > newest:
            return
        await asyncio.sleep(LOOK)


async def _page(pool: asyncpg.Pool, sights: Sights, query: EventQuery) -> EventPage:
    async with borrow(pool) as conn:
        await _wait_for_numbers(conn)
        # Before the events: one that comes in between is then repeated at worst, never passed over.
        head = await select_head(conn)
        select = partial(
            select_events,
            conn,
            after=query.after,
            limit=query.most,
            before=query.before,
            only=read_filter(query.device, query.geofence, query.type),
        )
        events = await sights.ask(conn, require_caller(), select)
    last = events[-1].id if events else 0
    next = last if len(events) == query.most and query.before is None else max(head, last)
    return EventPage(await asyncio.to_thread(lambda: [make_told(event) for event in events]), next)
