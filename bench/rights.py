"""What rights cost the hub: `python -m bench.rights`.

200 viewers, each with 5 % of a city in sight, in binary, four times a second, while 4,000 positions a second come in of
10,000 devices. The same viewers, viewports and load with one right for all, with 20, and with 200 different ones, in
turns within one process; compared is its CPU time. Every right holds half of the devices, drawn for each, so that all
send about as much. Without sockets and database: what is measured is the hub, its table and its viewers.
"""

import asyncio
import time
from statistics import median
from typing import Any, Final

import numpy as np

from bench.fences import places
from bench.viewers import viewport
from tracker.access.gate import Gate
from tracker.live.frames import Subscribe
from tracker.live.hub import Hub
from tracker.live.table import Table
from tracker.live.viewer import Viewer
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import E7, Fix
from tracker.model.position import Position, Status
from tracker.model.sight import Sight, Things
from tracker.model.update import Update
from tracker.model.viewport import unrolled

VIEWERS: Final = 200
DEVICES: Final = 10_000
TICKS: Final = 250  # five seconds of 20 ms
MOVED: Final = 80  # in a tick: 4,000 a second
ROUNDS: Final = 7
KINDS: Final = (1, 20, 200)


class Sink:
    """A socket that takes everything."""

    peer = "bench"
    buffered = 0
    sent = 0

    def send(self, message: str | bytes) -> None:
        self.sent += len(message)


def make_sights(kinds: int) -> list[Sight]:
    found = []
    for number in range(kinds):
        keys = np.flatnonzero(np.random.default_rng(number).random(DEVICES) < 0.5)
        devices = Things(frozenset(keys.tolist()), frozenset(f"van-{key}" for key in keys.tolist()))
        found.append(Sight(devices=devices, fences=Things(), groups={1: frozenset({"see"})}))
    return found


class Crowd:
    """A hub of its own with viewers of so many different rights."""

    def __init__(self, kinds: int, tasks: asyncio.TaskGroup) -> None:
        unused: Any = None  # nobody asks the database here
        self.table = Table()
        self.table.devices = {key: Device(key, f"van-{key}", f"Van {key}", None, None) for key in range(DEVICES)}
        self.hub = Hub(Gate(unused), unused, tasks, Metrics(), self.table)
        self.now = 0.0
        self.draw = np.random.default_rng(7)
        self.at = 0
        self.lon, self.lat = (np.round(each * E7).astype(int) for each in places(self.draw, DEVICES))
        self.hub.deliver(Update([self.position(key) for key in range(DEVICES)], [], 1))
        sights = make_sights(kinds)
        self.sinks = [Sink() for _ in range(VIEWERS)]
        for number, sink in enumerate(self.sinks):
            viewer = Viewer(self.table, self.hub.head, self.hub, None)
            viewer.opened(sink)  # type: ignore[arg-type]  # it takes what is sent here
            viewer.sight = sights[number % kinds]
            viewer.subscribe(make_wish(number))
            viewer.due = number % 13 * 0.02  # not all in one tick

    def position(self, key: int) -> Position:
        return Position(key, Fix(self.at, int(self.lon[key]), int(self.lat[key]), speed=10.0), self.at, Status.MOVING)

    def run(self) -> float:
        """CPU seconds of so many ticks."""
        began = time.process_time()
        for _ in range(TICKS):
            self.at += 20
            self.now += 0.02
            moved = self.draw.integers(0, DEVICES, MOVED)
            self.lon[moved] += 300
            self.hub.deliver(Update([self.position(int(key)) for key in moved], [], 1))
            self.hub.serve(self.now)
        return time.process_time() - began


def make_wish(number: int) -> Subscribe:
    return Subscribe(viewport=unrolled(*viewport(number)), rate=4.0, binary=True)


async def main() -> None:
    async with asyncio.TaskGroup() as tasks:
        crowds = {kinds: Crowd(kinds, tasks) for kinds in KINDS}
        costs: dict[int, list[float]] = {kinds: [] for kinds in KINDS}
        for crowd in crowds.values():
            crowd.run()  # the snapshots, and what is made once
        for _ in range(ROUNDS):
            for kinds, crowd in crowds.items():
                costs[kinds].append(crowd.run())
    for kinds in KINDS:
        ratio = median(mine / one for mine, one in zip(costs[kinds], costs[1], strict=True))
        share = median(costs[kinds]) / (TICKS * 0.02)
        sent = sum(sink.sent for sink in crowds[kinds].sinks) / 1e6
        print(f"{kinds:4} rights: {share:6.1%} of a core, {ratio:.2f} of one right; sent {sent:.1f} MB", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
