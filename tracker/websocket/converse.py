"""The one function a route calls."""

import asyncio
from typing import cast

from quart import Websocket, websocket
from werkzeug.exceptions import BadRequest

from .http1 import is_key
from .limits import Limits
from .plain import PlainSocket
from .room import Room
from .socket import Conversation
from .wire import KEY, Wire


async def converse(conversation: Conversation, limits: Limits) -> None:
    """Accept the WebSocket of this request, and let `conversation` have it.

    Call it last in a Quart websocket route, once the request has been found good; nothing behind it is sure to run.
    Raises BadRequest (400) for a handshake that cannot be answered.
    """
    request = cast(Websocket, websocket._get_current_object())  # type: ignore[attr-defined]
    wire = request.scope.get("state", {}).get(KEY)
    if isinstance(wire, Wire) and wire.can_hand_over:
        await _hand_over(wire, request, conversation, limits)
    else:
        await _serve_plain(wire if isinstance(wire, Wire) else None, request, conversation, limits)


async def _hand_over(wire: Wire, request: Websocket, conversation: Conversation, limits: Limits) -> None:
    key = request.headers.get("Sec-WebSocket-Key", "")
    if not is_key(key.encode("latin-1", "replace")):
        raise BadRequest("Sec-WebSocket-Key is not 16 bytes in base64")
    wire.hand_over(key, conversation, limits, choose_protocol(request, limits))
    # Hypercorn now takes the connection for closed and has Quart end this task. Returning first would have it answer
    # 500 for a request without a response, into the void but into the log as well.
    await asyncio.get_running_loop().create_future()


async def _serve_plain(wire: Wire | None, request: Websocket, conversation: Conversation, limits: Limits) -> None:
    room = wire.room if wire else Room(limits)
    count_taken = wire.count_taken if wire and request.http_version != "2" else None
    await request.accept(subprotocol=choose_protocol(request, limits))
    try:
        await PlainSocket(request, conversation, limits, room, count_taken).run()
    finally:
        if wire and request.http_version != "2":
            # Hypercorn waits for the peer's half of the close for ever, and a vanished peer never sends it.
            asyncio.get_running_loop().call_later(limits.close_s, wire.abort)
        if not room.wires:
            room.wheel.stop()


def choose_protocol(request: Websocket, limits: Limits) -> str | None:
    """Ours where it is offered; of others none, which is how one says that they are not spoken here."""
    offered = [name.strip() for line in request.headers.getlist("Sec-WebSocket-Protocol") for name in line.split(",")]
    return next((name for name in offered if name in limits.subprotocols), None)
