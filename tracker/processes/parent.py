"""The parent: starts the servers and the carriers, starts each again when it dies, and ends them in order.

It serves nobody and reads nothing of anybody, so nothing of what strangers do can end it. The listening sockets, the
private PostgreSQL and NATS are its own: a server that was started anew finds all of them.
"""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from tracker.processes.assignment import Assignment, Listening
from tracker.processes.crew import Crew
from tracker.processes.database import Trouble, database
from tracker.processes.keeping import Child, environment
from tracker.processes.nats import nats
from tracker.settings import Settings
from tracker.start import Start

Started = Callable[[Start], None]


async def run(settings: Settings, shutdown: asyncio.Event, started: Started, log_level: str | None = None) -> int:
    """Serve until `shutdown` is set; the exit code. `started` is told once it listens. OSError where the address cannot
    be had."""
    with bind_all(settings.bind, settings.processes) as listeners, make_doors(settings.processes) as doors:
        begun = asyncio.Event()

        def hear(line: str) -> None:
            if not begun.is_set():
                listening = msgspec.json.decode(line, type=Listening)
                started(Start(listening.addresses, home, listening.code))
                begun.set()

        crew = Crew(listeners, hear)
        try:
            first = crew.servers[0]
            for server in crew.servers:
                await server.start()  # it imports what it needs while the database starts
            trouble = Trouble([theirs for _, theirs in crew.pairs])
            async with (
                database(settings, trouble, shutdown) as (found, home),
                nats(settings, home or settings.data, environment()) as url,
            ):
                level = log_level or settings.log_level
                assignment = Assignment(os.getpid(), settings, found, level, nats_url=url, doors=doors)
                async with asyncio.TaskGroup() as tasks:
                    crew.begin(first, assignment, tasks, must_start=True)
                    serving = crew.keeping[first]
                    following = tasks.create_task(crew.follow(begun, assignment, tasks), name="follow")
                    with renewing(lambda: crew.renew_once(begun, assignment, tasks)):
                        await until_ended(shutdown, first, serving)
                    following.cancel()
                    for listener in listeners:
                        listener.close()  # the servers have them, too: nobody is to wait in a queue that ends with us
                    await crew.end_all()
                    return crew.keeping[crew.servers[0]].result()
        finally:
            crew.kill()


@contextmanager
def make_doors(processes: int) -> Iterator[Path | None]:
    """A folder for sockets by which several servers reach each other; in the one for passing files, for the path of a
    socket must be short."""
    if processes == 1:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tracker-doors-") as folder:
        yield Path(folder)


@contextmanager
def renewing(renew: Callable[[], object]) -> Iterator[None]:
    """SIGUSR2 starts each server anew. Not SIGHUP, by which a terminal that closes ends what runs in it."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR2, renew)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGUSR2)


async def until_ended(shutdown: asyncio.Event, first: Child, serving: asyncio.Task[int]) -> None:
    """Until we are asked to end, or there is no server to be had: the first never began to serve. One that did ends
    only where another took its place."""
    asked = asyncio.create_task(shutdown.wait())
    await asyncio.wait({asked, serving}, return_when=asyncio.FIRST_COMPLETED)
    if first.started.is_set():
        await asked
    asked.cancel()


@contextmanager
def bind_all(address: str, count: int) -> Iterator[list[socket.socket]]:
    """As many sockets at one address, among which the kernel spreads who comes."""
    with ExitStack() as stack:
        found = [stack.enter_context(bind(address))]
        if count > 1:
            # Whether it is taken was asked without sharing it: another parent's servers would share it with us.
            host, port = address.rpartition(":")[0], found.pop().getsockname()[1]
            stack.close()
            found = [stack.enter_context(bind(f"{host}:{port}", is_shared=True)) for _ in range(count)]
        yield found


def bind(address: str, *, is_shared: bool = False) -> socket.socket:
    """`host:port` or `[v6]:port`. Who accepts listens, with options of its own; until then a connection is refused."""
    host, _, port = address.rpartition(":")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, address) from None  # the kernel does not say which of them it was
    return listener
