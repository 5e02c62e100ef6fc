"""A WebSocket client that can also do everything wrong."""

import socket
import ssl
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from weakref import WeakSet

from tests.patience import PATIENCE_S

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


LATE_S = 8.0  # for what has to be done in a second: a busy machine takes more, and no other limit ends as early

OPEN: WeakSet[socket.socket] = WeakSet()
"""Those that were connected: a test that fails closes none of its own."""


@dataclass(frozen=True)
class Address:
    port: int
    authority: str | None = None
    """The file of the certificate to trust; None for plain TCP."""

    def connect(
        self, *, rcvbuf: int | None = None, timeout: float = PATIENCE_S, source: str = "127.0.0.1"
    ) -> socket.socket:
        sock = socket.socket()
        if rcvbuf is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.settimeout(timeout)
        sock.bind((source, 0))
        try:
            sock.connect(("127.0.0.1", self.port))
        except OSError:
            sock.close()
            raise
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.authority is not None:
            sock = ssl.create_default_context(cafile=self.authority).wrap_socket(sock, server_hostname="localhost")
        OPEN.add(sock)
        return sock


def upgrade(path: str = "/echo", extra: str = "", *, key: str | None = KEY, version: str = "13") -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: keep-alive, Upgrade"]
    lines += [f"Sec-WebSocket-Version: {version}"] + ([f"Sec-WebSocket-Key: {key}"] if key else [])
    return ("\r\n".join(lines) + "\r\n" + extra + "\r\n").encode("latin-1")


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True) -> bytes:
    """With a mask of zeros, which leaves the payload as it is."""
    head = bytes([fin << 7 | rsv << 4 | opcode])
    size, masked = len(payload), mask << 7
    if size < 126:
        head += bytes([masked | size])
    elif size < 1 << 16:
        head += bytes([masked | 126]) + struct.pack("!H", size)
    else:
        head += bytes([masked | 127]) + struct.pack("!Q", size)
    return head + (bytes(4) if mask else b"") + payload


def declared(opcode: int, size: int) -> bytes:
    """The header of a frame that promises so many bytes."""
    return bytes([0x80 | opcode, 0xFF]) + struct.pack("!Q", size) + bytes(4)


@dataclass
class Client:
    """Blocking. `head` is the answer to the handshake."""

    sock: socket.socket
    head: bytes = b""
    _buffer: bytes = field(default=b"", repr=False)

    @classmethod
    def open(
        cls, address: Address, path: str = "/echo", extra: str = "", behind: bytes = b"", *, rcvbuf: int | None = None
    ) -> Self:
        client = cls(address.connect(rcvbuf=rcvbuf))
        client.sock.sendall(upgrade(path, extra) + behind)
        client.read_head()
        return client

    def read_head(self) -> bytes:
        while b"\r\n\r\n" not in self._buffer:
            more = self._receive()
            if not more:
                break
            self._buffer += more
        self.head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return self.head

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1]) if self.head else 0

    def send(self, opcode: int, payload: bytes = b"", **how: bool) -> None:
        self.sock.sendall(frame(opcode, payload, **how))

    def flood(self, data: bytes) -> None:
        """Send as much as is taken, and mind no reset."""
        with suppress(OSError):
            self.sock.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; (-1, b"") once the connection is gone."""
        while True:
            parsed = _parse(self._buffer)
            if parsed is not None:
                opcode, payload, self._buffer = parsed
                return opcode, payload
            more = self._receive()
            if not more:
                return -1, b""
            self._buffer += more

    def echo(self, payload: bytes = b"x") -> None:
        """Send, and hear the same; pings in between are answered."""
        self.send(TEXT, payload)
        while (heard := self.receive())[0] == PING:
            self.send(PONG, heard[1])
        assert heard == (TEXT, payload)

    def answer_pings(self, for_s: float) -> None:
        """Those that come meanwhile."""
        before = self.sock.gettimeout()
        self.sock.settimeout(for_s)
        try:
            while (heard := self.receive())[0] == PING:
                self.send(PONG, heard[1])
            raise AssertionError(f"not a ping: {heard}")
        except TimeoutError:
            self.sock.settimeout(before)

    def close_code(self, timeout: float = PATIENCE_S) -> int:
        """Read on until the close frame; 1006 where none came before the end."""
        self.sock.settimeout(timeout)
        while True:
            opcode, payload = self.receive()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big") if payload else 1005
            if opcode == -1:
                return 1006

    def gone_after(self, timeout: float = PATIENCE_S) -> float:
        """Seconds until the server has ended the connection."""
        start = time.monotonic()
        self.sock.settimeout(timeout)
        while self._receive():
            pass
        return time.monotonic() - start

    def gone_within(self, timeout: float) -> bool:
        """Whether the server ends the connection in this time, or sends an answer."""
        self.sock.settimeout(timeout)
        try:
            return self._receive() is not None
        except TimeoutError:
            return False

    def close(self) -> None:
        self.sock.close()

    def _receive(self) -> bytes:
        try:
            return self.sock.recv(65536)
        except TimeoutError:
            raise
        except OSError:
            return b""


def _parse(data: bytes) -> tuple[int, bytes, bytes] | None:
    if len(data) < 2:
        return None
    size, start = data[1] & 127, 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(data[2:10], "big"), 10
    if len(data) < start + size:
        return None
    return data[0] & 15, data[start : start + size], data[start + size :]
