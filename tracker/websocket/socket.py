"""What a conversation talks through, and what it must be able to hear."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from picows import WSMsgType

_HEADER_ROOM: Final = 14  # the longest frame header; picows writes it in front of the payload, in place


@dataclass(frozen=True, slots=True, eq=False)
class Prebuilt:
    """One message made ready once, for any number of sockets."""

    message: str | bytes
    kind: WSMsgType
    buffer: bytearray  # _HEADER_ROOM spare bytes, then the payload

    def __len__(self) -> int:
        return len(self.buffer) - _HEADER_ROOM


def prebuild(message: str | bytes) -> Prebuilt:
    """A text message from a str, a binary one from bytes."""
    if isinstance(message, str):
        return Prebuilt(message, WSMsgType.TEXT, bytearray(_HEADER_ROOM) + message.encode())
    return Prebuilt(message, WSMsgType.BINARY, bytearray(_HEADER_ROOM) + message)


class Socket(Protocol):
    """One open WebSocket. Nothing here blocks or awaits; all of it does nothing once the socket is closing."""

    peer: str
    """The address at the other end of the TCP connection."""

    @property
    def buffered(self) -> int:
        """Bytes written that the kernel has not taken yet. Above 0: better skip this one until `drained`."""

    def send(self, message: str | bytes) -> None:
        """Send a str as text, bytes as binary."""

    def send_all(self, texts: Sequence[str]) -> None:
        """Send texts, in one write where there are several."""

    def send_prebuilt(self, frame: Prebuilt) -> None: ...

    def pause_reading(self) -> None:
        """Let the sender feel that we cannot follow. No pong can be heard meanwhile, so none is asked for."""

    def resume_reading(self) -> None: ...

    def close(self, code: int, reason: str = "") -> None:
        """Start the close handshake; a peer that does not answer within `Limits.close_s` is aborted."""

    def abort(self) -> None:
        """Drop the connection now, without a word."""


class Conversation(Protocol):
    """What the application does with one accepted connection. Plain functions, called on the event loop, in order."""

    def opened(self, socket: Socket) -> None: ...

    def received(self, message: str | bytes) -> None:
        """A whole message within the size limit; a str is valid UTF-8."""

    def drained(self) -> None:
        """All that was `buffered` has been taken."""

    def closed(self, code: int) -> None:
        """Exactly once after `opened`, whatever the reason: the code either side closed with, 1006 for none."""
