"""A socket on a connection that was handed over to picows: frames in C, messages here.

One object per connection, and it is everything at once: the listener picows calls, the socket the application holds,
the thing the wheel looks at, and the log picows complains to. Each further object would cost memory ten thousand times.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from .assembly import (
    GONE,
    INVALID_TEXT,
    NO_STATUS,
    POLICY,
    PROTOCOL_ERROR,
    TOO_BIG,
    Assembly,
    Violation,
    read_close_code,
)
from .budget import Budget
from .deadlines import Deadlines
from .limits import Limits
from .outgoing import COPIED, HEADER, LONGEST, join_frames, with_room
from .parser import read_buffer
from .rest import Rest
from .room import Room
from .socket import Conversation, Prebuilt
from .taken import count_acked

log = logging.getLogger("tracker.websocket")

TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY
CONTINUATION: Final = WSMsgType.CONTINUATION
PING: Final = WSMsgType.PING
PONG: Final = WSMsgType.PONG


class HandedSocket(Deadlines, WSListener):
    __slots__ = (
        "_assembly",
        "_behind",
        "_closing_since",
        "_code",
        "_control",
        "_conversation",
        "_frames",
        "_heard",
        "_limits",
        "_open",
        "_paused",
        "_pinged_at",
        "_queued",
        "_received",
        "_rest",
        "_room",
        "_silent_since",
        "_stalled_since",
        "_taken",
        "_throttled",
        "_wheel",
        "_wire",
        "due",
        "peer",
    )

    def __init__(self, conversation: Conversation, limits: Limits, room: Room, peer: str) -> None:
        self.peer = peer
        self.due = 0
        self._conversation: Conversation | None = conversation
        self._received: Callable[[str | bytes], None] = self._received_first
        self._limits = limits
        self._room = room
        self._wheel = room.wheel
        self._heard = room.wheel.now
        self._frames = Budget(limits.frames_per_s, 1.0)
        self._control = Budget(limits.control_frames_per_s, limits.burst_s)
        self._assembly: Assembly | None = None
        self._open = False
        self._paused = False
        self._throttled = False
        self._rest: Rest | None = None
        self._code: int | None = None
        self._closing_since: float | None = None
        self._silent_since: float | None = None
        self._pinged_at: float | None = None
        self._stalled_since: float | None = None
        self._queued = 0
        self._taken = 0
        self._behind = 0

    @property
    def was_opened(self) -> bool:
        return hasattr(self, "_wire") or self._conversation is None

    # -- the socket the application holds ---------------------------------------------------------------------------

    @property
    def buffered(self) -> int:
        return self._wire.underlying_transport.get_write_buffer_size() if self._open else 0

    @property
    def read_buffer(self) -> int:
        """Bytes kept for what is read next."""
        return read_buffer(self._wire.underlying_transport) if self._open else 0

    def send(self, message: str | bytes) -> None:
        if self._open:
            if self._stalled_since is not None and not self._may_queue(len(message)):
                return
            kind = TEXT if type(message) is str else BINARY
            if len(message) <= COPIED:
                self._wire.send(kind, message)
            else:
                self._wire.send_reuse_external_bytearray(kind, with_room(message), HEADER)

    def send_all(self, texts: Sequence[str]) -> None:
        """Past picows, which makes a system call of each message. Who does not take what is sent gets them one by one,
        so that they are counted."""
        if self._open and self._stalled_since is None and len(texts) > 1 and max(map(len, texts)) <= LONGEST:
            self._wire.underlying_transport.write(join_frames(texts))
        else:
            for text in texts:
                self.send(text)

    def send_prebuilt(self, frame: Prebuilt) -> None:
        if self._open:
            if self._stalled_since is not None and not self._may_queue(len(frame)):
                return
            self._wire.send_reuse_external_bytearray(frame.kind, frame.buffer, HEADER)

    def pause_reading(self) -> None:
        if self._open and not self._paused:
            self._paused = True
            self._read_or_not()

    def resume_reading(self) -> None:
        if self._open and self._paused:
            self._paused = False
            self._read_or_not()

    def _read_or_not(self) -> None:
        if self._paused or self._throttled:
            self._wire.underlying_transport.pause_reading()
        else:
            self._heard = self._wheel.now
            self._wire.underlying_transport.resume_reading()

    def close(self, code: int, reason: str = "") -> None:
        if not self._open:
            return
        self._paused = self._throttled = False
        self._read_or_not()  # or the answer would never be read
        self._open = False
        self._code = self._code or code
        self._closing_since = self._wheel.now
        self._wire.send_close(code, reason.encode()[:123] or None)
        self._wheel.watch(self, self._limits.close_s)

    def abort(self) -> None:
        if self._conversation is not None:
            self._open = False
            self._wire.underlying_transport.abort()

    # -- what picows calls ------------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._wire = transport
        if self._open:
            return  # a new parser for the same socket
        self._open = True
        self._silent_since = self._wheel.now
        self._room.sockets.add(self)
        self._wheel.watch(self, self._find_next_look())
        assert self._conversation is not None
        self._conversation.opened(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._heard = self._wheel.now
        if not self._frames.take() and not self._read_later():
            return
        kind = frame.msg_type
        if frame.fin and self._assembly is None and self._open and not (frame.rsv1 or frame.rsv2 or frame.rsv3):
            if kind is BINARY:
                self._received(frame.get_payload_as_bytes())
                return
            if kind is TEXT:
                try:
                    text = frame.get_payload_as_utf8_text()
                except UnicodeDecodeError:
                    self._close_for(Violation(INVALID_TEXT, "not UTF-8"))
                    return
                self._received(text)
                return
        try:
            self._frame(kind, frame)
        except Violation as violation:
            self._close_for(violation)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._open = False
        self._wheel.forget(self)
        self._room.sockets.discard(self)
        self._room.census.leave(self.peer)
        conversation, self._conversation = self._conversation, None
        self._received = _nobody
        handshake: Any = transport.close_handshake
        if self._code is None and handshake is not None and handshake.sent is not None:
            self._code = int(handshake.sent.code)  # picows itself closed, for a bad frame
            self._room.violations[self._code] += 1
        if self._rest is not None:
            self._rest.begin()
        del self._wire  # it, picows and this one hold each other: cut, so that nothing waits for a collection
        if conversation is not None:
            conversation.closed(self._code or GONE)

    def pause_writing(self) -> None:
        self._stalled_since = self._wheel.now
        transport = self._wire.underlying_transport
        self._queued, self._taken = transport.get_write_buffer_size(), count_acked(transport)
        self._behind = 0
        if self._closing_since is None:
            self._wheel.watch(self, self._find_next_look())

    def resume_writing(self) -> None:
        self._stalled_since = None
        self._heard = self._wheel.now  # it reads, so it lives
        if self._open and self._conversation is not None:
            self._conversation.drained()

    # -- frames that are not one whole message -----------------------------------------------------------------------

    def _frame(self, kind: WSMsgType, frame: WSFrame) -> None:
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise Violation(PROTOCOL_ERROR, "reserved bits set")
        if kind in (PING, PONG):
            if not self._control.take():
                raise Violation(POLICY, "too many control frames")
            if kind is PING and self._stalled_since is None:  # who does not read needs no further answers
                self._wire.send_pong(frame.get_payload_as_bytes())
        elif kind is WSMsgType.CLOSE:
            self._answer_close(frame.get_payload_as_bytes())
        elif self._open:
            self._fragment(kind, frame)

    def _fragment(self, kind: WSMsgType, frame: WSFrame) -> None:
        if (kind is CONTINUATION) is (self._assembly is None):
            raise Violation(PROTOCOL_ERROR, "fragments out of order")
        if self._assembly is None:
            self._assembly = Assembly(text=kind is TEXT, limit=self._limits.message_bytes)
        message = self._assembly.add(frame.get_payload_as_bytes(), last=bool(frame.fin))
        if message is not None:
            self._assembly = None
            self._received(message)

    def _answer_close(self, payload: bytes) -> None:
        if self._open:
            try:
                code = read_close_code(payload)
                self.close(1000 if code == NO_STATUS else code)
                self._code = code
            except Violation as violation:
                self._room.violations[violation.code] += 1
                self.close(violation.code, violation.reason)
        self._wire.disconnect()  # both have said goodbye, and the server hangs up first

    def _received_first(self, message: str | bytes) -> None:
        assert self._conversation is not None
        self._silent_since = None
        self._received = self._conversation.received
        self._received(message)

    # -- limits -----------------------------------------------------------------------------------------------------

    def _read_later(self) -> bool:
        """This frame came before its time. False: it is one of a flood, or of what follows our close."""
        if not self._open or self._frames.owed > self._limits.frames_ahead:
            self._close_for(Violation(POLICY, "too many frames"))
            return False
        if not self._throttled:
            self._throttled = True
            self._read_or_not()
            self._wheel.watch(self, self._find_next_look())
        return True

    def _may_queue(self, size: int) -> bool:
        if self._behind > self._limits.buffered_bytes:
            self._cut(self._limits.stalled_code)
            return False
        self._behind += size
        self._queued += size
        return True

    def _cut(self, code: int) -> None:
        self._code = self._code or code
        self.abort()

    def _close_for(self, violation: Violation) -> None:
        if not self._open:
            self._drain()
            return
        self._room.violations[violation.code] += 1
        self._assembly = None
        self.close(violation.code, violation.reason)
        if violation.code in (POLICY, TOO_BIG):
            self._drain()  # it floods: what it sends is not even parsed

    def _drain(self) -> None:
        """The goodbye goes out, and what still comes in is thrown away."""
        self._keep_rest()
        self._wire.underlying_transport.pause_reading()
        self._wire.disconnect()

    def _keep_rest(self) -> None:
        if self._rest is None:
            self._rest = self._room.rests.keep(self._wire.underlying_transport)

    # -- the log picows complains to ----------------------------------------------------------------------------------

    def isEnabledFor(self, level: int) -> bool:
        return False

    def error(self, *_: Any) -> None:
        """A frame that cannot be parsed. picows closes in 10 ms; in these it may not fill our memory."""
        handshake: Any = self._wire.close_handshake
        if self._open and handshake is not None and handshake.recv is not None:
            self.close(int(handshake.recv.code) or 1000)  # it came right behind a close frame, which counts
        self._open = False
        self._closing_since = self._wheel.now
        self._keep_rest()
        self._wire.underlying_transport.pause_reading()
        self._wheel.watch(self, self._limits.close_s)

    def exception(self, *_: Any) -> None:
        """The conversation raised; picows closes with 1011."""
        log.exception("a conversation failed")
        self.error()

    def info(self, *_: Any) -> None: ...

    warning = debug = log = info


def _nobody(_message: str | bytes) -> None:
    """Frames behind the one that closed the socket."""
