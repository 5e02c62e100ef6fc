"""The servers bench/websocket.py compares: `python -m bench.websocket_servers ours|picows|stock`.

Each counts the messages it receives and sends one frame to all its connections on demand, or only to those that said
"view". Orders are lines on stdin: `count` answers the count and the tasks; `collect` collects garbage; `push BYTES
TIMES HZ` sends, and answers `pushed` when done; `end` ends.
"""

import asyncio
import gc
import sys
from collections.abc import Callable

import picows
import uvloop
from quart import Quart, websocket

from tracker.websocket import Endpoint, Limits, PlainConnection, Room, Shutdown, Socket, converse, prebuild, serve

UNLIMITED = Limits(
    frames_per_s=10**9, first_message_s=None, connections=100_000, connections_per_address=100_000, spare_descriptors=64
)
ToAll = Callable[[], None]


class Tally:
    """What a server counts, and how it sends to all: `ready` makes the frame and answers what sends it."""

    def __init__(self, ready: Callable[[bytes], ToAll]) -> None:
        self.count = 0
        self.viewers: list[Socket] = []
        self._ready = ready

    async def obey(self) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while (order := (await reader.readline()).decode().split()) and order[0] != "end":
            if order[0] == "collect":
                print(gc.collect(), flush=True)
            elif order[0] == "count":
                print(self.count, len(asyncio.all_tasks()), flush=True)
            else:
                await self._push(*(int(word) for word in order[1:]))

    async def _push(self, size: int, times: int, hz: int) -> None:
        for _ in range(times):
            self._ready(b"x" * size)()
            await asyncio.sleep(1 / hz)
        print("pushed", flush=True)


class Counted:
    """A conversation that counts."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def opened(self, socket: Socket) -> None:
        self._socket = socket

    def received(self, message: str | bytes) -> None:
        self._tally.count += 1
        if message == "view":
            self._tally.viewers.append(self._socket)

    def drained(self) -> None: ...

    def closed(self, code: int) -> None: ...


def say(addresses: list[str]) -> None:
    print(addresses[0].rpartition(":")[2], flush=True)


async def ours() -> None:
    room = Room(UNLIMITED)

    def ready(data: bytes) -> ToAll:
        frame = prebuild(data)

        def to_all() -> None:
            for socket in tally.viewers or room.sockets:
                if not socket.buffered:
                    socket.send_prebuilt(frame)

        return to_all

    tally = Tally(ready)
    app = Quart("bench")
    app.asgi_websocket_class = PlainConnection

    @app.websocket("/")
    async def route() -> None:
        await converse(Counted(tally), UNLIMITED)

    shutdown = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(app, Endpoint(["127.0.0.1:0"]), Shutdown(shutdown, grace=1.0), room=room, ready=say))
        await tally.obey()
        shutdown.set()


class Listener(picows.WSListener):
    """What picows's own documentation shows, counting."""

    def __init__(self, tally: Tally, transports: set[picows.WSTransport]) -> None:
        self._tally = tally
        self._transports = transports

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transports.add(transport)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self._transports.discard(transport)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.TEXT:
            self.received(frame.get_payload_as_utf8_text())
        elif frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()

    def received(self, message: str) -> None:
        self._tally.count += 1


async def picows_alone() -> None:
    transports: set[picows.WSTransport] = set()

    def ready(data: bytes) -> ToAll:
        def to_all() -> None:
            for transport in transports:
                transport.send(picows.WSMsgType.BINARY, data)

        return to_all

    tally = Tally(ready)
    server = await picows.ws_create_server(
        lambda _: Listener(tally, transports), "127.0.0.1", 0, backlog=8192, max_frame_size=65536
    )
    say([f"127.0.0.1:{server.sockets[0].getsockname()[1]}"])
    await tally.obey()


async def stock() -> None:
    """Quart on Hypercorn as they come."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    from tracker.websocket.door import describe_address, listen

    tally = Tally(lambda _: lambda: None)
    app = Quart("bench")

    @app.websocket("/")
    async def route() -> None:
        while True:
            await websocket.receive()
            tally.count += 1

    listener = listen("127.0.0.1:0", UNLIMITED)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.backlog = 8192
    config.errorlog = None
    task = asyncio.ensure_future(hypercorn_serve(app, config, shutdown_trigger=asyncio.Event().wait))
    await asyncio.sleep(0.5)  # it starts listening by itself
    say([describe_address(listener)])
    await tally.obey()
    task.cancel()


SERVERS = {"ours": ours, "picows": picows_alone, "stock": stock}

if __name__ == "__main__":
    uvloop.run(SERVERS[sys.argv[1]]())
