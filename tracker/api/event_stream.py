"""Events as they happen: server-sent events, for scripts and pages that want no WebSocket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Annotated, ClassVar, Final

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_querystring, document_response

from tracker.access.bounds import Bound
from tracker.access.guard import allow, require_caller
from tracker.access.sights import Sights
from tracker.api.edge import read_query
from tracker.api.events import Filter, read_filter
from tracker.errors import Invalid, TooMany
from tracker.live.newest import Newest
from tracker.model.event import EventFilter, Told, make_told
from tracker.model.token import Token
from tracker.store.events import select_events, select_head, select_oldest
from tracker.store.pool import AWAY, borrow
from tracker.store.sessions import select_ended
from tracker.store.tokens import select_revoked

MOST: Final = 100  # streams at once; more: 429
PAGE: Final = 200  # events read at once, and all that one reader holds in memory
PACE: Final = 0.1  # s between two looks into the table: a storm is read in pages
LOOK: Final = 2.0  # s: a revoked token ends its stream within this, an event of another process is seen
ALIVE: Final = 15.0  # s between signs of life, so that nothing on the way thinks the line dead
STALL: Final = 10.0  # s a reader may take for one piece; then it is cut
PIECE: Final = 16_384  # bytes: whoever is on a slow line gets on by at least this much, or is as good as gone
LARGEST: Final = 2**63 - 1


class StreamQuery(msgspec.Struct, frozen=True):
    """From the event after `after`, or the `Last-Event-ID` of the request; from now on without either."""

    after: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)] | None = None
    device: Filter | None = None
    geofence: Filter | None = None
    type: Filter | None = None


class EventStream(Told, frozen=True):
    """Server-sent events: `id` is the number, `event` the type, `data` this. `event: reset`: the events after the one
    that was named cannot be served, and what follows is new.
    """

    MEDIA: ClassVar = ("text/event-stream",)


class EventReader(msgspec.Struct, weakref=True, eq=False):
    """How far one is, and what it asked for."""

    after: int
    only: EventFilter
    token: Token


def blueprint(pool: asyncpg.Pool, newest: Newest, sights: Sights, streams: Bound, *, stall: float = STALL) -> Blueprint:
    routes = Blueprint("event_stream", __name__, url_prefix="/api/events")
    open: set[asyncio.Task[None] | None] = set()  # MOST at most

    @routes.get("/stream")
    @document_querystring(StreamQuery)
    @document_response(EventStream)
    @allow("see", rows=True)
    async def stream_events() -> Response:
        """Send events as they happen, and what was missed since `Last-Event-ID`."""
        query = read_query(StreamQuery)
        if len(open) >= MOST:
            raise TooMany("too many streams are open", retry_after=10.0)
        reader = EventReader(0, read_filter(query.device, query.geofence, query.type), require_caller())
        streams.enter(reader.token, reader)  # until it is forgotten, with the answer that it is sent
        first = await _find_begin(pool, reader, _after(query))
        response = Response(
            cut_stalled(_stream(pool, newest, sights, reader, first), open, stall), mimetype="text/event-stream"
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"  # a proxy that collects a buffer first would spoil it
        return response

    return routes


def _after(query: StreamQuery) -> int | None:
    given = request.headers.get("Last-Event-ID") or query.after
    if given is None:
        return None
    try:
        number = int(given)
    except ValueError:
        number = -1
    if not 0 <= number <= LARGEST:
        raise Invalid("after: the number of an event", field="after")
    return number


async def _find_begin(pool: asyncpg.Pool, reader: EventReader, after: int | None) -> bytes:
    """Where it reads from, and what it is told first."""
    async with borrow(pool) as conn:
        head, oldest = await select_head(conn), await select_oldest(conn)
    is_served = after is not None and oldest - 1 <= after <= head
    reader.after = after if after is not None and is_served else head
    reset = b"event: reset\nid: %d\ndata: {}\n\n" % head if after is not None and not is_served else b""
    return b"retry: 2000\n\n" + reset


async def cut_stalled(
    pages: AsyncGenerator[bytes, None], open: "set[asyncio.Task[None] | None]", stall: float
) -> AsyncIterator[bytes]:
    """The pages in pieces of at most PIECE bytes. Cuts a reader that takes none of them within `stall` seconds: the
    task that sends is cancelled, for it would wait as long as the reader."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    open.add(task)
    task.add_done_callback(open.discard)
    async with aclosing(pages):
        async for page in pages:
            for begin in range(0, len(page), PIECE):
                cut = loop.call_later(stall, task.cancel)
                yield page[begin : begin + PIECE]
                cut.cancel()


async def _stream(
    pool: asyncpg.Pool, newest: Newest, sights: Sights, reader: EventReader, first: bytes
) -> AsyncGenerator[bytes, None]:
    yield first
    said = looked = monotonic()
    while not newest.is_ending:
        page = b""
        try:
            async with borrow(pool) as conn:
                if monotonic() - looked >= LOOK:
                    looked = monotonic()
                    await sights.refresh(conn)
                    if await _is_over(conn, reader.token) or not sights.find(reader.token).holds("see"):
                        return
                page = await _page(conn, sights, reader)
        except AWAY:  # the stream stands still with the database, as the sockets do
            await asyncio.sleep(LOOK)
        if not page and monotonic() - said >= ALIVE:
            page = b":\n\n"
        if page:
            yield page
            said = monotonic()
        await asyncio.sleep(PACE)
        await newest.wait(reader.after, LOOK)


async def _is_over(conn: asyncpg.Connection, token: Token) -> bool:
    """Revoked, or the session it was opened with has ended."""
    ended = [] if token.session is None else await select_ended(conn, [token.session])
    return bool(ended or await select_revoked(conn, [token.id]))


async def _page(conn: asyncpg.Connection, sights: Sights, reader: EventReader) -> bytes:
    """What came since; b'' for nothing. The head is read first: what comes in between is in the next page."""
    head = await select_head(conn)
    if head <= reader.after:
        return b""
    select = partial(
        select_events,
        conn,
        after=reader.after,
        limit=PAGE,
        only=reader.only,
    )
    events = await sights.ask(conn, reader.token, select)
    reader.after = events[-1].id if len(events) == PAGE else max(head, *(event.id for event in events), 0)
    return b"".join(
        b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.type.encode(), msgspec.json.encode(make_told(event)))
        for event in events
    )
