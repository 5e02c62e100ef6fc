"""The one address for every phone app: `/in/<key>`. It answers what the app wants to read, and after the commit.

An app keeps or drops what it has by our answer alone, and most of them send nothing newer before the oldest is taken.
So whatever comes with a known key is answered 200, also what nobody can read: it is kept in quarantine. Only what may
be better the next time is refused.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import asyncpg
import msgspec
import structlog
from quart import Blueprint, Response, request
from werkzeug.exceptions import RequestTimeout

from tracker.access.gate import Gate
from tracker.access.guard import address, public
from tracker.alerts.forwarding.outlet import HEADER, mark
from tracker.api.edge import answer
from tracker.api.problems import Problem
from tracker.api.requests import make_note
from tracker.app_answers import AppAnswers
from tracker.errors import NotFound, StorageDown, TrackerError
from tracker.logs import Seldom
from tracker.metrics import Metrics
from tracker.model.address import Address
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.moment import format_ms, now_us
from tracker.model.report import Report
from tracker.model.source import Source
from tracker.phones.body import may_be_packed
from tracker.phones.decode import UNREADABLE, decode_post
from tracker.phones.post import Post
from tracker.sources.frames import find_notes, make_frame, say_each
from tracker.sources.sources import Sources
from tracker.store.pool import AWAY
from tracker.websocket import PlainAnswer, PlainRequest, Take

V = TypeVar("V")
seldom = Seldom(structlog.get_logger())

PATH: Final = "/in/"
LARGEST: Final = 10_000_000  # bytes of a body
AT_ONCE: Final = 64 * 1024  # bytes; a larger body is read in a thread, for it would hold up every socket
LONGEST: Final = 400  # characters of where a fix has been, to look at
UNEXPECTED: Final = (*UNREADABLE, *AWAY, asyncpg.PostgresError)
REPLIES: Final = {
    "nothing": (b"", "text/plain"),
    "array": (b"[]", "application/json"),
    "result": (b'{"result":"ok"}', "application/json"),
    "object": (b"{}", "application/json"),
}


class PostOffice(NamedTuple):
    """What every request asks. `is_open`: this process owns the partitions and is not on its way out. `own`: what we
    are called among the servers that a fix came through."""

    sources: Sources
    answers: AppAnswers
    gate: Gate
    is_open: Callable[[], bool]
    own: Callable[[], str]


class Brought(NamedTuple):
    """One request, by whichever way it came. `query` is not decoded; `via`: the servers that its fixes came through."""

    body: bytes
    query: str
    agent: str
    via: str | None = None


def blueprint(office: PostOffice) -> Blueprint:
    routes = Blueprint("posts", __name__)

    @routes.route(f"{PATH}<key>", methods=["GET", "POST", "PUT", "PATCH"], strict_slashes=False)
    @public
    async def take_post(key: str) -> Response:
        """Take what a phone's app sends, whichever of those we know."""
        if not office.is_open():
            raise StorageDown("this server is not ready; try again")
        found = await office.sources.addresses.find(key)
        if found is None:
            return refuse_unknown(office.gate, address(request))
        office.sources.posts.check_room()
        via = request.headers.get(HEADER)
        brought = Brought(await read_body(), request.query_string.decode("latin-1"), request.user_agent.string, via)
        body, mimetype = await take(found, brought, office)
        return Response(body, 200, mimetype=mimetype)

    return routes


def make_take(office: PostOffice, metrics: Metrics) -> Take:
    """Plain requests of known keys need not go by the route above: it would come to the same for them."""
    note = make_note(metrics, f"{PATH}{{key}}")

    async def take_plain(asked: PlainRequest, peer: str) -> PlainAnswer | None:
        if not asked.path.startswith(PATH):
            return None
        began = time.perf_counter()
        try:
            given = await take_shortly(asked, office)
        except StorageDown as error:  # it may be stored by now: to ask the route would store it a second time
            given = refuse_plain(str(error))
        except UNEXPECTED as error:  # the same; and silence would tell the app less than that it should come again
            seldom.warning("a post was not taken", error=repr(error))
            given = refuse_plain("something went wrong; try again")
        if given is not None:
            note(asked.method, asked.path, given.status, peer, time.perf_counter() - began)
        return given

    return take_plain


