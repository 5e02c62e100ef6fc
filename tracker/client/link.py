"""Link: one WebSocket connection of a device, from the handshake to its close code."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from tracker.client import messages
from tracker.client.backoff import Ending
from tracker.client.buffer import Frame

UNWELCOMED_S: Final = 20.0  # the heartbeat, until the server says which one it wants


class Link(WSListener):
    """`ended` is done exactly once, however it goes."""

    def __init__(self, hello: messages.Hello, received: "Callable[[Link, messages.FromServer], None]") -> None:
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.writable = True
        self._hello = hello
        self._received = received
        self._transport: WSTransport | None = None
        self._parts: list[bytes] = []
        self._heard = True
        self._after_ms = 0
        self._beat: asyncio.TimerHandle | None = None
        self._over = False  # not `ended.done()`: a cancelled wait cancels the future too

    @property
    def was_opened(self) -> bool:
        return self._transport is not None

    # -- what goes out

    def send(self, frame: Frame) -> None:
        assert self._transport is not None
        self._transport.send(WSMsgType.BINARY if frame.binary else WSMsgType.TEXT, frame.message)

    def send_text(self, message: bytes) -> None:
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, message)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    def close(self) -> None:
        """Say goodbye, if there is still somebody to say it to."""
        self._stop_beating()
        if self._transport is not None and not self._over:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()
        self._over = True

    # -- what picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self.send_text(msgspec.json.encode(self._hello))
        self._listen_for(UNWELCOMED_S)  # one that is cut off before its welcome would wait for it for ever

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self._over:  # what still comes is for nobody: the next connection will hear it again
            return
        self._heard = True
        kind = frame.msg_type
        if kind == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind == WSMsgType.CLOSE:
            self._closed(transport, frame.get_payload_as_bytes())
        elif kind != WSMsgType.PONG:
            self._parts.append(frame.get_payload_as_bytes())
            if frame.fin:
                message, self._parts = b"".join(self._parts), []
                self._message(messages.decode(message))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._end(Ending(1006, "the connection is gone", self._after_ms))

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True

    # -- what it means

    def _message(self, message: messages.FromServer | None) -> None:
        match message:
            case None:
                return
            case messages.GoingAway(after_ms=after_ms):
                self._after_ms = after_ms
            case messages.Welcome(heartbeat=seconds):
                self._listen_for(seconds)
        self._received(self, message)

    def _closed(self, transport: WSTransport, payload: bytes) -> None:
        code = int.from_bytes(payload[:2], "big") if payload else 1005
        self._end(Ending(code, payload[2:].decode(errors="replace"), self._after_ms))
        transport.send_close(code if payload else WSCloseCode.OK)  # type: ignore[arg-type]  # any number will do
        transport.disconnect()

    def _end(self, ending: Ending) -> None:
        self._stop_beating()
        self._over = True
        if not self.ended.done():
            self.ended.set_result(ending)

    # -- the heartbeat

    def _listen_for(self, seconds: float) -> None:
        """Silence for one heartbeat: ask. For two: the server is gone, whatever TCP believes."""
        self._stop_beating()
        self._beat = asyncio.get_running_loop().call_later(seconds, self._silence, seconds, False)

    def _silence(self, seconds: float, asked: bool) -> None:
        if not self._heard and asked:
            self._end(Ending(4001, "the server fell silent"))
            self.abort()
            return
        if not self._heard and self._transport is not None:
            self._transport.send_ping()
        asked, self._heard = not self._heard, False
        self._beat = asyncio.get_running_loop().call_later(seconds, self._silence, seconds, asked)

    def _stop_beating(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None
