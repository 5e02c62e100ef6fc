"""A herd that comes back at once: `python -m bench.herd [DEVICES [ROUNDS]]`.

All devices connect in one moment, as after a restart, say hello and send one fix; measured is how long it takes until
each has its ack, and what that costs the server, PostgreSQL and the devices themselves. Meanwhile twenty bystanders,
one fix under way each, count how long their acks take. Who is refused comes again after what Retry-After says.
"""

import json
import re
import resource
import select
import socket
import sys
import time
from typing import Final, NamedTuple

from bench.connection import TEXT, Connection, masked, whole_frame
from bench.ground import Ground, cpu_s, serving
from bench.load import device
from bench.pipeline import GEOFENCES
from bench.walk import SingleText
from bench.websocket import Process

DEVICES: Final = 10_000
BYSTANDERS: Final = 20
PAUSE_S: Final = 0.05  # between the ack of a bystander's fix and its next
SETTLE_S: Final = 2.0
PATIENCE_S: Final = 120.0
WAIT: Final = re.compile(rb"Retry-After: (\d+)", re.IGNORECASE)
EDGES: Final = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET


class Comer:
    """One device of the herd: connects, is upgraded, says hello, sends a fix, hears its ack."""

    def __init__(self, port: int, number: int) -> None:
        self.port = port
        self.id, self.token = device(number)
        self.fix = SingleText(number)
        self.refused = 0

    def connect(self) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(("127.0.0.1", self.port))
        self.received = b""
        self.step = 0  # to connect, to be upgraded, to be welcomed, to be acked, done

    def writable(self) -> None:
        """The connection is there."""
        if self.step == 0:
            self.step = 1
            self.socket.send(
                f"GET /ws/device HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                f"Authorization: Bearer {self.token}\r\n\r\n".encode()
            )

    def readable(self) -> float | None:
        """Something came. Seconds to wait before it tries again, where it was refused."""
        data = self.socket.recv(1 << 14)
        self.received += data
        if not data:
            raise ConnectionError(f"{self.id} was cut at step {self.step}")
        if self.step == 1 and b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101"):
                return self.refuse(head)
            self.step = 2
            hello = {"type": "hello", "device": self.id, "boot": str(time.time_ns())}
            self.socket.send(masked(TEXT, json.dumps(hello).encode()))
        while self.step > 1 and (frame := whole_frame(self.received)):
            self.hear(self.received[frame[1] : frame[2]])
            self.received = self.received[frame[2] :]
        return None

    def refuse(self, head: bytes) -> float:
        self.refused += 1
        self.socket.close()
        found = WAIT.search(head)
        return float(found[1]) if found else 1.0

    def hear(self, message: bytes) -> None:
        if self.step == 2 and b'"welcome"' in message:
            self.step = 3
            self.socket.send(self.fix.frame(1, time.time_ns() // 1_000_000))
        elif self.step == 3 and b'"stored":1' in message:
            self.step = 4
        else:
            raise ConnectionError(f"{self.id} heard {message.decode()} at step {self.step}")


class Herd:
    def __init__(self, port: int, first: int, count: int) -> None:
        self.poll = select.epoll()
        self.later: list[tuple[float, Comer]] = []
        self.waits: list[float] = []
        self.comers: dict[int, Comer] = {}
        self.all = [Comer(port, number) for number in range(first, first + count)]
        self.began, self.spent = time.monotonic(), time.process_time()
        for comer in self.all:
            self.bring(comer)

    def bring(self, comer: Comer) -> None:
        comer.connect()
        self.comers[comer.socket.fileno()] = comer
        self.poll.register(comer.socket.fileno(), EDGES)

    def run(self) -> dict[str, float]:
        while len(self.waits) < len(self.all):
            if time.monotonic() - self.began > PATIENCE_S:
                raise TimeoutError(f"{len(self.all) - len(self.waits)} were never acked")
            for descriptor, event in self.poll.poll(0.05, 256):
                self.attend(descriptor, event)
            self.come_again()
        self.waits.sort()
        return {
            "seconds": self.waits[-1],
            "p50": self.waits[len(self.waits) // 2],
            "refused": sum(comer.refused for comer in self.all),
            "cpu_s": time.process_time() - self.spent,
        }

    def attend(self, descriptor: int, event: int) -> None:
        comer = self.comers[descriptor]
        if event & select.EPOLLOUT:
            comer.writable()
        if not event & select.EPOLLIN or comer.step == 4:
            return
        again = comer.readable()
        if again is not None:
            del self.comers[descriptor]  # closed, and so no longer watched
            self.later.append((time.monotonic() + again, comer))
        elif comer.step == 4:
            self.waits.append(time.monotonic() - self.began)

    def come_again(self) -> None:
        now = time.monotonic()
        for _, comer in (due := [each for each in self.later if each[0] <= now]):
            self.bring(comer)
        self.later = [each for each in self.later if each not in due] if due else self.later


class Bystanders:
    """Each sends its next fix a moment after the last was acked."""

    def __init__(self, port: int) -> None:
        self.links = [Connection(port, "/ws/device", device(number)[1]) for number in range(BYSTANDERS)]
        self.fixes = [SingleText(number) for number in range(BYSTANDERS)]
        self.sent = [0.0] * BYSTANDERS
        self.due = [time.monotonic() + PAUSE_S * number / BYSTANDERS for number in range(BYSTANDERS)]
        self.seq = [0] * BYSTANDERS
        self.waits: list[float] = []
        for number, link in enumerate(self.links):
            link.upgraded()
            link.say(json.dumps({"type": "hello", "device": device(number)[0], "boot": "1"}).encode())
            link.hear()
            link.loose()
        self.poll = select.epoll()
        self.by_descriptor = {link.socket.fileno(): number for number, link in enumerate(self.links)}
        for descriptor in self.by_descriptor:
            self.poll.register(descriptor, select.EPOLLIN)

    def run(self) -> None:
        """Until the end of stdin; each line there is answered by what was measured since the last."""
        asked = select.epoll()
        asked.register(sys.stdin.fileno(), select.EPOLLIN)
        while not asked.poll(0) or self.answer():
            now = time.monotonic()
            for number, due in enumerate(self.due):
                if due <= now:
                    self.send(number)
            for descriptor, _ in self.poll.poll(0.001):
                self.read(self.by_descriptor[descriptor])

    def answer(self) -> bool:
        if not sys.stdin.readline():
            return False
        waits, self.waits = sorted(self.waits), []
        p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        print(json.dumps({"acks": len(waits), "p50": p50, "p99": p99, "most": waits[-1]}), flush=True)
        return True

    def send(self, number: int) -> None:
        self.seq[number] += 1
        self.sent[number], self.due[number] = time.monotonic(), float("inf")
        self.links[number].socket.send(self.fixes[number].frame(self.seq[number], time.time_ns() // 1_000_000))

    def read(self, number: int) -> None:
        for _ in self.links[number].read():
            now = time.monotonic()
            self.waits.append((now - self.sent[number]) * 1000)
            self.due[number] = now + PAUSE_S


class Figures(NamedTuple):
    """`server`, `postgres`, `clients`: ms of CPU a device; `quiet`, `beside`: what bystanders waited, in ms."""

    seconds: float
    half: float
    refused: float
    server: float
    postgres: float
    clients: float
    quiet: dict[str, float]
    beside: dict[str, float]

    def __str__(self) -> str:
        waits = [f"p50 {each['p50']:.1f} p99 {each['p99']:.1f} max {each['most']:.1f} ms" for each in self[-2:]]
        return (
            f"all acked after {self.seconds:.1f} s, half after {self.half:.1f} s, {self.refused:.0f} refused; "
            f"CPU a device: server {self.server:.2f}, PostgreSQL {self.postgres:.2f}, the herd {self.clients:.2f} ms; "
            f"bystanders: quiet {waits[0]}; beside the herd {waits[1]}"
        )


def measure(ground: Ground, devices: int) -> Figures:
    url = ground.new_database()
    try:
        with serving("ours", url) as (pid, port):
            bystanders = Process("bench.herd", "bystanders", port)
            time.sleep(SETTLE_S)
            quiet = json.loads(bystanders.ask("figures"))
            server, postgres = cpu_s(pid), ground.cpu_s()
            found = json.loads(Process("bench.herd", "herd", port, devices).greeting)
            server, postgres = cpu_s(pid) - server, ground.cpu_s() - postgres
            beside = json.loads(bystanders.ask("figures"))
            bystanders.end()
    finally:
        ground.drop(url)
    costs = [each * 1000 / devices for each in (server, postgres, found["cpu_s"])]
    return Figures(found["seconds"], found["p50"], found["refused"], costs[0], costs[1], costs[2], quiet, beside)


def main(devices: int, rounds: int) -> None:
    ground = Ground(devices + BYSTANDERS, GEOFENCES)
    try:
        for _ in range(rounds):
            print(f"{devices:,} devices: {measure(ground, devices)}", flush=True)
    finally:
        ground.end()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    match sys.argv[1:]:
        case ["bystanders", port]:
            crowd = Bystanders(int(port))
            print("ready", flush=True)
            crowd.run()
        case ["herd", port, count]:
            print(json.dumps(Herd(int(port), BYSTANDERS, int(count)).run()), flush=True)
        case given:
            devices, rounds = (*map(int, given), *(DEVICES, 1)[len(given) :])
            main(devices, rounds)
