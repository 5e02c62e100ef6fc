"""Several machines of one installation, each a parent with a data folder of its own, on one PostgreSQL and one NATS;
and the wire of each to either, which can be cut."""

import asyncio
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg

from tests.faults.proxy import Ends, Proxy
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.proxied import SEARCH, until_up
from tests.running import PROGRAM, RunningServer
from tracker.processes.nats import find_program

T = TypeVar("T")
CLOCK: Final = """
import time
true = time.time_ns
time.time_ns = lambda: true() + {minutes} * 60_000_000_000
"""


class Wire(Proxy):
    """A proxy of TCP instead, to a port of loopback."""

    def __init__(self, port: int) -> None:
        super().__init__("postgresql:///?host=/", Path("/"))
        self.port = port

    async def dial(self) -> Ends:
        return await asyncio.open_connection("127.0.0.1", self.port)


class Loop:
    """In a thread of its own, so that wires carry while a test waits for a process."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)

    def call(self, deed: Callable[[], None]) -> None:
        async def work() -> None:
            deed()

        self.run(work())

    async def end_tasks(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def end(self) -> None:
        self.run(self.end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@dataclass
class Machine:
    server: RunningServer
    nats: Proxy
    database: Proxy
    loop: Loop

    def cut(self, wire: str) -> None:
        """ "nats" or "database": until it is mended."""
        self.loop.call(self.find(wire).part)

    def mend(self, wire: str) -> None:
        self.find(wire).is_away = False

    def find(self, wire: str) -> Proxy:
        return {"nats": self.nats, "database": self.database}[wire]

    def signal(self, number: signal.Signals) -> None:
        """To the process that serves."""
        os.kill(self.server.pid, number)


@contextmanager
def nats_server() -> Iterator[int]:
    """Its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tracker-nats-") as folder:
        log = Path(folder) / "log"
        command = [find_program(), "-a", "127.0.0.1", "-p", str(port)]
        with log.open("wb") as file:
            process = subprocess.Popen(command, env={"PATH": SEARCH}, stdout=file, stderr=file)
        try:
            until_up(port, process, log)
            yield port
        finally:
            process.kill()
            process.wait()


@contextmanager
def machines(database_url: str, minutes: tuple[int, ...]) -> Iterator[list[Machine]]:
    """As many as `minutes`: how far the clock of each is ahead. All of them serve."""
    with ExitStack() as stack:
        port = stack.enter_context(nats_server())
        loop = Loop()
        stack.callback(loop.end)
        made = [stack.enter_context(machine(database_url, port, loop, each)) for each in minutes]
        for each in made:
            each.server.start(until_ready=False)
        for each in made:
            each.server.wait_for(each.server.is_ready)
        yield made


@contextmanager
def machine(database_url: str, nats_port: int, loop: Loop, minutes: int) -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="tracker-") as folder:
        database, nats, port = Proxy(database_url, Path(folder)), Wire(nats_port), free_port()
        listeners = [
            loop.run(asyncio.start_unix_server(database.serve, database.at)),
            loop.run(asyncio.start_server(nats.serve, "127.0.0.1", port)),
        ]
        program = CLOCK.format(minutes=minutes) + PROGRAM if minutes else PROGRAM
        server = RunningServer(database.url, program=program, TRACKER_NATS_URL=f"nats://127.0.0.1:{port}")
        try:
            yield Machine(server, nats, database, loop)
        finally:
            server.end()
            for listener in listeners:
                loop.call(listener.close)


async def find_owner(conn: asyncpg.Connection, among: list[Machine]) -> int | None:
    """Which of them owns the log, or a part of it."""
    names = await conn.fetch("select name from owner where not fenced and id in (select owner from lease)")
    pids = {int(row["name"].split()[-1]) for row in names}
    return next((n for n, each in enumerate(among) if each.server.pids().get("server") in pids), None)
