"""The same conversation through Quart's test client and through HTTP/2."""

import asyncio
import socket
import ssl
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
import uvloop
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.events import RawData
from quart import Quart

from tests.patience import PATIENCE_S
from tracker.websocket import Limits, PlainConnection, Room, Socket, converse
from tracker.websocket.config import RoomConfig
from tracker.websocket.site import Site
from tracker.websocket.wire import Wire

from .raw import CLOSE, TEXT, frame
from .server import Server

SCOPE: dict[str, Any] = {
    "type": "websocket",
    "asgi": {"spec_version": "2.3", "version": "3.0"},
    "http_version": "1.1",
    "scheme": "ws",
    "path": "/",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
    "subprotocols": [],
    "extensions": {},
}


class Recorded:
    """Echoes, and remembers what happened."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.ended = asyncio.Event()

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self.events.append("opened")
        socket.send("hello")

    def received(self, message: str | bytes) -> None:
        self.events.append(message)
        self.socket.send(message)
        if message == "close":
            self.socket.close(4000, "why not")

    def drained(self) -> None: ...

    def closed(self, code: int) -> None:
        self.events.append(code)
        self.ended.set()


def application(conversation: Recorded, limits: Limits) -> Quart:
    app = Quart("test")
    app.asgi_websocket_class = PlainConnection

    @app.websocket("/")
    async def route() -> None:
        await converse(conversation, limits)

    return app


async def ends(client: Any) -> None:
    """Quart 0.22's client raises its own error at a close, the one of 0.23 waits for ever."""
    with pytest.raises(Exception, match=r"^$|4000|1009"):
        await asyncio.wait_for(client.receive(), 0.5)


async def test_the_test_client_talks() -> None:
    conversation = Recorded()
    async with application(conversation, Limits()).test_client().websocket("/") as client:
        assert await client.receive() == "hello"
        for message in ("text", b"bytes", ""):  # its own receive makes None of b""
            await client.send(message)
            assert await client.receive() == message
    assert conversation.events == ["opened", "text", b"bytes", "", 1006]


async def test_the_test_client_sees_the_close() -> None:
    conversation = Recorded()
    async with application(conversation, Limits()).test_client().websocket("/") as client:
        assert await client.receive() == "hello"
        await client.send("close")
        assert await client.receive() == "close"
        await ends(client)
    assert conversation.events == ["opened", "close", 4000]


async def test_the_test_client_may_not_send_too_much() -> None:
    conversation = Recorded()
    async with application(conversation, Limits(message_bytes=10)).test_client().websocket("/") as client:
        assert await client.receive() == "hello"
        await client.send("x" * 11)
        await ends(client)
    assert conversation.events == ["opened", 1009]


async def test_a_conversation_ends_with_a_connection_that_failed() -> None:
    """The server cancels its application then, and Quart leaves what it had begun running."""
    conversation = Recorded()
    app, sent = application(conversation, Limits()), asyncio.Queue[dict[str, Any]]()
    to_app = asyncio.Queue[dict[str, Any]]()
    running = asyncio.create_task(app(SCOPE, to_app.get, sent.put))  # type: ignore[arg-type]
    to_app.put_nowait({"type": "websocket.connect"})
    while (await sent.get())["type"] != "websocket.send":
        pass
    running.cancel()
    await asyncio.wait([running])
    await asyncio.wait_for(conversation.ended.wait(), PATIENCE_S)
    assert conversation.events == ["opened", 1006]


def test_what_is_written_to_a_connection_that_is_closed_is_no_failure() -> None:
    """uvloop's transports raise, which would end the application's task and leave its conversation behind."""

    async def write_late() -> None:
        room = Room()
        wire = Wire(Site(None, RoomConfig(room.limits), WorkerContext(None), {}, None, room), "test")
        ours, theirs = socket.socketpair()
        await asyncio.get_running_loop().connect_accepted_socket(lambda: wire, ours)
        async with asyncio.TaskGroup() as writers:
            writers.create_task(wire.send(RawData(b"more than the peer reads" * 1_000_000)))
            writers.create_task(wire.send(RawData(b"in its turn, after that")))
            await asyncio.sleep(0)
            wire.abort()
        theirs.close()

    uvloop.run(write_late())


async def test_http2_carries_the_same_conversation(identity: dict[str, str]) -> None:
    """RFC 8441, on the plain path."""
    with Server(**identity, http2=True, limits={"first_message_s": None}) as server:
        context = ssl.create_default_context(cafile=identity["authority"])
        context.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.address.port, ssl=context, server_hostname="localhost"
        )
        client = Http2(reader, writer)
        assert await client.open("/echo") == "200"
        await client.send(frame(TEXT, b"over two"))
        assert await client.read(10) == b"\x81\x08over two"
        await client.send(frame(CLOSE, b"\x03\xe8"))
        assert await client.read(4) == b"\x88\x02\x03\xe8"
        writer.close()
        await writer.wait_closed()


class Http2:
    """One extended CONNECT."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._connection = h2.connection.H2Connection(h2.config.H2Configuration())
        self._data = b""

    async def open(self, path: str) -> str:
        self._connection.initiate_connection()
        headers = {
            ":method": "CONNECT",
            ":protocol": "websocket",
            ":scheme": "https",
            ":path": path,
            ":authority": "localhost",
            "sec-websocket-version": "13",
        }
        self._stream = self._connection.get_next_available_stream_id()
        self._connection.send_headers(self._stream, list(headers.items()))
        await self._flush()
        while True:
            for event in await self._events():
                if isinstance(event, h2.events.ResponseReceived):
                    return dict(event.headers)[b":status"].decode()

    async def send(self, data: bytes) -> None:
        self._connection.send_data(self._stream, data)
        await self._flush()

    async def read(self, size: int) -> bytes:
        while len(self._data) < size:
            await self._events()
        data, self._data = self._data[:size], self._data[size:]
        return data

    async def _events(self) -> list[Any]:
        data = await asyncio.wait_for(self._reader.read(65536), PATIENCE_S)
        assert data
        events: list[Any] = self._connection.receive_data(data)
        self._data += b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived))
        await self._flush()
        return events

    async def _flush(self) -> None:
        self._writer.write(self._connection.data_to_send())
        await self._writer.drain()
