"""picows's protocol object for one connection: made at the hand-over, and made anew when its buffer has grown."""

import base64
from http import HTTPStatus
from typing import Any, Final

from picows import WSAutoPingStrategy, WSUpgradeResponse, WSUpgradeResponseWithListener
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from .limits import Limits

_FIRST_BUFFER: Final = 2048 - 256
"""What picows reads into at first; it doubles it for each frame that does not fit, and never gives any back."""
_LARGE: Final = 8 * 1024
_ANY_KEY: Final = base64.b64encode(bytes(16)).decode()


class HandOverFailed(Exception):
    """picows did not accept the request we made for it."""


class _Unsaid:
    """An answer to the upgrade that puts nothing on the wire: it has been given long ago."""

    status = HTTPStatus.SWITCHING_PROTOCOLS

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def to_bytes(self) -> bytearray:
        return bytearray()


def take_over(transport: Any, socket: Any, limits: Limits, key: str, protocol: str | None) -> None:
    """Answer 101 on this transport, and have `socket` called with its frames from here on. HandOverFailed if picows
    will not."""
    headers = {"Sec-WebSocket-Protocol": protocol} if protocol else None
    accepted = WSUpgradeResponse.create_101_response(headers)
    _put(transport, socket, limits, key, lambda _request: WSUpgradeResponseWithListener(accepted, socket))
    if not socket.was_opened:
        raise HandOverFailed


def read_buffer(transport: Any) -> int:
    """Bytes the parser holds for what it reads next."""
    return len(transport.get_protocol().get_buffer(-1))


def slim(transport: Any, socket: Any, limits: Limits) -> None:
    """Replace a parser whose buffer has grown, if it is between two frames.

    One that waits for the rest of a frame has less room than one of the sizes it grows through, and is left alone. (A
    rest that leaves exactly another of these sizes would be lost, and the connection closed with 1002.)
    """
    room = read_buffer(transport)
    if room > _LARGE and room % _FIRST_BUFFER == 0 and (room // _FIRST_BUFFER).bit_count() == 1:
        unsaid: Any = _Unsaid()
        _put(transport, socket, limits, _ANY_KEY, lambda _request: WSUpgradeResponseWithListener(unsaid, socket))


def feed(protocol: Any, data: bytes) -> None:
    """As if it had been read from the connection."""
    while data:
        buffer = protocol.get_buffer(-1)
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]


def _put(transport: Any, socket: Any, limits: Limits, key: str, factory: Any) -> None:
    protocol = WSProtocol(
        None,
        None,
        False,
        factory,
        socket,
        True,
        None,
        False,
        10,
        10,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        False,
        limits.message_bytes,
        None,
        2048,
    )
    protocol.connection_made(transport)
    transport.set_protocol(protocol)
    feed(protocol, _request(key))


def _request(key: str) -> bytes:
    """What picows parses again to answer 101: only what it needs, so that no offer of the peer ever reaches it."""
    return (
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()
