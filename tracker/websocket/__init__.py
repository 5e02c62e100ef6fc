"""WebSockets that hold, under Quart and Hypercorn. Knows nothing of devices; see docs/websocket.md.

A connection is accepted by us (door), speaks HTTP through Hypercorn (wire, http1) to a Quart route, and goes from
there to picows (converse, handed), or stays on plain ASGI where it has to (plain). The application hears messages.
"""

from .converse import converse
from .limits import Limits
from .plain import PlainConnection
from .plain_request import PlainAnswer, PlainRequest, Take
from .room import Room
from .serve import Endpoint, Shutdown, serve
from .shortcut import Admission, Admit, Give, Handshake
from .socket import Conversation, Prebuilt, Socket, prebuild
from .usher import Usher

__all__ = [
    "Admission",
    "Admit",
    "Conversation",
    "Endpoint",
    "Give",
    "Handshake",
    "Limits",
    "PlainAnswer",
    "PlainConnection",
    "PlainRequest",
    "Prebuilt",
    "Room",
    "Shutdown",
    "Socket",
    "Take",
    "Usher",
    "converse",
    "prebuild",
    "serve",
]
