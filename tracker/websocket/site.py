"""What every connection of one server needs to begin."""

import ssl as tls
from dataclasses import dataclass
from typing import Any

from hypercorn.asyncio.worker_context import WorkerContext

from .config import RoomConfig
from .plain_request import Take
from .room import Room
from .shortcut import Admit


@dataclass(frozen=True)
class Site:
    """The application, and the short ways beside it."""

    app: Any
    config: RoomConfig
    context: WorkerContext
    state: dict[str, Any]
    tls: tls.SSLContext | None
    room: Room
    hand_over: bool = True
    """False keeps every connection on the plain path; the tests run over both."""
    admit: Admit | None = None
    """Who may come in by the short way."""
    take: Take | None = None
    """What answers plain requests by the short way."""


def read_address(name: Any) -> tuple[str, int] | None:
    """Of one end of a connection, as ASGI has it; a unix socket has none."""
    return (name[0], name[1]) if isinstance(name, tuple) else None
