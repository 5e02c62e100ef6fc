"""The usher: a connection that was accepted in one process goes on in another of the same machine, from its first byte.

Each process has a socket from which it takes connections, and all of them can write to it: the descriptor, where the
peer is, and the bytes that were read already. Nothing waits for an answer: who cannot give a connection away keeps it,
and what is given to a process that ends meanwhile is taken by the one in its place.
"""

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final

_LARGEST: Final = 8 * 1024  # bytes read of a handshake are fewer
_AT_ONCE: Final = 16  # taken per turn of the loop; the others wait in the socket
_BUFFER: Final = 1024 * 1024  # bytes of connections under way: some hundreds, beyond which they stay where they came

Receive = Callable[[socket.socket, str, bytes], None]
"""Take a connection: itself, its peer's address, and what was read of it."""


class Usher:
    """`own`: where this process takes connections; `others`: by their numbers, where it gives them to."""

    def __init__(self, own: socket.socket, others: Sequence[socket.socket]) -> None:
        self._own = own
        self._others = others
        for each in (own, *others):
            each.setblocking(False)

    def begin(self, receive: Receive) -> None:
        asyncio.get_running_loop().add_reader(self._own, self._take, receive)

    def shut(self) -> None:
        """Who comes from now on is taken by the process in our place."""
        asyncio.get_running_loop().remove_reader(self._own)

    def give(self, number: int, descriptor: int, address: str, early: bytes) -> bool:
        """Whether it is the other process's now. Ours is to be closed then, without a word to the peer."""
        message = address.encode() + b"\n" + early
        if len(message) > _LARGEST or number >= len(self._others):  # one of another parent on a machine of this name
            return False
        try:
            socket.send_fds(self._others[number], [message], [descriptor])
        except OSError:
            return False  # full, or nobody there
        return True

    def _take(self, receive: Receive) -> None:
        for _ in range(_AT_ONCE):
            try:
                message, descriptors, _, _ = socket.recv_fds(self._own, _LARGEST, 1)
            except OSError:
                return
            if not descriptors:
                return  # nobody can write to it any more
            address, _, early = message.partition(b"\n")
            receive(socket.socket(fileno=descriptors[0]), address.decode(), early)


def open_usher() -> tuple[socket.socket, socket.socket]:
    """To take from, and to give to."""
    kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM  # which keeps fewer under way
    own, theirs = socket.socketpair(socket.AF_UNIX, kind)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    return own, theirs
