"""The one address for every phone app: `/in/<key>`. It answers what the app wants to read, and after the commit.

An app keeps or drops what it has by our answer alone, and most of them send nothing newer before the oldest is taken.
So whatever comes with a known key is answered 200, also what nobody can read: it is kept in quarantine. Only what may
be better the next time is refused.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from quart import Blueprint, Response, request
from werkzeug.exceptions import RequestTimeout

from tracker.access.gate import Gate
from tracker.access.guard import address, public
from tracker.alerts.forwarding.outlet import HEADER, mark
from tracker.api.edge import answer
from tracker.api.problems import Problem
from tracker.app_answers import AppAnswers
from tracker.errors import NotFound, StorageDown
from tracker.model.address import Address
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.moment import format_ms, now_us
from tracker.model.report import Report
from tracker.model.source import Source
from tracker.phones.decode import decode_post
from tracker.phones.post import Post
from tracker.sources.frames import MOST_CALLS, Said, make_call, make_frame, say_each
from tracker.sources.sources import Sources

V = TypeVar("V")

PATH: Final = "/in/"
LARGEST: Final = 10_000_000  # bytes of a body
AT_ONCE: Final = 64 * 1024  # bytes; a larger body is read in a thread, for it would hold up every socket
LONGEST: Final = 400  # characters of where a fix has been, to look at
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


def blueprint(office: PostOffice) -> Blueprint:
    routes = Blueprint("posts", __name__)

    @routes.route(f"{PATH}<key>", methods=["GET", "POST"])
    @public
    async def take_post(key: str) -> Response:
        """Take what a phone's app sends, whichever of those we know."""
        if not office.is_open():
            raise StorageDown("this server is not ready; try again")
        found = await office.sources.addresses.find(key)
        if found is None:
            return refuse_unknown(office.gate, address(request))
        office.sources.posts.check_room()
        return await (take_many(found, office) if isinstance(found, Source) else take(found, office))

    return routes


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


async def take(found: Address, office: PostOffice) -> Response:
    report, frame = await read(found.secret, lambda report, now: make_frame(found.device.key, report, now))
    frame, posts = note_way(frame, office), office.sources.posts
    await posts.offer(found.device, frame)
    for at in report.calls[-MOST_CALLS:]:
        await posts.call(found.device, make_call(at, frame.received_at), frame.received_at)
    told = await office.answers.find(found) if report.app.dialect == Dialect.OWNTRACKS else []
    return reply(report, told)


async def take_many(found: Source, office: PostOffice) -> Response:
    """The same of an address that speaks for many."""
    report, said = await read(None, say_each)
    await office.sources.take(found.key, {name: Said(note_way(f, office), calls) for name, (f, calls) in said.items()})
    return reply(report, [])


def reply(report: Report, told: list[dict[str, Any]]) -> Response:
    body, mimetype = REPLIES[report.reply]
    return Response(msgspec.json.encode(told) if told else body, 200, mimetype=mimetype)


async def read(secret: str | None, make: Callable[[Report, int], V]) -> tuple[Report, V]:
    """What the request says, and what `make` makes of it and of the time (µs) at which it came."""
    body, query, agent = await read_body(), request.query_string.decode("latin-1"), request.user_agent.string
    received_at = now_us()

    def decode() -> tuple[Report, V]:
        report = decode_post(Post(body, query, agent, received_at // 1000, secret))
        return report, make(report, received_at)

    return await asyncio.to_thread(decode) if len(body) > AT_ONCE else decode()


def note_way(frame: Frame, office: PostOffice) -> Frame:
    via = request.headers.get(HEADER)
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
