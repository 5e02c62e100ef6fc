"""A socket over plain ASGI: HTTP/2, the test client, another server. The same conversation, several times slower."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from quart import Websocket
from quart.asgi import ASGIWebsocketConnection

from .assembly import GONE, TOO_BIG
from .limits import Limits
from .room import Room
from .socket import Conversation, Prebuilt

_INBOX: Final = "tracker.websocket.inbox"


class PlainConnection(ASGIWebsocketConnection):
    """Quart's, with our inbox between it and the server: `app.asgi_websocket_class`.

    Quart waits for its two tasks with `asyncio.wait`, which leaves them running where the waiting itself is cancelled:
    a connection that failed would keep its conversation for ever. So they end with it here.
    """

    async def __call__(self, receive: Any, send: Any) -> None:
        inbox = Inbox(receive)
        cast(dict[str, Any], self.scope)[_INBOX] = inbox
        self._running: list[asyncio.Task[Any]] = []
        try:
            await super().__call__(inbox.receive, send)
        finally:
            # They hold us by their frames: emptied, so that nothing waits for a collection.
            while self._running:
                self._running.pop().cancel()

    async def handle_messages(self, receive: Any) -> None:
        self._running.append(cast(asyncio.Task[Any], asyncio.current_task()))
        await super().handle_messages(receive)

    async def handle_websocket(self, websocket: Websocket, send: Any) -> None:
        self._running.append(cast(asyncio.Task[Any], asyncio.current_task()))
        await super().handle_websocket(websocket, send)


class Inbox:
    """Keeps the messages of a conversation away from Quart, whose queue has no bound and loses empty binary ones.

    Quart goes on calling `receive` and is only told of the end, in the way each of its versions wants to be.
    """

    def __init__(self, receive: Any) -> None:
        self.code = GONE
        self.gone = asyncio.Event()
        self._receive = receive
        self._claimed = False
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue(8)  # bound: 8 messages, then the peer has to wait
        self._quart: asyncio.Task[Any] | None = None

    async def receive(self) -> Any:
        self._quart = asyncio.current_task()
        while (event := await self._receive())["type"] == "websocket.receive" and self._claimed:
            data = event.get("bytes")
            await self._messages.put(event["text"] if data is None else data)
        if event["type"] == "websocket.disconnect":
            self.code = event.get("code", GONE)
            await self._heard_out()
            self.gone.set()
        return event

    def claim(self) -> None:
        self._claimed = True

    async def get(self) -> str | bytes:
        return await self._messages.get()

    def end(self) -> None:
        """Quart 0.23 waits for the server's word even when the route has returned."""
        if self._quart is not None:
            self._quart.cancel()

    async def _heard_out(self) -> None:
        """Quart cancels the route once it hears of the end; what came before is still to be received."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while not self._messages.empty():  # noqa: ASYNC110 - a queue has no event for it
                    await asyncio.sleep(0.001)


class PlainSocket:
    """Sends through a queue and one task, since ASGI's send has to be awaited. `count_taken`: of the bytes of its
    connection, None where others share it; a long message is taken piece by piece, and its task says nothing before."""

    def __init__(
        self,
        websocket: Websocket,
        conversation: Conversation,
        limits: Limits,
        room: Room,
        count_taken: Callable[[], int] | None = None,
    ) -> None:
        client = websocket.scope.get("client")
        self.peer = client[0] if client else ""
        self.due = 0
        self._websocket = websocket
        self._inbox: Inbox | None = cast(dict[str, Any], websocket.scope).get(_INBOX)
        self._conversation = conversation
        self._limits = limits
        self._room = room
        self._outbox: deque[str | bytes] = deque()  # bound: buffered_bytes, then the peer is cut
        self._buffered = self._behind = self._taken = 0
        self._count_taken = count_taken
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
        if not self._buffered:
            self._behind = 0
            self._progress_at = self._room.wheel.now
        elif self._behind > self._limits.buffered_bytes:
            self._end(self._limits.stalled_code)
            return
        else:
            self._behind += len(message)
        self._outbox.append(message)
        self._buffered += len(message)
        self._wanted.set()

    def send_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.send(text)

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
        self._room.wheel.watch(self, min(1.0, self._limits.write_s / 4))
        if self._inbox is not None:
            self._inbox.claim()
        self._conversation.opened(self)
        try:
            self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._write())]
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled():
                    task.result()
                    await self._await_answer()
        finally:
            self._finish()

    async def _await_answer(self) -> None:
        """We have closed: leave the peer the time to close too."""
        if self._inbox is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.close_s):
                    await self._inbox.gone.wait()

    def _finish(self) -> None:
        self._open = False
        for task in self._tasks:
            task.cancel()
        self._room.wheel.forget(self)
        self._room.sockets.discard(self)
        code = GONE
        if self._inbox is not None:
            code = self._inbox.code
            self._inbox.end()
        self._conversation.closed(self._code or code)

    async def _listen(self) -> None:
        receive = self._websocket.receive if self._inbox is None else self._inbox.get
        while True:
            await self._readable.wait()
            message: str | bytes = await receive()
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
        if self._count_taken is not None and (taken := self._count_taken()) > self._taken:
            self._taken, self._progress_at = taken, now
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
