"""The server of `bench.web`: the built page, the least of an API that it asks for, and a live stream of a fleet of
which every device moves once a second. The table, the hub and the frames are the server's own; there is no database.

`python -m bench.web_source PORT DEVICES`
"""

import asyncio
import json
import mimetypes
import re
import sys
import time
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from tracker.access.gate import Gate
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
from tracker.store.rights import Rights
from tracker.websocket import Prebuilt

WEB: Final = Path(__file__).resolve().parents[1] / "web"
CENTRE: Final = (24.95, 60.6)  # no streets there: what they cost is not asked here
REACH: Final = (0.028, 0.0085)  # degrees, within 1440 x 900 pixels at zoom 14
METRES: Final = 10.0  # a second
TURNS: Final = 4  # a second


class Outgoing:
    """A viewer's socket: what it sends is written by a task."""

    sent = 0  # bytes, of all

    def __init__(self, connection: ServerConnection) -> None:
        self.peer = "bench"
        self.buffered = 0
        self.connection = connection
        self.waiting: asyncio.Queue[str | bytes] = asyncio.Queue()

    def send(self, message: str | bytes) -> None:
        self.waiting.put_nowait(message)
        Outgoing.sent += len(message)

    def send_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.send(text)

    def send_prebuilt(self, frame: Prebuilt) -> None:
        self.send(frame.message)

    async def write(self) -> None:
        while True:
            await self.connection.send(await self.waiting.get())

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self, code: int, reason: str = "") -> None: ...
    def abort(self) -> None: ...


class Fleet:
    def __init__(self, size: int) -> None:
        self.random = np.random.default_rng(5)
        self.table = Table()
        self.table.devices = {key: Device(key, f"van-{key}", f"Van {key}") for key in range(1, size + 1)}
        nothing = cast(Any, None)
        gate = Gate(nothing)
        gate.sights.adopt(Rights(revision=0))
        self.hub = Hub(gate, nothing, nothing, Metrics(), self.table)
        self.places = self.random.uniform(-1, 1, (size, 2)) * REACH + CENTRE
        self.heading = self.random.uniform(0, 2 * np.pi, size)
        self.move(np.arange(size))

    def move(self, which: np.ndarray[Any, Any]) -> None:
        self.heading[which] += self.random.normal(0, 0.1, len(which))
        steps = np.column_stack((2 * np.sin(self.heading[which]), np.cos(self.heading[which])))  # at 60 degrees north
        moved = self.places[which] + steps * METRES / 111_195
        self.places[which] = (moved - CENTRE + REACH) % (2 * np.array(REACH)) - REACH + CENTRE
        degrees = np.degrees(self.heading) % 360.0
        at, us = now_ms(), now_us()
        positions = [
            Position(
                k + 1,
                Fix(at, round(lon * E7), round(lat * E7), METRES, float(degrees[k])),
                us,
                Status.MOVING,
            )
            for k, (lon, lat) in zip(which.tolist(), self.places[which].tolist(), strict=True)
        ]
        self.hub.deliver(Update(positions, [], us))

    async def run(self) -> None:
        turn, began = 0, time.monotonic()
        while True:
            turn += 1
            self.move(np.flatnonzero(np.arange(len(self.places)) % TURNS == turn % TURNS))
            self.hub.serve(time.monotonic())
            await asyncio.sleep(max(0.0, began + turn / TURNS - time.monotonic()))


async def converse(fleet: Fleet, connection: ServerConnection) -> None:
    viewer, socket = Viewer(fleet.table, fleet.hub.head, fleet.hub, Token(1, "admin")), Outgoing(connection)
    viewer.opened(socket)
    writer = asyncio.create_task(socket.write())
    try:
        async for message in connection:
            said = json.loads(message)
            said.pop("messages", None)  # there is no thread to read
            viewer.received(json.dumps(said))
            fleet.hub.serve(time.monotonic())
    finally:
        viewer.closed(1001)
        writer.cancel()


def answer(size: int, _: ServerConnection, request: Request) -> Response | None:
    path = urlsplit(request.path).path
    if path == "/ws/live":
        return None
    if path.startswith("/api/"):
        return respond(json.dumps(say(size, path)).encode(), "application/json")
    file = find_file(path)
    if not file.is_file():
        return respond(b"", "text/plain", HTTPStatus.NOT_FOUND)
    kind = mimetypes.guess_type(file.name)[0] or "text/javascript"
    # The page reads its ground in ranges.
    if asked := re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", "")):
        first, last = map(int, asked.groups())
        return respond(file.read_bytes()[first : last + 1], kind, HTTPStatus.PARTIAL_CONTENT)
    return respond(file.read_bytes(), kind)


def find_file(path: str) -> Path:
    if path == "/peer":
        return Path(__file__).with_name("web_peer.html")
    if path.startswith("/maplibre/"):
        return WEB / "node_modules/maplibre-gl/dist" / Path(path).name
    return WEB / "dist" / (path.lstrip("/") or "index.html")


def say(size: int, path: str) -> dict[str, Any]:
    devices = [{"id": f"van-{key}", "name": f"Van {key}", "category": None} for key in range(1, size + 1)]
    said: dict[str, dict[str, Any]] = {
        "/api/me": {"kind": "admin", "name": "bench", "person": None, "owner": False, "groups": []},
        "/api/config": {"map_style": None, "version": "bench", "streets": []},
        "/api/devices": {"devices": devices, "next": None},
        "/api/geofences": {"features": [], "next": None},
        "/api/events": {"events": []},
        "/api/sent": {"bytes": Outgoing.sent},
    }
    return said.get(path, {"messages": [], "head": 0, "next": None})


def respond(body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status.value, status.phrase, headers, body)


async def main(port: int, size: int) -> None:
    fleet = Fleet(size)
    async with serve(
        partial(converse, fleet), "127.0.0.1", port, process_request=partial(answer, size), compression=None
    ):
        print("ready", flush=True)
        await fleet.run()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
