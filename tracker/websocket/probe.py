"""Does this Hypercorn, Quart and picows still fit? Asked at each start, by doing it once.

The room leans on internals of all three. An upgrade that moved one has to be seen before the first client, not by it.
"""

import asyncio
import base64
import socket
from typing import Any, Final

import hypercorn.protocol.h2
import hypercorn.protocol.h11
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.utils import wrap_app
from quart import Quart
from quart.asgi import ASGIWebsocketConnection

from .config import RoomConfig
from .converse import converse
from .http1 import PlainStream
from .limits import Limits
from .room import Room
from .site import Site
from .socket import Socket
from .wire import Wire

_REQUEST: Final = (
    b"GET / HTTP/1.1\r\nHost: probe\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)
_OVERRIDDEN: Final = {
    H11Protocol: ("handle", "stream_send", "_check_protocol", "_create_stream", "_send_error_response"),
    WSStream: ("handle", "_handle_events", "_send_pings", "_send_wsproto_event", "_send_error_response"),
    ASGIWebsocketConnection: ("handle_messages",),
}
_PING: Final = b"\x82\x84\0\0\0\0ping"
_CLOSE: Final = b"\x88\x82\0\0\0\0\x03\xe8"


class DoesNotFit(RuntimeError):
    """The installed hypercorn, quart or picows is not what this room was built on; see pyproject.toml."""


class _Echo:
    heard: int | None = None

    def opened(self, socket: Socket) -> None:
        self.socket = socket

    def received(self, message: str | bytes) -> None:
        self.socket.send(message)

    def drained(self) -> None: ...

    def closed(self, code: int) -> None:
        self.heard = code


async def fit() -> None:
    """Put our stream in Hypercorn's place, and hand one connection over. Raises DoesNotFit."""
    for base, names in _OVERRIDDEN.items():
        for name in names:
            if not hasattr(base, name):
                raise DoesNotFit(f"{base.__name__} has no {name}: ours would never be called")
    for module in (hypercorn.protocol.h11, hypercorn.protocol.h2):
        if not hasattr(module, "WSStream"):
            raise DoesNotFit(f"{module.__name__} has no WSStream")
        module.WSStream = PlainStream  # type: ignore[attr-defined]
    try:
        async with asyncio.timeout(5):
            await _hand_over_one()
    except (AttributeError, TypeError, AssertionError, TimeoutError) as error:
        raise DoesNotFit(f"{DoesNotFit.__doc__} ({error!r})") from error


async def _hand_over_one() -> None:
    echo = _Echo()
    app = Quart("probe")

    @app.websocket("/")
    async def route() -> None:
        await converse(echo, Limits())

    ours, theirs = _pair()
    room = Room()
    room.census.enter("probe")
    site = Site(wrap_app(app, 1, "asgi"), RoomConfig(room.limits), WorkerContext(None), {}, None, room)
    running = asyncio.ensure_future(Wire(site, "probe").run(ours))
    try:
        await _speak(theirs)
        await running
        assert echo.heard == 1000, "the close was not heard"
        assert not room.failures, "the connection failed"
        assert not room.sockets and not room.wires and not room.census.total, "something was left behind"
    finally:
        running.cancel()
        room.wheel.stop()
        theirs.close()


def _pair() -> tuple[socket.socket, socket.socket]:
    """TCP, not socketpair: picows sets TCP options."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname(), timeout=2)
        ours, _ = listener.accept()
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


async def _speak(theirs: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(theirs, _REQUEST)
    head = await _read(loop, theirs, b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), f"the answer was {head[:60]!r}"
    await loop.sock_sendall(theirs, _PING + _CLOSE)
    assert await _read(loop, theirs, b"\x88\x02\x03\xe8") == b"\x82\x04ping\x88\x02\x03\xe8", "the echo is wrong"
    await loop.sock_recv(theirs, 1)


async def _read(loop: Any, theirs: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        more = await loop.sock_recv(theirs, 4096)
        assert more, f"the connection ended after {data[-60:]!r}"
        data += more
    return data
