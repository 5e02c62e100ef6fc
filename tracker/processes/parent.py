"""The parent: starts the server and the carriers, starts each again when it dies, and ends them in order.

It serves nobody and reads nothing of anybody, so nothing of what strangers do can end it. The listening socket and the
private PostgreSQL are its own: a server that was started anew finds both.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec
import structlog

import tracker
from tracker.processes.assignment import Assignment, Listening, Role
from tracker.processes.database import Trouble, database
from tracker.processes.sibling import open_pair
from tracker.settings import Settings
from tracker.start import Start

PROGRAM: Final = "from tracker.processes.child import main; main()"
FIRST_PAUSE: Final = 0.1  # s until one that died is started again; twice as long each time
LONGEST_PAUSE: Final = 5.0  # s
WELL: Final = 30.0  # s it has to live to be well again
END: Final = 15.0  # s from the signal until what is left is killed: longer than the server's own grace

logger = structlog.get_logger(process="parent")
Started = Callable[[Start], None]


class Child:
    """One process of ours, and the next that takes its place. `heard`: each line it says on standard output."""

    def __init__(self, role: Role, inherited: Sequence[socket.socket], heard: Callable[[str], None]) -> None:
        self.role = role
        self.inherited = tuple(each.fileno() for each in inherited)
        self.heard = heard
        self.process: Process | None = None
        self.has_started = False
        self.is_ending = False

    async def start(self) -> None:
        """It imports what it needs, and waits for its assignment."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            self.role,
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=self.inherited,
            env=environment(),
            start_new_session=True,  # Ctrl-C in a terminal is for the parent, who passes it on once
        )

    async def live(self, assignment: Assignment) -> int:
        """Until it ends; the code."""
        if self.process is None:
            await self.start()
        process = self.process
        assert process is not None and process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError, ConnectionResetError):  # it ended already, and its code says so
            process.stdin.write(replace(assignment, inherited=self.inherited).encode())
            await process.stdin.drain()
            process.stdin.close()
        async for line in process.stdout:
            self.has_started = True
            self.heard(line.decode().strip())
        code = await process.wait()
        self.process = None
        return code

    async def keep(self, assignment: Assignment, *, must_start: bool) -> int:
        """Started again whenever it ends, until it is asked to; the code of the last. One that `must_start` and never
        did is not tried again: it has said why."""
        pause = FIRST_PAUSE
        while True:
            began = monotonic()
            code = await self.live(assignment)
            if self.is_ending or (must_start and not self.has_started):
                return code
            pause = FIRST_PAUSE if monotonic() - began > WELL else pause
            logger.error("a process ended, and is started again", ended=self.role, code=code, pause=pause)
            await asyncio.sleep(pause)
            if self.is_ending:
                return code
            pause = min(2 * pause, LONGEST_PAUSE)

    def end(self) -> None:
        """Asks it to, and that no other takes its place."""
        self.is_ending = True
        self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)


async def run(settings: Settings, shutdown: asyncio.Event, started: Started, log_level: str | None = None) -> int:
    """Serve until `shutdown` is set; the exit code. `started` is told once it listens. OSError where the address cannot
    be had."""
    with bind(settings.bind) as listener:
        ours, theirs = open_pair()
        begun = asyncio.Event()

        def hear(line: str) -> None:
            if not begun.is_set():
                listening = msgspec.json.decode(line, type=Listening)
                started(Start(listening.addresses, home, listening.code))
                begun.set()

        server, carriers = Child("server", (listener, ours), hear), Child("carriers", (theirs,), lambda _: None)
        try:
            await server.start()  # it imports what it needs while the database starts
            async with database(settings, Trouble(theirs), shutdown) as (url, home):
                assignment = Assignment(os.getpid(), settings, url, log_level or settings.log_level)
                async with asyncio.TaskGroup() as tasks:
                    serving = tasks.create_task(server.keep(assignment, must_start=True), name="server")
                    carrying = tasks.create_task(follow(begun, carriers, assignment), name="carriers")
                    await first(shutdown, serving)
                    listener.close()  # the server has it, too: nobody is to wait in a queue that ends with us
                    await end(server, serving, carriers, carrying)
                    return serving.result()
        finally:
            for child in (server, carriers):
                child.signal(signal.SIGKILL)
            ours.close()
            theirs.close()


async def follow(begun: asyncio.Event, carriers: Child, assignment: Assignment) -> int:
    """After the server: it brings the tables up to date, and nothing of its start waits for us."""
    await begun.wait()
    return await carriers.keep(assignment, must_start=False)


async def first(shutdown: asyncio.Event, serving: asyncio.Task[int]) -> None:
    """Until we are asked to end, or there is no server to be had."""
    asked = asyncio.create_task(shutdown.wait())
    await asyncio.wait({asked, serving}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()


async def end(server: Child, serving: asyncio.Task[int], carriers: Child, carrying: asyncio.Task[int]) -> None:
    """Both at once: what the server stores at the last is told at the next start."""
    for child in (server, carriers):
        child.end()
    if carriers.process is None:
        carrying.cancel()
    _, left = await asyncio.wait({serving, carrying}, timeout=END)
    if left:
        logger.error("killed, since it did not end in time", names=[task.get_name() for task in left])
        for child in (server, carriers):
            child.signal(signal.SIGKILL)
        await asyncio.wait(left)


def bind(address: str) -> socket.socket:
    """`host:port` or `[v6]:port`. Who accepts listens, with options of its own; until then a connection is refused."""
    host, _, port = address.rpartition(":")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, address) from None  # the kernel does not say which of them it was
    return listener


def environment() -> dict[str, str]:
    """Ours, and where this program lies: it may have been started from anywhere."""
    home = str(Path(tracker.__file__).parent.parent)
    found = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": found}
