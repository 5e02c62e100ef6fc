"""The same conversation through Quart's test client and through HTTP/2."""

import asyncio
import ssl
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from quart import Quart

from tracker.websocket import Limits, PlainConnection, Socket, converse

from .raw import CLOSE, TEXT, frame
from .server import Server


class Recorded:
    """Echoes, and remembers what happened."""

    def __init__(self) -> None:
        self.events: list[Any] = []

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
        data = await asyncio.wait_for(self._reader.read(65536), 5)
        assert data
        events: list[Any] = self._connection.receive_data(data)
        self._data += b"".join(event.data for event in events if isinstance(event, h2.events.DataReceived))
        await self._flush()
        return events

    async def _flush(self) -> None:
        self._writer.write(self._connection.data_to_send())
        await self._writer.drain()
