"""The usher: a connection that was accepted in one process goes on in another of the same machine, from its first byte.

Each process has a socket in a folder that they share, by which it takes connections: the descriptor, where the peer
is, and the bytes that were read already. Nothing waits for an answer: who cannot give a connection away keeps it, and
of one that is given to a process which ends in that moment the peer sees the end, and connects again. The sockets have
names, rather than being pairs that somebody keeps open, so that nothing waits for a process that is gone.
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

log = logging.getLogger("tracker.websocket")

_LARGEST: Final = 8 * 1024  # bytes read of a handshake are fewer
_AT_ONCE: Final = 16  # taken per turn of the loop; the others wait in the socket, ten or some hundred by the kernel
# A process that is started in the moment between would have the connection, too, and keep it open.
_CLOSED_ON_EXEC: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)

Receive = Callable[[socket.socket, str, bytes], None]
"""Take a connection: itself, its peer's address, and what was read of it."""


class Usher:
    """`number`: of this process. The folder is for those processes only."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number
        self._own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._own.setblocking(False)

    def begin(self, receive: Receive) -> None:
        """In place of whoever took them before. Where it cannot, nothing comes: everybody keeps what came to them."""
        path = self._folder / str(self._number)
        try:
            path.unlink(missing_ok=True)
            self._own.bind(str(path))
        except OSError as error:
            log.warning("no connections are taken from other processes: %s", error)
            return
        asyncio.get_running_loop().add_reader(self._own, self._take, receive)

    def shut(self) -> None:
        """The name stays: it may be another process's by now."""
        if self._own.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._own)
            self._own.close()

    def give(self, number: int, descriptor: int, address: str, early: bytes) -> bool:
        """Whether it is the other process's now. Ours is to be closed then, without a word to the peer."""
        message = address.encode() + b"\n" + early
        if len(message) > _LARGEST:
            return False
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor.to_bytes(4, sys.byteorder))
        try:  # not by `send_fds`, which forgets the address before Python 3.13
            self._own.sendmsg([message], [rights], 0, str(self._folder / str(number)))
        except OSError:
            return False  # full, or nobody there
        return True

    def _take(self, receive: Receive) -> None:
        for _ in range(_AT_ONCE):
            try:
                message, descriptors, _, _ = socket.recv_fds(self._own, _LARGEST, 1, _CLOSED_ON_EXEC)
            except OSError:
                return
            if not descriptors:
                log.error("cannot take a connection from another process: out of descriptors")
                continue
            os.set_inheritable(descriptors[0], False)
            address, _, early = message.partition(b"\n")
            receive(socket.socket(fileno=descriptors[0]), address.decode(), early)
