"""The one address for every phone app: `/in/<key>`. It answers what the app wants to read, and after the commit.

An app keeps or drops what it has by our answer alone, and most of them send nothing newer before the oldest is taken.
So whatever comes with a known key is answered 200, also what nobody can read: it is kept in quarantine. Only what may
be better the next time is refused.
"""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from quart import Blueprint, Response, request
from werkzeug.exceptions import RequestTimeout

from tracker.access.addresses import Addresses
from tracker.access.gate import Gate
from tracker.access.guard import address, public
from tracker.alerts.forwarding.outlet import HEADER, mark
from tracker.api.edge import answer
from tracker.api.problems import Problem
from tracker.app_answers import AppAnswers
from tracker.errors import NotFound, StorageDown
from tracker.ingest.posts import Posts
from tracker.model.address import Address
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.moment import format_ms, now_us
from tracker.model.note import SOS, Utterance
from tracker.model.report import Report
from tracker.phones.decode import decode_post
from tracker.phones.judge import judge
from tracker.phones.post import Post
from tracker.phones.values import LAST_MS

PATH: Final = "/in/"
LARGEST: Final = 10_000_000  # bytes of a body
AT_ONCE: Final = 64 * 1024  # bytes; a larger body is read in a thread, for it would hold up every socket
LONGEST: Final = 400  # characters of where a fix has been, to look at
MOST_CALLS: Final = 5  # for help in one request, the last
MANY: Final = 20  # fixes in one request; more are an app's backlog
REPLIES: Final = {
    "nothing": (b"", "text/plain"),
    "array": (b"[]", "application/json"),
    "result": (b'{"result":"ok"}', "application/json"),
    "object": (b"{}", "application/json"),
}


class PostOffice(NamedTuple):
    """What every request asks. `is_open`: this process owns the partitions and is not on its way out. `own`: what we
    are called among the servers that a fix came through."""

    addresses: Addresses
    posts: Posts
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
        found = await office.addresses.find(key)
        if found is None:
            return refuse_unknown(office.gate, address(request))
        office.posts.check_room()
        return await take(found, office)

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
    post = Post(await read_body(), request.query_string.decode("latin-1"), request.user_agent.string, 0, found.secret)
    is_large = len(post.body) > AT_ONCE
    report, frame = await asyncio.to_thread(read, post, found) if is_large else read(post, found)
    if via := request.headers.get(HEADER):
        frame = frame_through(frame, [each.strip() for each in via.split(",")], office.own())
    await office.posts.offer(found.device, frame)
    for at in report.calls[-MOST_CALLS:]:
        await office.posts.call(found.device, make_call(at, frame.received_at), frame.received_at)
    body, mimetype = REPLIES[report.reply]
    if report.app.dialect == Dialect.OWNTRACKS and (told := await office.answers.find(found)):
        body = msgspec.json.encode(told)
    return Response(body, 200, mimetype=mimetype)


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


def make_call(at: int | None, received_at: int) -> Utterance:
    """What comes again with the same time is the same call."""
    at = received_at // 1000 if at is None else at
    return Utterance(f"sos-{at}", format_ms(at) if abs(at) < LAST_MS else None, alarm=SOS)


async def read_body() -> bytes:
    """A body that dribbles may come better the next time. 413 where it is too large."""
    try:
        return await request.get_data(True, False, False)
    except (RequestTimeout, TimeoutError):
        raise StorageDown("the body did not come in time") from None


def read(post: Post, found: Address) -> tuple[Report, Frame]:
    received_at = now_us()
    now = received_at // 1000
    report = decode_post(Post(post.body, post.query, post.agent, now, post.secret))
    entries: list[Fix | Refusal] = [judge(reading, index, now) for index, reading in enumerate(report.readings)]
    entries += [Refusal(-1, why, text) for why, text in report.faults]
    return report, Frame(found.device.key, -1, received_at, entries, len(entries) > MANY, app=report.app)
