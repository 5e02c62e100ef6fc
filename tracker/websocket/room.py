"""What all connections of one server share."""

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from .census import Census
from .limits import Limits
from .rest import Rests
from .socket import Socket
from .turnstile import Turnstile
from .wheel import Wheel

log = logging.getLogger("tracker.websocket")


class Closable(Protocol):
    """A connection that still speaks HTTP, to whoever closes the server."""

    def close_if_idle(self) -> None:
        """Close it, unless it is at an answer."""

    def abort(self) -> None:
        """Drop it now."""

    def cancel(self) -> None:
        """End the task that serves it."""


@dataclass(eq=False)
class Room:
    """Counts for those who watch the server, and the open ends for those who close it."""

    limits: Limits = field(default_factory=Limits)
    wheel: Wheel = field(default_factory=Wheel)
    sockets: set[Socket] = field(default_factory=set)
    """Open WebSockets."""
    wires: set[Closable] = field(default_factory=set)
    """Connections that still speak HTTP."""
    violations: Counter[int] = field(default_factory=Counter)
    """Sockets closed for what they sent, by close code."""
    refused: Counter[int] = field(default_factory=Counter)
    """Connections refused at the door, by HTTP status."""
    failures: int = 0
    """Connections that ended in an exception of ours."""

    def __post_init__(self) -> None:
        self.census = Census(self.limits)
        self.rests = Rests(self.limits)
        self.turnstile = Turnstile(self.limits.requests_per_turn)
        self._spoke_at = 0.0

    def log_failure(self, error: Exception) -> None:
        """Log at most one a second: who can make one fail can make thousands fail."""
        self.failures += 1
        if time.monotonic() - self._spoke_at >= 1.0:
            self._spoke_at = time.monotonic()
            log.error("a connection failed (%d so far)", self.failures, exc_info=error)
