"""Devices of which every fix crosses a border: `python -m bench.crossing PORT TOKEN FIRST COUNT`.

They are numbered from FIRST on. Lines on stdin: `paced EVENTS_PER_S SECONDS`; each answers one line of JSON when all
is acked.
"""

import json
import select
import sys
import time
from datetime import UTC, datetime

import httpx2

from bench.alerts import FENCE, INSIDE, OUTSIDE
from bench.connection import TEXT, Connection, masked
from bench.load import device

PATIENCE_S = 60.0
WINDOW = 4  # frames of a device that may be unacked


class Crossing:
    def __init__(self, port: int, number: int) -> None:
        id, token = device(number)
        self.link = Connection(port, "/ws/device", token)
        self.link.upgraded()
        self.link.say(json.dumps({"type": "hello", "device": id, "boot": str(time.time_ns())}).encode())
        self.link.hear()
        self.link.loose()
        self.seq = self.acked = 0

    def cross(self) -> None:
        self.seq += 1
        lat, lon = INSIDE if self.seq % 2 else OUTSIDE
        fix = {"at": datetime.now(UTC).isoformat(), "lon": lon, "lat": lat, "accuracy": 5.0}
        message = json.dumps({"type": "fixes", "seq": self.seq, "fixes": [fix]}).encode()
        self.link.socket.send(masked(TEXT, message))


class Crossings:
    def __init__(self, port: int, first: int, count: int) -> None:
        self.all = [Crossing(port, first + n) for n in range(count)]
        self.poll = select.epoll()
        self.by_descriptor = {each.link.socket.fileno(): each for each in self.all}
        for descriptor in self.by_descriptor:
            self.poll.register(descriptor, select.EPOLLIN)

    def listen(self, seconds: float) -> None:
        for descriptor, _ in self.poll.poll(seconds):
            each = self.by_descriptor[descriptor]
            each.acked += len(list(each.link.read()))

    def paced(self, rate: float, seconds: float) -> dict[str, float]:
        begin, sent, total = time.monotonic(), 0, int(rate * seconds)
        while sent < total:
            due = min(total, int((time.monotonic() - begin) * rate))
            free = [each for each in self.all if each.seq - each.acked < WINDOW]
            for each in free[: due - sent]:
                each.cross()
            sent += min(len(free), due - sent)
            self.listen(0.002)
        took, end = time.monotonic() - begin, time.monotonic() + PATIENCE_S
        while any(each.acked < each.seq for each in self.all):
            if time.monotonic() > end:
                raise TimeoutError("not all was acked")
            self.listen(0.05)
        return {"fixes": sent, "frames": sent, "seconds": took}


def main(port: int, token: str, first: int, count: int) -> None:
    header = {"Authorization": f"Bearer {token}"}
    httpx2.post(f"http://127.0.0.1:{port}/api/geofences", json=FENCE, headers=header).raise_for_status()
    crossings = Crossings(port, first, count)
    print("ready", flush=True)
    for line in sys.stdin:
        _, rate, seconds = line.split()
        print(json.dumps(crossings.paced(float(rate), float(seconds))), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
