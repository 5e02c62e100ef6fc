"""The application under test: `python -m tests.websocket.echo '{"limits": {...}, "loop": "uvloop", ...}'`.

It echoes, and a few other manners by path. It prints its address, and says how it is on /stats.
"""

import asyncio
import json
import os
import resource
import signal
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

import uvloop
from quart import Quart, request

from tracker.websocket import (
    Admission,
    Admit,
    Endpoint,
    Handshake,
    Limits,
    PlainConnection,
    Room,
    Shutdown,
    Socket,
    converse,
    prebuild,
    serve,
)
from tracker.websocket.wheel import Wheel

FRAME = prebuild(b"x" * 1024)
BULK = 4_000_000


class Echo:
    """Sends back what it receives, or does what its manner says."""

    def __init__(self, manner: str, app: "App") -> None:
        self._manner = manner
        self._app = app

    def opened(self, socket: Socket) -> None:
        self._app.opened += self._manner != "stats"
        self._socket = socket
        if self._manner in ("push", "stubborn"):
            self._app.viewers[self] = socket
        if self._manner == "paused":
            socket.pause_reading()
            asyncio.get_running_loop().call_later(1.0, socket.resume_reading)

    def received(self, message: str | bytes) -> None:
        if self._manner == "bomb":
            raise ValueError("on purpose")
        if self._manner == "close":
            self._socket.close(int(message), "as you wish")
            self._socket.send("never seen")
        elif self._manner == "stats":
            self._socket.send(json.dumps(self._app.stats()))
        elif self._manner == "snapshot":
            self._socket.send(b"x" * 4_000_000)
            self._socket.send_prebuilt(FRAME)
            self._socket.send(b"x" * 1024)
        elif self._manner == "apart":
            self._socket.send("the parts of")
            self._socket.send_all(str(message).split("|"))
            self._socket.send(message)
        elif self._manner == "count":
            self._app.counted += 1
        else:
            self._socket.send(message)

    def drained(self) -> None:
        self._app.drained += 1

    def closed(self, code: int) -> None:
        if self._manner != "stats":  # who asks is not counted
            self._app.closed[code] += 1
        self._app.viewers.pop(self, None)

    def push(self) -> None:
        if self._manner == "stubborn":
            for _ in range(16):
                self._socket.send_prebuilt(FRAME)
        elif not self._socket.buffered:
            self._socket.send_prebuilt(FRAME)


class App:
    """What the server counts."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.opened = self.drained = self.counted = 0
        self.closed: Counter[int] = Counter()
        self.beats: deque[float] = deque([0.0], maxlen=1000)
        self.viewers: dict[Echo, Socket] = {}

    def stats(self) -> dict[str, Any]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        room = self.room
        return {
            "tasks": len(asyncio.all_tasks()),
            "fds": len(os.listdir("/proc/self/fd")),
            "rss": pages * resource.getpagesize(),
            "sockets": len(room.sockets),
            "wires": len(room.wires),
            "total": room.census.total,
            "refused": room.refused,
            "violations": room.violations,
            "failures": room.failures,
            "opened": self.opened,
            "drained": self.drained,
            "counted": self.counted,
            "closed": self.closed,
            "viewers": len(self.viewers),
            "read_buffers": sum(getattr(socket, "read_buffer", 0) for socket in room.sockets),
            "beat": sorted(self.beats)[int(len(self.beats) * 0.99)],
        }

    async def beat(self) -> None:
        """How much this process computes between two chances for others: what a bystander waits on an idle machine."""
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.002)
            self.beats.append(time.thread_time() - before)

    async def push(self) -> None:
        while True:
            for viewer in list(self.viewers):
                viewer.push()
            await asyncio.sleep(0.02)


def build(app: App, limits: Limits) -> Quart:
    quart = Quart("echo")
    quart.asgi_websocket_class = PlainConnection
    quart.config["BODY_TIMEOUT"] = 2

    @quart.websocket("/<manner>")
    async def talk(manner: str) -> Any:
        if manner == "refuse":
            return "no", 403
        if manner in ("late", "never"):
            await asyncio.sleep(0.3 if manner == "late" else 3600)
        return await converse(Echo(manner, app), limits)

    @quart.get("/stats")
    async def stats() -> dict[str, Any]:
        return app.stats()

    @quart.get("/bulk")
    async def bulk() -> bytes:
        return bytes(BULK)

    @quart.post("/body")
    async def body() -> str:
        return str(len(await request.get_data()))

    return quart


def make_admit(app: App, limits: Limits) -> Admit:
    """The short way to what the route says, but for what it refuses."""

    async def admit(shown: Handshake) -> Admission | None:
        manner = shown.path.removeprefix("/")
        if manner == "refuse" or not manner or "/" in manner:
            return None
        await asyncio.sleep({"late": 0.3, "never": 3600}.get(manner, 0.0))
        return Admission(Echo(manner, app), limits)

    return admit


async def main(wanted: dict[str, Any]) -> None:
    limits = Limits(**wanted.get("limits", {}))
    room = Room(limits, Wheel(wanted.get("tick_s", 0.05)))
    app, shutdown = App(room), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, shutdown.set)

    async def drain() -> None:
        await asyncio.sleep(wanted.get("drain_s", 0.0))
        for socket in list(room.sockets):
            socket.send("going away")

    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(app.push()), tasks.create_task(app.beat())]
        spoken: dict[str, Any] = {name: wanted[name] for name in ("http2", "hand_over") if name in wanted}
        spoken |= {name: Path(wanted[name]) for name in ("certificate", "key") if name in wanted}
        admit = make_admit(app, limits) if wanted.get("shortcut") else None
        await serve(
            build(app, limits),
            Endpoint(["127.0.0.1:0"], **spoken, admit=admit),
            Shutdown(shutdown, drain, wanted.get("grace", 5.0)),
            room=room,
            ready=lambda addresses: print(addresses[0], flush=True),
        )
        for task in working:
            task.cancel()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    if given.get("descriptors"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (given["descriptors"], given["descriptors"]))
    (asyncio.run if given.get("loop") == "asyncio" else uvloop.run)(main(given))
