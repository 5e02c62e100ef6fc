"""The end of a connection whose peer still sends.

Closed with bytes unread, the kernel answers with a reset, which overtakes our goodbye. So a second descriptor keeps the
connection while its transport closes; then we stop writing, and throw away a bounded rest of what comes (7.1.1).
"""

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any, Final

from .limits import Limits

# kept at once, for each is a descriptor that no other limit counts; further ones are closed without a rest
MOST: Final = 64
_WASTE: Final = bytearray(256 * 1024)
"""Where all of it goes: new memory for each piece would cost more than to read it."""


class Rests:
    """Those of one server."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept = 0

    def keep(self, transport: Any) -> "Rest | None":
        """Call before the transport is closed, and `begin` once it is. None where there are too many."""
        connection = transport.get_extra_info("socket")
        if self._kept >= MOST or connection is None:
            return None
        try:
            return self.take(socket.socket(fileno=os.dup(connection.fileno())))
        except OSError:
            return None  # it was reset meanwhile, or there are no descriptors

    def take(self, sock: socket.socket) -> "Rest | None":
        """The same for a socket that has no transport. None: it is still the caller's."""
        if self._kept >= MOST:
            return None
        self._kept += 1
        return Rest(sock, self)

    def release(self) -> None:
        self._kept -= 1

    @property
    def seconds(self) -> float:
        return self._limits.close_s

    @property
    def most(self) -> int:
        return self._limits.unread_bytes


class Rest:
    def __init__(self, sock: socket.socket, rests: Rests) -> None:
        self._sock = sock
        self._rests = rests
        self._left = rests.most

    def begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._rests.seconds, self._end)
        self._sock.setblocking(False)
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        loop.add_reader(self._sock, self._discard)

    def _discard(self) -> None:
        try:
            size = self._sock.recv_into(_WASTE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            size = 0
        self._left -= size
        if not size or self._left < 0:
            self._end()

    def _end(self) -> None:
        self._deadline.cancel()
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()
        self._rests.release()
