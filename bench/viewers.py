"""The viewers of bench/pipeline.py, all in one process: `python -m bench.viewers PORT VIEWERS TOKEN`.

Each sees 5 % of the city, in binary, four times a second; one more, the probe, sees all of it, 50 times a second, and
says how long a fix took from the device to its screen: its `at` is when it was sent, and all clocks are one. Lines on
stdin: `begin` forgets what was measured so far, `end` answers one line of JSON.
"""

import json
import os
import select
import sys
import threading
import time
from struct import Struct

import numpy as np

from bench.connection import BINARY, Connection
from bench.fences import CENTRE, SPREAD, places

HEAD = Struct("<BBHIq")
SHARE = 0.05
RATE = 4
PROBE_RATE = 50
WORLD = (-180.0, -90.0, 180.0, 90.0)


def viewport(number: int) -> tuple[float, float, float, float]:
    lon, lat = (float(value[0]) for value in places(np.random.default_rng(10_000 + number), 1))
    wide, high = (2 * reach * SHARE**0.5 / 2 for reach in SPREAD)
    return lon - wide, lat - high, lon + wide, lat + high


class Viewers:
    def __init__(self, port: int, count: int, token: str) -> None:
        self.links = [Connection(port, "/ws/live", token) for _ in range(count + 1)]
        self.probe = self.links[-1]
        for number, link in enumerate(self.links):
            link.upgraded()
            box, rate = (WORLD, PROBE_RATE) if link is self.probe else (viewport(number), RATE)
            wish = {"type": "subscribe", "viewport": box, "rate": rate, "binary": True}
            link.say(json.dumps(wish).encode())
        self.poll = select.epoll()
        self.by_descriptor = {link.socket.fileno(): link for link in self.links}
        for link in self.links:
            link.loose()
            self.poll.register(link.socket.fileno(), select.EPOLLIN)
        self.forget()

    def forget(self) -> None:
        self.frames = 0
        self.shown = 0
        self.ages: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []

    def read(self, link: Connection) -> None:
        for opcode, payload in link.read():
            if opcode == BINARY:
                self.frames += 1
                _, _, _, count, base = HEAD.unpack_from(payload)
                self.shown += count
                if link is self.probe:
                    dt = np.frombuffer(payload, "<i4", count, HEAD.size + 12 * count)
                    self.ages.append(time.time_ns() / 1e6 - (base + dt.astype(np.float64)))

    def listen(self) -> None:
        while True:
            for descriptor, _ in self.poll.poll(1.0):
                self.read(self.by_descriptor[descriptor])

    def figures(self) -> dict[str, float]:
        ages = np.concatenate(self.ages) if self.ages else np.zeros(1)
        p50, p99 = np.percentile(ages, (50, 99))
        return {"frames": self.frames, "shown": self.shown, "probed": len(ages), "p50_ms": p50, "p99_ms": p99}


def obey(viewers: Viewers) -> None:
    for line in sys.stdin:
        if line.strip() == "begin":
            viewers.forget()
            print("begun", flush=True)
        else:
            print(json.dumps(viewers.figures()), flush=True)
    os._exit(0)


def main(port: int, count: int, token: str) -> None:
    assert CENTRE[0] + 2 * SPREAD[0] < 180
    viewers = Viewers(port, count, token)
    print("ready", flush=True)
    threading.Thread(target=obey, args=(viewers,), daemon=True).start()
    viewers.listen()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
