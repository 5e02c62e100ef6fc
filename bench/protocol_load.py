"""One protocol's devices in one process: `python -m bench.protocol_load PORT KIND FIRST DEVICES`.

Lines on stdin: `paced FRAMES_PER_S SECONDS` sends by the clock, one request or frame under way for each device;
`flood SECONDS` sends the next as soon as one is answered. Each answers one line of JSON. Bytes are those of both
directions; packets are counted by the kernel, of which each has 52 bytes of IPv4 and TCP around what it carries.
"""

import json
import select
import socket
import sys
import time
from struct import unpack_from
from typing import Final

import numpy as np

from bench.load import Sender, connect
from bench.walk import E7, STEPS, Walk

HEADERS: Final = 52  # bytes: IPv4, and TCP with timestamps
GOODBYE: Final = 3  # packets in which a connection ends, after the kernel was asked
SEGMENTS: Final = 136  # where struct tcp_info says how many went out and came in
PATIENCE_S: Final = 20.0
PAUSE_S: Final = 0.001
FRESH_S: Final = 8.0  # a connection that rested for longer is not used again; the server keeps it for 15
STREAMS: Final = {"json": (1, False), "batch": (50, False), "binary": (1, True), "binary-batch": (50, True)}


def key(number: int) -> str:
    """The device's ingest key, which the benchmark writes into its row."""
    return f"bench-key-{number:026}"


def count_packets(of: socket.socket) -> int:
    info = of.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return sum(unpack_from("<II", info, SEGMENTS)) if len(info) >= SEGMENTS + 8 else 0


class Stream(Sender):
    """A device on our WebSocket."""

    @property
    def socket(self) -> socket.socket:
        return self.link.socket

    def begin(self) -> int:
        data = self.next_frame()
        if self.socket.send(data) != len(data):
            raise ConnectionError("the server reads too slowly")
        return len(data)

    def finish(self) -> tuple[bool, int]:
        """Whether it is answered, and the bytes that came."""
        data = self.link.more()
        self.link.received += data
        for _, payload in self.link.messages():
            if self.answer not in payload:
                raise ConnectionError(f"not all was stored: {payload.decode()}")
            self.unacked -= 1
        return self.unacked == 0, len(data)

    def idle(self) -> None:
        """Something came unasked: a ping."""
        self.finish()

    def rest(self) -> int:
        return 0


