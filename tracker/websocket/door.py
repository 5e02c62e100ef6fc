"""The listening sockets: who comes in, how many at a time, and what the kernel may keep for each."""

import asyncio
import errno
import logging
import socket
from pathlib import Path
from typing import Final

from .limits import Limits
from .room import Room
from .site import Site
from .wire import Wire

log = logging.getLogger("tracker.websocket")

_OUT_OF_DESCRIPTORS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_REFUSED: Final = {
    429: b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    503: b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
}


class Door:
    """One listening socket. Takes a few connections per turn of the loop; the kernel's backlog holds the others."""

    def __init__(self, listener: socket.socket, site: Site, connections: asyncio.TaskGroup) -> None:
        self._listener = listener
        self._site = site
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._loop.add_reader(listener, self._admit)

    def shut(self) -> None:
        if self._listener.fileno() < 0:
            return
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _admit(self) -> None:
        for _ in range(self._site.room.limits.accepts_per_turn):
            try:
                arrived, name = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:
                self._rest(error)
                return
            self.receive(arrived, name[0] if isinstance(name, tuple) else "")

    def receive(self, arrived: socket.socket, address: str, early: bytes | None = None) -> None:
        """`early`: what was read of it in another process, which gave it to us: it let it in, and knows whose it is."""
        room = self._site.room
        status = room.census.refusal(address) if early is None else 503 if room.census.is_full else None
        if status is not None:
            room.refused[status] += 1
            _refuse(arrived, status if self._site.tls is None else None, room)
            return
        arrived.setblocking(False)
        room.census.enter(address)
        self._connections.create_task(Wire(self._site, address, early).run(arrived))

    def _rest(self, error: OSError) -> None:
        """Out of descriptors after all: try again in a second, and say so once, not once for each attempt."""
        if error.errno not in _OUT_OF_DESCRIPTORS:
            raise error
        log.error("cannot accept connections: %s", error.strerror)
        self._pause(1.0)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._resting = self._loop.call_later(seconds, self._loop.add_reader, self._listener, self._admit)


def _refuse(arrived: socket.socket, status: int | None, room: Room) -> None:
    """Answer without looking at what was asked."""
    if status is not None:
        try:
            arrived.setblocking(False)
            arrived.send(_REFUSED[status])
        except OSError:
            status = None  # gone already
    rest = room.rests.take(arrived) if status is not None else None
    if rest is None:
        arrived.close()
    else:
        rest.begin()


def listen(address: str, limits: Limits) -> socket.socket:
    """A listening socket for `host:port`, `[v6]:port`, `unix:path` or `fd://number`, which is one that somebody bound
    and handed down to us; what is set here, accepted ones inherit."""
    if address.startswith("fd://"):
        return _listen_on(socket.socket(fileno=int(address.removeprefix("fd://"))), limits)
    if address.startswith("unix:"):
        return _listen_unix(address.removeprefix("unix:"), limits)
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, address) from None  # the kernel does not say which of them it was
    return _listen_on(listener, limits)


def _listen_on(listener: socket.socket, limits: Limits) -> socket.socket:
    options = (
        (socket.SOL_SOCKET, socket.SO_SNDBUF, limits.send_buffer_bytes),
        (socket.SOL_SOCKET, socket.SO_RCVBUF, limits.receive_buffer_bytes),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.IPPROTO_TCP, getattr(socket, "TCP_NOTSENT_LOWAT", 25), limits.unsent_bytes),
        (socket.IPPROTO_TCP, getattr(socket, "TCP_USER_TIMEOUT", 18), int(limits.user_timeout_s * 1000)),
    )
    for level, option, value in options:
        listener.setsockopt(level, option, value)
    listener.listen(limits.backlog)
    listener.setblocking(False)
    return listener


def _listen_unix(path: str, limits: Limits) -> socket.socket:
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(limits.backlog)
    listener.setblocking(False)
    return listener


def describe_address(listener: socket.socket) -> str:
    """Where it listens, in the form `listen` takes."""
    name = listener.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{host}:{name[1]}"
