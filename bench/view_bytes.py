"""What a fleet costs a viewer in bytes a second: `python -m bench.view_bytes`.

100,000 devices in a city, of which 5 % send each second (another twentieth each time, 200 m further on, half of the
fleet at rest); and 20,000, as many as are shown and not counted. Looked at by a page of 1440 x 900 pixels at three
zooms, as our page asks, and as a reader asks that says nothing of zoom and changes. The hub, the table and the viewers
are the server's; what they send is counted instead of sent, and the snapshot at the beginning is not counted.
"""

import time
from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np

from bench.fences import CENTRE, places
from tracker.access.gate import Gate
from tracker.live.frames import Subscribe
from tracker.live.hub import Hub
from tracker.live.table import Table
from tracker.live.viewer import Viewer
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import E7, Fix
from tracker.model.moment import now_ms, now_us
from tracker.model.position import Position, Status
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.model.viewport import Viewport
from tracker.store.rights import Rights
from tracker.websocket import Prebuilt

SECONDS: Final = 8
SHARE: Final = 20  # each device sends once in so many seconds
STRIDE: Final = 200.0 / 111_195  # degrees
BUDGET: Final = 35_000
PIXELS: Final = (1440, 900)
WIDER: Final = 1.2
ZOOMS: Final = (5.0, 10.0, 14.0)


class Meter:
    """A socket that counts."""

    def __init__(self) -> None:
        self.peer = "bench"
        self.buffered = 0
        self.bytes = 0
        self.kinds: set[str] = set()

    def send(self, message: str | bytes) -> None:
        self.bytes += len(message) if isinstance(message, bytes) else len(message.encode())
        self.kinds.add(kind_of(message))

    def send_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.send(text)

    def send_prebuilt(self, frame: Prebuilt) -> None:
        self.send(frame.message)

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self, code: int, reason: str = "") -> None: ...
    def abort(self) -> None: ...


def kind_of(message: str | bytes) -> str:
    if isinstance(message, bytes):
        return "cells" if message[0] == 3 else "positions"
    return "cells" if message.startswith('{"type":"cells"') else "positions"


def viewport(zoom: float) -> Viewport:
    degrees = WIDER * 360.0 / (512 * 2**zoom)
    wide, high = (size * degrees / 2 for size in PIXELS)
    high *= float(np.cos(np.radians(CENTRE[1])))
    return Viewport(max(CENTRE[0] - wide, -180.0), CENTRE[1] - high, CENTRE[0] + wide, min(CENTRE[1] + high, 85.0))


class Fleet:
    def __init__(self, size: int) -> None:
        self.random = np.random.default_rng(7)
        self.table = Table()
        self.table.devices = {key: Device(key, f"van-{key}", f"Van {key}") for key in range(1, size + 1)}
        nothing = cast(Any, None)
        gate = Gate(nothing)
        gate.sights.adopt(Rights(revision=0))
        self.hub = Hub(gate, nothing, nothing, Metrics(), self.table)
        self.lon, self.lat = places(self.random, size)
        self.drives = np.where(np.arange(size) % 2, STRIDE, 0.0)
        self.send(np.arange(size))

    def send(self, which: np.ndarray[Any, Any]) -> None:
        angle = self.random.uniform(0, 2 * np.pi, len(which))
        self.lon[which] += self.drives[which] * np.cos(angle) / np.cos(np.radians(CENTRE[1]))
        self.lat[which] += self.drives[which] * np.sin(angle)
        at, us = now_ms(), now_us()
        positions = [
            Position(k + 1, Fix(at, round(self.lon[k] * E7), round(self.lat[k] * E7)), us, Status(1 + k % 2))
            for k in which.tolist()
        ]
        self.hub.deliver(Update(positions, [], us))

    def look(self, wish: Subscribe) -> Meter:
        viewer, meter = Viewer(self.table, self.hub.head, self.hub, Token(1, "viewer")), Meter()
        viewer.opened(meter)
        viewer.subscribe(wish)
        self.hub.serve(time.monotonic())
        meter.bytes = 0
        meter.kinds.clear()
        return meter


def measure(size: int) -> None:
    fleet = Fleet(size)
    meters = [
        (fleet.look(Subscribe(viewport=viewport(zoom), binary=True)),
         fleet.look(Subscribe(viewport=viewport(zoom), zoom=zoom, binary=True, cells="changes")))
        for zoom in ZOOMS
    ]  # fmt: skip
    began, spent = time.monotonic(), 0.0
    turns = np.arange(size) % (4 * SHARE)
    for turn in range(4 * SECONDS):
        fleet.send(np.flatnonzero(turns == turn % (4 * SHARE)))
        time.sleep(max(0.0, began + (turn + 1) / 4 - time.monotonic()))
        spent -= time.process_time()
        fleet.hub.serve(time.monotonic())
        spent += time.process_time()
    took = time.monotonic() - began
    for zoom, (plain, ours) in zip(ZOOMS, meters, strict=True):
        rates = [meter.bytes / took / 1000 for meter in (plain, ours)]
        kinds = "/".join(sorted(ours.kinds)) or "nothing"
        print(f"| {size:,} | {zoom:g} | {kinds} | {rates[0]:.1f} | {rates[1]:.1f} |")
    print(f"(the hub: {spent / took:.1%} of a core for {2 * len(ZOOMS)} viewers)", flush=True)


if __name__ == "__main__":
    print("| devices | zoom | what comes | said nothing, kB/s | our page, kB/s |\n|---|---|---|---|---|")
    for fleet_size in (100_000, 20_000):
        measure(fleet_size)