async def take_shortly(asked: PlainRequest, office: PostOffice) -> PlainAnswer | None:
    """None where the route has to say something else, and nothing was done."""
    if not office.is_open():
        raise StorageDown("this server is not ready; try again")
    try:
        found = await office.sources.addresses.find(asked.path[len(PATH) :])
    except StorageDown:
        raise
    except TrackerError:
        return None
    if found is None:
        return None
    office.sources.posts.check_room()
    body, mimetype = await take(found, Brought(asked.body, asked.query, asked.agent), office)
    return PlainAnswer(200, body, mimetype)


def refuse_plain(why: str) -> PlainAnswer:
    told = Problem("about:blank", "Service Unavailable", 503, why)
    return PlainAnswer(503, msgspec.json.encode(told), "application/problem+json", (("retry-after", "5"),))


def refuse_unknown(gate: Gate, peer: str) -> Response:
    """Always 404, for these apps know no other word for it; who failed often is told how long to wait. Valid keys are
    never asked about here."""
    wait = gate.guesses.wait(peer)
    gate.guesses.note_failure(peer)
    if not wait:
        raise NotFound("there is no such address")
    problem = Problem("about:blank", "Not Found", 404, "There is no such address; wait before you ask again.")
    response = answer(problem, 404, "application/problem+json")
    response.headers["Retry-After"] = str(max(1, round(wait + 0.5)))
    return response


async def take(found: Address | Source, brought: Brought, office: PostOffice) -> tuple[bytes, str]:
    """After the commit: the body of the answer, and its type."""
    if isinstance(found, Source):
        return await take_many(found, brought, office)
    return await take_own(found, brought, office)


async def take_own(found: Address, brought: Brought, office: PostOffice) -> tuple[bytes, str]:
    report, frame = await read(
        brought,
        found.secret,
        lambda report, now: make_frame(found.device.key, report, now),
        office.sources.posts.readers,
    )
    frame, posts = note_way(frame, brought, office), office.sources.posts
    await posts.offer(found.device, frame)
    await posts.rest(found.device, report.is_paused, frame.received_at)
    for note in find_notes(report, frame.received_at):
        await posts.call(found.device, note, frame.received_at)
    told = await office.answers.find(found, report) if report.app.dialect == Dialect.OWNTRACKS else []
    return reply(report, told)


async def take_many(found: Source, brought: Brought, office: PostOffice) -> tuple[bytes, str]:
    """The same of an address that speaks for many."""
    report, said = await read(brought, None, say_each, office.sources.posts.readers)
    frames = {name: each._replace(frame=note_way(each.frame, brought, office)) for name, each in said.items()}
    await office.sources.take(found.key, frames)
    return reply(report, [])


def reply(report: Report, told: list[dict[str, Any]]) -> tuple[bytes, str]:
    body, mimetype = REPLIES[report.reply]
    return (msgspec.json.encode(told) if told else body), mimetype


async def read(
    brought: Brought, secret: str | None, make: Callable[[Report, int], V], readers: asyncio.Semaphore
) -> tuple[Report, V]:
    """What the request says, and what `make` makes of it and of the time (µs) at which it came."""
    received_at = now_us()

    def decode() -> tuple[Report, V]:
        report = decode_post(Post(brought.body, brought.query, brought.agent, received_at // 1000, secret))
        return report, make(report, received_at)

    if len(brought.body) <= AT_ONCE and not may_be_packed(brought.body):
        return decode()
    async with readers:
        return await asyncio.to_thread(decode)


def note_way(frame: Frame, brought: Brought, office: PostOffice) -> Frame:
    via = brought.via
    return frame_through(frame, [each.strip() for each in via.split(",")], office.own()) if via else frame


def frame_through(frame: Frame, via: list[str], own: str) -> Frame:
    """Of a fix that another server sent on it is kept where it has been. What has been here is not taken again: it
    would go round for ever."""
    if own in via:
        entries: list[Fix | Refusal] = [refuse_loop(index, each, via) for index, each in enumerate(frame.entries)]
    else:
        entries = [mark(each, via) if type(each) is Fix else each for each in frame.entries]
    return msgspec.structs.replace(frame, entries=entries)


def refuse_loop(index: int, entry: Fix | Refusal, via: list[str]) -> Refusal:
    if isinstance(entry, Refusal):
        return entry
    return Refusal(index, "loop", f"{format_ms(entry.at)}, sent on through {', '.join(via)}"[:LONGEST])


async def read_body() -> bytes:
    """A body that dribbles may come better the next time. 413 where it is too large."""
    try:
        return await request.get_data(True, False, False)
    except (RequestTimeout, TimeoutError):
        raise StorageDown("the body did not come in time") from None
