"""The client's side of a WebSocket on a bare socket: cheaper than the server it loads, which is all we ask of it.

The mask is zero, which the protocol allows: a frame is masked as every client frame must be, and the server does all
its work, but the load need not spend any on it.
"""

import socket
from collections.abc import Iterator

TEXT = 1
BINARY = 2
CLOSE = 8
PING = 9
PONG = 10
READ = 1 << 18
Message = tuple[int, bytes]  # opcode, payload


def masked(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + NO_MASK + payload
    return bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big") + NO_MASK + payload


NO_MASK = b"\0\0\0\0"


class Connection:
    """Blocking until `loose`, then not."""

    def __init__(self, port: int, path: str, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )

    def upgraded(self) -> None:
        """The answer to the handshake."""
        while b"\r\n\r\n" not in self.received:
            self.received += self.more()
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head.decode(errors="replace"))

    def say(self, text: bytes) -> None:
        self.socket.sendall(masked(TEXT, text))

    def hear(self) -> bytes:
        """One message."""
        while True:
            for _, payload in self.messages():
                return payload
            self.received += self.more()

    def more(self) -> bytes:
        data = self.socket.recv(READ)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def loose(self) -> None:
        self.socket.setblocking(False)

    def read(self) -> Iterator[Message]:
        """The messages that are there; a ping is answered on the way."""
        self.received += self.more()
        return self.messages()

    def messages(self) -> Iterator[Message]:
        while frame := whole_frame(self.received):
            opcode, start, end = frame
            payload, self.received = self.received[start:end], self.received[end:]
            if opcode == PING:
                self.socket.send(masked(PONG, payload))
            elif opcode == CLOSE:
                raise ConnectionError(f"closed: {int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}")
            else:
                yield opcode, payload


def whole_frame(data: bytes) -> tuple[int, int, int] | None:
    """(opcode, start and end of the payload) of the first frame, once all of it is there."""
    if len(data) < 2:
        return None
    size, start = data[1], 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(data[2:10], "big"), 10
    return (data[0] & 15, start, start + size) if len(data) >= start + size else None
