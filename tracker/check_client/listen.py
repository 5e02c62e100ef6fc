"""Listens as the server's /ws/device does, with its limits and its close codes, and stores nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from quart import Quart, Response, request, websocket

from tracker.check_client.remark import HINT, Remark, Remarks
from tracker.check_client.stream import Stream
from tracker.ingest import frames
from tracker.ingest.frames import Hello, Result
from tracker.ingest.session import HEARTBEAT, MAX_BYTES, MAX_FIXES, WINDOW
from tracker.model.command import Command
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_ms
from tracker.model.note import Utterance
from tracker.websocket import Endpoint, Limits, PlainConnection, Shutdown, Socket, converse, serve

PATH: Final = "/ws/device"
COMMAND: Final = "check-1"
ANSWER_S: Final = 2.0  # until then a device has answered a command
NO_ARGUMENTS: Final = msgspec.Raw(b"{}")
DEVICES: Final = 1_000  # whose streams are remembered; the oldest goes first
CLOSES: Final = {
    1002: "it broke RFC 6455: an unmasked frame, reserved bits, or a close that is none",
    1006: "it went away without a close frame; a device that may should close with 1000",
    1007: "a text message was not UTF-8",
    1008: "it sent thousands of messages at once, or pings without end",
    1009: "a message was over 128 kB: split it, and never send it again as it is",
    4001: "no pong came within 10 s of our ping: let your library answer pings while it waits",
    4501: "it said nothing within 10 s: the hello comes first",
}
GENTLE: Final = frozenset({1000, 1001, 1006, 1012})


@dataclass(frozen=True)
class Trial:
    """How the client is tried. `ack_s`: an answer waits so long, so that who ignores the window is seen.
    `restart`: after so many frames the connection ends as at a restart, with what is unanswered then; 0: never."""

    ack_s: float = 0.3
    restart: int = 0
    ping_s: float = HEARTBEAT
    first_message_s: float = 10.0


class Streams:
    """By device: what a client does after it comes back is held against what it did before."""

    def __init__(self) -> None:
        self.known: dict[str, Stream] = {}

    def find(self, device: str, fresh: Stream) -> Stream:
        stream = self.known.setdefault(device, fresh)
        if len(self.known) > DEVICES:
            del self.known[next(iter(self.known))]
        return stream


class CheckedConversation:
    """A conversation of tracker.websocket."""

    def __init__(self, report: Remarks, streams: Streams, trial: Trial, name: str) -> None:
        self.report, self.streams, self.trial, self.name = report, streams, trial, name
        self.stream = Stream()
        self.socket: Socket
        self.frames = 0
        self.asked_at: float | None = None  # loop's s, when the command was sent that is not answered yet
        self.is_over = False

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self.report.connections += 1

    def received(self, message: str | bytes) -> None:
        if self.is_over:
            return
        self.report.messages += 1
        if not self.stream.is_begun:
            self.choose_stream(message)
        decoded, findings = self.stream.hear(message, now_ms())
        for finding in findings:
            self.report.add(finding, self.name)
        if isinstance(decoded, Hello):
            self.welcome(decoded)
        elif isinstance(decoded, Frame):
            self.take(decoded)
        elif isinstance(decoded, Utterance):
            self.socket.send(frames.encode_message_ack(decoded.id))
        elif isinstance(decoded, Result):
            self.asked_at = None if decoded.id == COMMAND else self.asked_at

    def choose_stream(self, message: str | bytes) -> None:
        decoded = frames.decode_message(message, 0, 0, MAX_FIXES)
        if isinstance(decoded, Hello):
            self.name = decoded.device
            self.stream = self.streams.find(decoded.device, self.stream)
            self.stream.begin()

    def welcome(self, hello: Hello) -> None:
        acked = self.stream.acked
        self.socket.send(frames.encode_welcome(hello.device, acked, WINDOW, MAX_FIXES, MAX_BYTES, HEARTBEAT))
        command = Command(COMMAND, hello.device, "report_now", NO_ARGUMENTS, 0, now_ms() + 60_000)
        self.socket.send(frames.encode_command(command))
        self.asked_at = asyncio.get_running_loop().time()

    def take(self, frame: Frame) -> None:
        self.frames += 1
        self.report.fixes += len(frame.entries)
        if self.frames == self.trial.restart and not self.stream.was_restarted:
            self.is_over = self.stream.was_restarted = True
            self.socket.send(frames.encode_going_away(500))
            self.socket.close(1012, "as at a restart")
            return
        asyncio.get_running_loop().call_later(self.trial.ack_s, self.answer, frame)

    def answer(self, frame: Frame) -> None:
        if self.is_over:
            return
        self.stream.answer(frame.seq)
        refusals = tuple(entry for entry in frame.entries if isinstance(entry, Refusal))
        stored = sum(isinstance(entry, Fix) for entry in frame.entries)
        self.socket.send(frames.encode_answer(frame, Outcome(stored, 0, refusals)))

    def drained(self) -> None:
        """Answers are small."""

    def closed(self, code: int) -> None:
        waited = asyncio.get_running_loop().time() - self.asked_at if self.asked_at and not self.is_over else 0.0
        self.is_over = True
        if code in CLOSES:
            weight = HINT if code in GENTLE else "wrong"
            self.report.add(Remark(f"close {code}", f"closed with {code}: {CLOSES[code]}", weight), self.name)
        if waited > ANSWER_S:
            said = (
                "the command report_now had no `result`: a device answers each, also one it does not know (ok: false)"
            )
            self.report.add(Remark("no result", said, HINT), self.name)


def build_app(report: Remarks, streams: Streams, trial: Trial) -> Quart:
    app = Quart("check_client", static_folder=None)
    app.asgi_websocket_class = PlainConnection
    limits = Limits(
        message_bytes=2 * MAX_BYTES, ping_s=trial.ping_s, first_message_s=trial.first_message_s, frames_per_s=500,
        subprotocols=("tracker.v1",),
    )  # fmt: skip

    @app.websocket("/")
    @app.websocket("/<path:path>")
    async def device(path: str = "") -> None:
        name = websocket.remote_addr or "?"
        for finding in examine_handshake(dict(websocket.headers), websocket.path, websocket.query_string.decode()):
            report.add(finding, name)
        await converse(CheckedConversation(report, streams, trial, name), limits)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT"])
    @app.route("/<path:path>", methods=["GET", "POST", "PUT"])
    async def plain(path: str) -> Response:
        said = f"a plain {request.method} came to /{path}: a device speaks WebSocket, ws://.../ws/device"
        report.add(Remark("plain HTTP", said), request.remote_addr or "?")
        return Response("This address speaks WebSocket.\n", 426, {"Upgrade": "websocket", "Connection": "Upgrade"})

    return app


def examine_handshake(headers: dict[str, str], path: str, query: str) -> list[Remark]:
    found = []
    given = {name.lower(): value for name, value in headers.items()}
    if path != PATH:
        found.append(Remark("path", f"the address is {PATH}, not {path[:100]}: the server answers 404"))
    if query:
        names = ", ".join(part.partition("=")[0] for part in query.split("&"))[:100]
        found.append(
            Remark("query", f"nothing is read from the query of the URL ({names}); a token there ends in logs")
        )
    authorization = given.get("authorization", "")
    if authorization and not authorization.lower().startswith("bearer "):
        found.append(Remark("authorization", "Authorization has to be: Bearer, a space, the token"))
    if not authorization:
        said = "no Authorization: the hello has to carry `token` then"
        found.append(Remark("no authorization", said, HINT))
    offered = [word.strip() for word in given.get("sec-websocket-protocol", "").split(",") if word.strip()]
    if offered and "tracker.v1" not in offered:
        said = f"subprotocols {', '.join(offered)[:100]} are not spoken: offer tracker.v1, or none"
        found.append(Remark("subprotocol", said))
    return found


async def listen(bind: str, app: Quart, shutdown: asyncio.Event, ready: Callable[[str], None]) -> None:
    """Until `shutdown`. `ready` is told the address."""

    def announce(addresses: list[str]) -> None:
        ready(addresses[0])

    await serve(app, Endpoint((bind,)), Shutdown(shutdown, grace=2.0), ready=announce)
