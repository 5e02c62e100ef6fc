"""Hypercorn's HTTP/1.1 and its WebSocket stream, with the holes closed.

Only the plain path uses the stream: HTTP/2, or a connection that could not be handed over.
"""

import asyncio
import base64
import binascii
import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, Protocol

import h11
from hypercorn.events import Closed, Event
from hypercorn.protocol.events import Body, Data, Request, Response, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import H11Protocol, H11WSConnection
from hypercorn.protocol.ws_stream import WSStream
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Ping, Pong

from .assembly import POLICY, TOO_BIG
from .budget import Budget
from .limits import Limits

REFUSED: Final = {
    426: "WebSockets are spoken in version 13 here.",
    400: "The request is not one of HTTP.",
    431: "The head of the request is larger than the limit, or has too many lines.",
}
SPOKEN: Final = [(b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")]
_PERMESSAGE: Final = b"sec-websocket-extensions"


class Pipe(Protocol):
    """Where the bytes of a connection come from."""

    def hold(self, early: bytes) -> None:
        """Read no more. `early` was read already, and comes first when reading goes on."""

    def release(self) -> None:
        """Read on."""


class Http1(H11Protocol):
    """Refuses what Hypercorn lets pass, and stops reading at an upgrade until it is decided."""

    limits: Limits
    pipe: Pipe

    async def handle(self, event: Event) -> None:
        try:
            await super().handle(event)
        except h11.RemoteProtocolError as error:
            await self._send_error_response(error.error_status_hint)
            await self.send(Closed())

    async def _check_protocol(self, event: h11.Request) -> None:
        """Called with each request. Upstream's answers h2c here; an Upgrade to it is simply ignored by ours."""
        names = Counter(name for name, _ in event.headers)
        if len(event.headers) > self.limits.head_lines:
            raise h11.RemoteProtocolError("too many headers", error_status_hint=431)
        size = len(event.method) + len(event.target) + sum(len(name) + len(value) for name, value in event.headers)
        if size > self.limits.head_bytes:  # h11 asks only while the head is not whole, so one that comes at once passes
            raise h11.RemoteProtocolError("a large head", error_status_hint=431)
        if names[b"content-length"] and names[b"transfer-encoding"]:
            raise h11.RemoteProtocolError("two lengths", error_status_hint=400)
        if wants_websocket(event) and dict(event.headers).get(b"sec-websocket-version") != b"13":
            raise h11.RemoteProtocolError("another version of WebSocket", error_status_hint=426)
        if event.method == b"PRI":
            raise h11.RemoteProtocolError("HTTP/2 without TLS", error_status_hint=400)

    async def _send_error_response(self, status_code: int) -> None:
        """Upstream's has no body; who is refused before a route is found is told why in the same form as everybody."""
        reason = HTTPStatus(status_code).phrase
        told = {
            "type": "about:blank",
            "title": reason,
            "status": status_code,
            "detail": REFUSED.get(status_code, reason),
        }
        body = json.dumps(told).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close, upgrade" if status_code == 426 else b"close"),
            *(SPOKEN if status_code == 426 else []),
            *self.config.response_headers("h11"),
        ]
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers, reason=reason.encode()))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())

    async def _create_stream(self, request: h11.Request) -> None:
        await super()._create_stream(with_one_upgrade(request) if wants_websocket(request) else request)
        if isinstance(self.connection, H11WSConnection):
            early, self.connection.buffer = bytes(self.connection.buffer), bytearray()
            self.pipe.hold(early)

    async def stream_send(self, event: StreamEvent) -> None:
        await super().stream_send(self._with_close(event) if isinstance(event, Response) else event)
        if isinstance(event, Response) and event.status_code == 101:
            self.pipe.release()  # a refused one stays held: nothing it sends is read any more, and it is closed

    def _with_close(self, response: Response) -> Response:
        """One that is answered before all of its body came is the last of its connection, since nobody wants the rest.
        Upstream closes without a word, and a client that keeps connections sends its next request into it."""
        if not isinstance(self.connection, h11.Connection) or self.connection.their_state is not h11.SEND_BODY:
            return response
        return replace(response, headers=[*response.headers, (b"connection", b"close")])


