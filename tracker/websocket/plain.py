"""A socket over plain ASGI: HTTP/2, the test client, another server. The same conversation, several times slower."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Final, cast

from quart import Websocket
from quart.asgi import ASGIWebsocketConnection

from .assembly import GONE, TOO_BIG
from .limits import Limits
from .room import Room
from .socket import Conversation, Prebuilt

_CODE: Final = "tracker.websocket.code"


class PlainConnection(ASGIWebsocketConnection):
    """Quart's, but its queue has a bound and an empty binary message stays one: `app.asgi_websocket_class`."""

    def __init__(self, app: Any, scope: Any) -> None:
        super().__init__(app, scope)
        self.queue = asyncio.Queue(8)  # bound: 8 messages, then the peer has to wait

    async def handle_messages(self, receive: Any) -> None:
        while (event := await receive())["type"] != "websocket.disconnect":
            if event["type"] == "websocket.receive":
                data = event.get("bytes")
                await self.queue.put(event["text"] if data is None else data)
        cast(dict[str, Any], self.scope)[_CODE] = event.get("code", GONE)
        await self._heard_out()

    async def _heard_out(self) -> None:
        """Quart cancels the route once this returns; what came before the close is still to be received."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while not self.queue.empty():  # noqa: ASYNC110 - a queue has no event for it
                    await asyncio.sleep(0.001)


class PlainSocket:
    """Sends through a queue and one task, since ASGI's send has to be awaited."""

    def __init__(self, websocket: Websocket, conversation: Conversation, limits: Limits, room: Room) -> None:
        client = websocket.scope.get("client")
        self.peer = client[0] if client else ""
        self.due = 0
        self._websocket = websocket
        self._conversation = conversation
        self._limits = limits
        self._room = room
        self._outbox: deque[str | bytes] = deque()  # bound: buffered_bytes, then the peer is cut
        self._buffered = 0
        self._wanted = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._open = True
        self._code: int | None = None
        self._reason = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._heard_any = False
        self._opened_at = self._progress_at = room.wheel.now

    @property
    def buffered(self) -> int:
        return self._buffered

    def send(self, message: str | bytes) -> None:
        if not self._open:
            return
        if self._buffered + len(message) > self._limits.buffered_bytes:
            self._end(self._limits.stalled_code)
            return
        if not self._outbox:
            self._progress_at = self._room.wheel.now
        self._outbox.append(message)
        self._buffered += len(message)
        self._wanted.set()

    def send_prebuilt(self, frame: Prebuilt) -> None:
        self.send(frame.message)

    def pause_reading(self) -> None:
        self._readable.clear()

    def resume_reading(self) -> None:
        self._readable.set()

    def close(self, code: int, reason: str = "") -> None:
        if self._open:
            self._open = False
            self._code, self._reason = self._code or code, reason
            self._wanted.set()
            self._room.wheel.watch(self, self._limits.close_s)

    def abort(self) -> None:
        self._end(GONE)

    # -- its life -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until either side has closed. Whoever cancels it has heard that the peer is gone."""
        self._room.sockets.add(self)
        self._room.wheel.watch(self, 1.0)
        self._conversation.opened(self)
        try:
            self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._write())]
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled():
                    task.result()
        finally:
            self._finished()

    def _finished(self) -> None:
        self._open = False
        for task in self._tasks:
            task.cancel()
        self._room.wheel.forget(self)
        self._room.sockets.discard(self)
        code = self._code or cast(dict[str, Any], self._websocket.scope).get(_CODE, GONE)
        self._conversation.closed(code)

    async def _listen(self) -> None:
        while True:
            await self._readable.wait()
            message: str | bytes = await self._websocket.receive()
            if not self._open:
                continue
            if _size(message) > self._limits.message_bytes:
                self.close(TOO_BIG, "message too big")
            else:
                self._heard_any = True
                self._conversation.received(message)

    async def _write(self) -> None:
        """Ends once the close has been sent; the server below does the rest of the handshake."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            had = self._buffered
            while self._outbox:
                message = self._outbox.popleft()
                await self._websocket.send(message)
                self._buffered -= len(message)
                self._progress_at = self._room.wheel.now
            if self._code is not None:
                await self._websocket.close(self._code, self._reason)
                return
            if had:
                self._conversation.drained()

    # -- limits -------------------------------------------------------------------------------------------------------

    def look(self) -> float | None:
        now, limits = self._room.wheel.now, self._limits
        if not self._open:
            self._end(self._code or GONE)
            return None
        if self._buffered and now - self._progress_at >= limits.write_s:
            self._end(limits.stalled_code)
            return None
        most = limits.first_message_s
        if most is not None and not self._heard_any and now - self._opened_at >= most:
            self.close(limits.first_message_code, "nothing was said")
            return None
        return min(1.0, limits.write_s / 4)

    def _end(self, code: int) -> None:
        self._open = False
        self._code = self._code or code
        for task in self._tasks:
            task.cancel()


def _size(message: str | bytes) -> int:
    return len(message) if isinstance(message, bytes) or message.isascii() else len(message.encode())
