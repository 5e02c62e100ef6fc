"""The devices of bench/pipeline.py in one process: `python -m bench.load PORT DEVICES FIXES KIND WINDOW [FIRST]`.

FIXES are those of a frame; KIND is text or binary; WINDOW, how many frames of a device may be unacked; FIRST, the
number of the first device.

Then lines on stdin: `paced FRAMES_PER_S SECONDS` sends by the clock whatever the server does, but for the window;
`flood SECONDS` keeps every device's window full. Each answers one line of JSON when all is acked.
"""

import json
import select
import sys
import time

from bench.connection import Connection
from bench.walk import SOURCES, STEPS

AT_ONCE = 50  # that sign in together: a storm of them is another benchmark
PAUSE_S = 0.001
MOST = 100  # turns between two looks for acks: who is behind must not spend its time on finding that out
PATIENCE_S = 20.0
BACK_MS = 12 * 3_600_000  # frames of 50 take a minute of the device's time each, so they begin in the past
Device = tuple[str, str]  # id, token


def device(number: int) -> Device:
    return f"bench-{number}", f"trk_bench-device-{number}"


class Sender:
    """One device."""

    def __init__(self, port: int, number: int, fixes: int, is_binary: bool) -> None:
        self.id, token = device(number)
        self.link = Connection(port, "/ws/device", token)
        self.source = SOURCES[fixes, is_binary](number)
        self.is_binary = is_binary
        self.seq = 0
        self.unacked = 0
        self.minute = (time.time_ns() // 1_000_000 - BACK_MS) // 60_000 if fixes > 1 else None
        self.last = 0
        self.answer = b'"stored":%d,"duplicate":0,"quarantined":[]' % fixes

    def greet(self) -> None:
        hello = {"type": "hello", "device": self.id, "boot": str(time.time_ns()), "binary": self.is_binary}
        self.link.upgraded()
        self.link.say(json.dumps(hello).encode())

    def welcomed(self) -> None:
        welcome = json.loads(self.link.hear())
        if welcome["type"] != "welcome":
            raise ConnectionError(str(welcome))
        self.link.loose()

    def next_frame(self) -> bytes:
        """A fix of now, or the 50 of the next minute."""
        self.seq += 1
        self.unacked += 1
        if self.minute is not None:
            self.minute += 1
            return self.source.frame(self.seq, self.minute * 60_000)
        self.last = max(self.last + 1, time.time_ns() // 1_000_000)
        return self.source.frame(self.seq, self.last)

    def send(self, count: int = 1) -> None:
        data = self.next_frame() if count == 1 else b"".join([self.next_frame() for _ in range(count)])
        if self.link.socket.send(data) != len(data):
            raise ConnectionError("the server reads too slowly for four frames to fit its buffers")

    def read(self) -> int:
        """Acks that came."""
        count = 0
        for _, payload in self.link.read():
            if self.answer not in payload:
                raise ConnectionError(f"not all was stored: {payload.decode()}")
            count += 1
        self.unacked -= count
        return count


def connect(senders: list[Sender]) -> list[Sender]:
    for sender in senders:
        sender.greet()
    for sender in senders:
        sender.welcomed()
    return senders


class Crowd:
    def __init__(self, port: int, numbers: range, fixes: int, is_binary: bool, window: int) -> None:
        self.fixes = fixes
        self.window = window
        self.senders: list[Sender] = []
        for begin in range(0, len(numbers), AT_ONCE):
            some = numbers[begin : begin + AT_ONCE]
            self.senders += connect([Sender(port, number, fixes, is_binary) for number in some])
        self.poll = select.epoll()
        self.by_descriptor = {sender.link.socket.fileno(): sender for sender in self.senders}
        for descriptor in self.by_descriptor:
            self.poll.register(descriptor, select.EPOLLIN)
        self.acked = 0

    def listen(self, seconds: float) -> list[Sender]:
        """Reads what came; those that were heard."""
        heard = [self.by_descriptor[descriptor] for descriptor, _ in self.poll.poll(seconds)]
        for sender in heard:
            self.acked += sender.read()
        return heard

    def paced(self, rate: float, seconds: float) -> dict[str, float]:
        """`late`: turns of a device that passed because its window was full."""
        sent = late = turn = 0
        acked, begin, total = self.acked, time.monotonic(), int(rate * seconds)
        while sent < total:
            due = min(total, int((time.monotonic() - begin) * rate))
            for _ in range(min(due - sent, MOST)):
                sender = self.senders[turn % len(self.senders)]
                turn += 1
                if sender.unacked < self.window:
                    sender.send()
                    sent += 1
                else:
                    late += 1
            self.listen(PAUSE_S)
        took = time.monotonic() - begin
        self.finish(acked + sent)
        return {"fixes": sent * self.fixes, "frames": sent, "late": late, "seconds": took}

    def flood(self, seconds: float) -> dict[str, float]:
        """A window at once, and one more when the last of it is acked."""
        acked, begin = self.acked, time.monotonic()
        for sender in self.senders:
            sender.send(self.window)
            self.listen(0)
        while time.monotonic() - begin < seconds:
            for sender in self.listen(PAUSE_S):
                if not sender.unacked:
                    sender.send(self.window)
        self.finish(self.acked + sum(sender.unacked for sender in self.senders))
        frames, took = self.acked - acked, time.monotonic() - begin  # until the last ack: windows hold seconds of work
        return {"fixes": frames * self.fixes, "frames": frames, "seconds": took, "rate": frames * self.fixes / took}

    def finish(self, acked: int) -> None:
        end = time.monotonic() + PATIENCE_S
        while self.acked < acked:
            if time.monotonic() > end:
                raise TimeoutError(f"{acked - self.acked} frames were never acked")
            self.listen(0.05)


def main(port: int, numbers: range, fixes: int, kind: str, window: int) -> None:
    crowd = Crowd(port, numbers, fixes, kind == "binary", window)
    print("ready", flush=True)
    for line in sys.stdin:
        word, *figures = line.split()
        seconds = float(figures[-1])
        done = crowd.flood(seconds) if word == "flood" else crowd.paced(float(figures[0]), seconds)
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    assert STEPS == 50
    first = int(sys.argv[6]) if len(sys.argv) > 6 else 0
    numbers = range(first, first + int(sys.argv[2]))
    main(int(sys.argv[1]), numbers, int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