class Poster:
    """A phone. `is_kept`: it asks again over the connection it has."""

    def __init__(self, port: int, number: int, kind: str) -> None:
        self.port = port
        self.app, _, closing = kind.partition("-")
        self.is_kept = not closing
        self.path = f"/in/{key(number)}"
        walk = Walk(number)
        columns = (walk.lon / E7, walk.lat / E7, walk.speed / 100, walk.heading / 100, walk.accuracy / 10)
        self.steps = np.stack(columns, axis=1).tolist()
        self.turn = self.last = 0
        self.received = b""
        self.socket = socket.socket()
        self.socket.close()  # connected when it is needed, as an app does
        self.used = 0.0

    @property
    def is_stale(self) -> bool:
        """Without a connection, or with one that the server may have given up."""
        return self.socket.fileno() < 0 or time.monotonic() - self.used > FRESH_S

    def dial(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def begin(self) -> int:
        self.turn += 1
        self.used = time.monotonic()
        self.last = max(self.last + 1, time.time_ns() // 1_000_000)
        data = self.write(self.steps[self.turn % STEPS])
        self.socket.sendall(data)
        return len(data)

    def write(self, step: list[float]) -> bytes:
        """As OkHttp does it for OsmAnd and for OwnTracks on Android."""
        lon, lat, speed, heading, accuracy = step
        common = f"Host: 127.0.0.1:{self.port}\r\nAccept-Encoding: gzip\r\n"
        common += "" if self.is_kept else "Connection: close\r\n"
        if self.app == "osmand":
            said = f"lat={lat:.7f}&lon={lon:.7f}&timestamp={self.last}&hdop={accuracy:.1f}&altitude=30.0"
            said += f"&speed={speed:.2f}&bearing={heading:.1f}"
            return f"GET {self.path}?{said} HTTP/1.1\r\n{common}User-Agent: okhttp/4.12.0\r\n\r\n".encode()
        body = (
            f'{{"_type":"location","acc":{accuracy:.0f},"alt":30,"batt":83,"bs":1,"cog":{heading:.0f},"conn":"m",'
            f'"lat":{lat:.7f},"lon":{lon:.7f},"m":1,"t":"u","tid":"ph","topic":"owntracks/bench/phone",'
            f'"tst":{self.last // 1000},"vac":3,"vel":{speed * 3.6:.0f},"created_at":{self.last // 1000}}}'
        )
        about = (
            "User-Agent: Owntracks-Android/gms/420504004\r\nX-Limit-U: bench\r\nX-Limit-D: phone\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return f"POST {self.path} HTTP/1.1\r\n{common}{about}{body}".encode()

    def finish(self) -> tuple[bool, int]:
        data = self.socket.recv(65_536)
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            if not data:
                raise ConnectionError("the server closed the connection")
            return False, len(data)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(head.decode(errors="replace"))
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        is_whole = len(body) >= int(length or 0)
        if is_whole:
            self.received = b""
        return is_whole, len(data)

    def idle(self) -> None:
        """The server gave a connection up that rested for too long; the next request makes another."""
        self.socket.close()

    def rest(self) -> int:
        """After an answer. Packets of the connection that ended with it."""
        if self.is_kept:
            return 0
        packets = count_packets(self.socket) + GOODBYE
        self.socket.close()
        return packets


Caller = Stream | Poster


class Callers:
    def __init__(self, port: int, kind: str, first: int, devices: int) -> None:
        self.fixes = STREAMS.get(kind, (1, False))[0]
        self.callers = open_all(port, kind, range(first, first + devices))
        self.poll = select.epoll()
        self.under_way: dict[int, tuple[Caller, float]] = {}  # by descriptor
        self.free = list(reversed(self.callers))
        self.is_renewed = isinstance(self.callers[0], Poster) and not self.callers[0].is_kept
        for each in self.callers:
            if each.socket.fileno() >= 0:
                self.poll.register(each.socket.fileno(), select.EPOLLIN)
        self.forget()

    def forget(self) -> None:
        self.bytes = self.packets = 0
        self.waited: list[float] = []  # ms

    def begin(self) -> None:
        caller = self.free.pop()
        began = time.perf_counter()
        if isinstance(caller, Poster) and caller.is_stale:
            caller.socket.close()
            caller.socket = caller.dial()
            self.poll.register(caller.socket.fileno(), select.EPOLLIN)
        self.under_way[caller.socket.fileno()] = (caller, began)
        self.bytes += caller.begin()

    def listen(self, seconds: float) -> None:
        for descriptor, _ in self.poll.poll(seconds):
            if descriptor not in self.under_way:
                next(each for each in self.callers if each.socket.fileno() == descriptor).idle()
                continue
            caller, began = self.under_way[descriptor]
            is_done, came = caller.finish()
            self.bytes += came
            if is_done:
                del self.under_way[descriptor]
                self.waited.append((time.perf_counter() - began) * 1000)
                self.packets += caller.rest()
                self.free.insert(0, caller)  # its turn comes after all others

    def run(self, rate: float | None, seconds: float) -> dict[str, float]:
        """By the clock, or without a `rate` as quickly as it answers."""
        self.forget()
        before = {id(each.socket): count_packets(each.socket) for each in self.callers if each.socket.fileno() >= 0}
        begin, sent = time.monotonic(), 0
        while (passed := time.monotonic() - begin) < seconds:
            due = len(self.callers) if rate is None else int(passed * rate) - sent
            for _ in range(min(due, len(self.free))):
                self.begin()
                sent += 1
            self.listen(PAUSE_S)
        took = time.monotonic() - begin
        self.finish()
        if not self.is_renewed:
            open_ones = [each.socket for each in self.callers if each.socket.fileno() >= 0]
            self.packets = sum(count_packets(each) - before.get(id(each), 0) for each in open_ones)
        return self.tell(took)

    def finish(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while self.under_way:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(self.under_way)} were never answered")
            self.listen(0.05)

    def tell(self, took: float) -> dict[str, float]:
        waited, fixes = sorted(self.waited), len(self.waited) * self.fixes
        return {
            "frames": len(waited),
            "fixes": fixes,
            "seconds": took,
            "p50": waited[len(waited) // 2],
            "p99": waited[len(waited) * 99 // 100],
            "bytes": self.bytes / fixes,
            "wire": (self.bytes + HEADERS * self.packets) / fixes,
        }


def open_all(port: int, kind: str, numbers: range) -> list[Caller]:
    if kind not in STREAMS:
        return [Poster(port, number, kind) for number in numbers]
    fixes, is_binary = STREAMS[kind]
    streams = [Stream(port, number, fixes, is_binary) for number in numbers]
    connect(list(streams))
    return list(streams)


def main(port: int, kind: str, first: int, devices: int) -> None:
    callers = Callers(port, kind, first, devices)
    print("ready", flush=True)
    for line in sys.stdin:
        word, *figures = line.split()
        rate = float(figures[0]) if word == "paced" else None
        print(json.dumps(callers.run(rate, float(figures[-1]))), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