class PlainStream(WSStream):
    """Upstream's, but it enforces the message size, the frame budgets and the pong, and never negotiates deflate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits: Limits = self.config.limits  # type: ignore[attr-defined]
        self._frames = Budget(self.limits.frames_per_s, 1.0)
        self._control = Budget(self.limits.control_frames_per_s, self.limits.burst_s)
        self._heard = 0.0
        self._ended = asyncio.Event()
        self._peer_code: int | None = None  # upstream tells the application 1006 for every close by the peer

    async def handle(self, event: StreamEvent) -> None:
        if isinstance(event, Request):
            event = replace(event, headers=tidy(event.headers))
        elif isinstance(event, Body | Data):
            self._heard = self.context.time()
            if not self.closed and not self.handshake.accepted:
                await self._send_error_response(400)
                await self.send(StreamClosed(stream_id=self.stream_id))  # upstream forgets to tell the application
                return
        elif isinstance(event, StreamClosed):
            self._ended.set()
            if self._peer_code is not None and self.app_put is not None and not self.closed:
                self.closed = True
                await self.app_put({"type": "websocket.disconnect", "code": self._peer_code})
                return
        await super().handle(event)

    async def _handle_events(self) -> None:
        for number, event in enumerate(self.connection.events()):
            if number % 64 == 63:
                await asyncio.sleep(0)  # one read can bring 10,000 frames; the others are not to wait for all of them
            code = self._find_objection(event)
            if code is not None:
                self.config.violations[code] += 1  # type: ignore[attr-defined]
                await self._fail(code)
            elif isinstance(event, Message):
                self.buffer.extend(event)
                if event.message_finished:
                    await self.app_put(self.buffer.to_message())  # type: ignore[misc]
                    self.buffer.clear()
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                await self._answer(event)
            if self.closed:
                return
        if self._frames.owed:  # what is too fast is read later; nothing is read while this waits
            await self._ends_within(self._frames.owed / self.limits.frames_per_s)

    def _find_objection(self, event: Any) -> int | None:
        if not self._frames.take() and self._frames.owed > self.limits.frames_ahead:
            return POLICY
        if isinstance(event, Ping | Pong) and not self._control.take():
            return POLICY
        if isinstance(event, Message):
            size = len(event.data) if isinstance(event.data, bytes | bytearray) else len(event.data.encode())
            return TOO_BIG if self.buffer.length + size > self.limits.message_bytes else None
        return None

    async def _answer(self, event: CloseConnection) -> None:
        self._peer_code = event.code
        if self.connection.state is ConnectionState.REMOTE_CLOSING:
            await self._send_wsproto_event(event.response())
        elif self.connection.state is ConnectionState.OPEN:  # what came cannot be parsed: say why
            await self._send_wsproto_event(CloseConnection(code=event.code))
        await self.send(StreamClosed(stream_id=self.stream_id))

    async def _fail(self, code: int) -> None:
        self.buffer.clear()
        await self._send_wsproto_event(CloseConnection(code=code))
        await self.send(StreamClosed(stream_id=self.stream_id))

    async def _send_pings(self) -> None:
        self._heard = self.context.time()
        while not await self._ends_within(self.limits.ping_s):
            await self._send_wsproto_event(Ping())
            await self._ends_within(self.limits.pong_s)
            if self.context.time() - self._heard > self.limits.ping_s + self.limits.pong_s:
                await self._fail(self.limits.silent_code)

    async def _ends_within(self, seconds: float) -> bool:
        """Upstream sleeps, and so keeps a closed connection for up to one interval."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        return self.closed


def wants_websocket(request: h11.Request) -> bool:
    """Whether WebSocket is among what the request would change to: Upgrade and Connection are lists, each over any
    number of lines (RFC 9110 7.6.1, 7.8). Upstream reads the last line only, and Upgrade as one word."""
    return b"websocket" in _listed(request, b"upgrade") and b"upgrade" in _listed(request, b"connection")


def _listed(request: h11.Request, name: bytes) -> set[bytes]:
    lines = [value for given, value in request.headers if given == name]
    return {word.strip().lower() for line in lines for word in line.split(b",")}


def with_one_upgrade(request: h11.Request) -> h11.Request:
    """The same, as upstream knows it: it wants nothing but to be a WebSocket."""
    kept = [(name, value) for name, value in request.headers if name not in (b"upgrade", b"connection")]
    wanted = [(b"upgrade", b"websocket"), (b"connection", b"Upgrade")]
    version = request.http_version
    return h11.Request(method=request.method, target=request.target, headers=kept + wanted, http_version=version)


def tidy(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without what upstream trips over: any extension offer, a protocol that is not ASCII, a key that is not one."""
    return [(name, value) for name, value in headers if not _is_broken(name.lower(), value)]


def _is_broken(name: bytes, value: bytes) -> bool:
    if name == b"sec-websocket-protocol":
        return not value.isascii()
    if name == b"sec-websocket-key":
        return not is_key(value)
    return name == _PERMESSAGE


def is_key(value: bytes) -> bool:
    """16 bytes in base64, as RFC 6455 4.1 asks."""
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except binascii.Error:
        return False
