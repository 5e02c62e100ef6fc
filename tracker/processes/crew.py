"""Crew: the servers of this machine, each with a listening socket of its own that outlives it, and the carriers."""

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from tracker.processes.assignment import Assignment
from tracker.processes.keeping import Child
from tracker.processes.sibling import open_pair

END: Final = 15.0  # s from the signal until what is left is killed: longer than the server's own grace
START: Final = 60.0  # s without a server that takes connections until it is said that another waits for it

logger = structlog.get_logger(process="parent")


class Crew:
    """`listeners`: one for each server."""

    def __init__(self, listeners: Sequence[socket.socket], heard: Callable[[str], None]) -> None:
        self.listeners = listeners
        self.pairs = [open_pair() for _ in listeners]
        self.heard = heard
        self.servers = [self.make(number) for number in range(len(listeners))]
        self.carriers = Child("carriers", [theirs for _, theirs in self.pairs], lambda _: None)
        self.keeping: dict[Child, asyncio.Task[int]] = {}
        self.renewing: asyncio.Task[None] | None = None

    def make(self, number: int) -> Child:
        return Child("server", (self.listeners[number], self.pairs[number][0]), self.heard)

    def begin(
        self, child: Child, assignment: Assignment, tasks: asyncio.TaskGroup, *, must_start: bool = False
    ) -> None:
        self.keeping[child] = tasks.create_task(child.keep(assignment, must_start=must_start), name=child.role)

    async def follow(self, begun: asyncio.Event, assignment: Assignment, tasks: asyncio.TaskGroup) -> None:
        """After the first server: it brings the tables up to date, and nothing of its start waits for the others."""
        await begun.wait()
        self.begin(self.carriers, assignment, tasks)
        for number, server in enumerate(self.servers[1:], start=1):
            self.begin(server, replace(assignment, number=number), tasks)

    def renew_once(self, begun: asyncio.Event, assignment: Assignment, tasks: asyncio.TaskGroup) -> None:
        """As `renew`; what is under way is not begun again."""
        if self.renewing is None or self.renewing.done():
            self.renewing = tasks.create_task(self.renew(begun, assignment, tasks), name="renew")

    async def renew(self, begun: asyncio.Event, assignment: Assignment, tasks: asyncio.TaskGroup) -> None:
        """Start each server anew. First the new ones are started, one after the other, and take who comes; then the old
        ones are ended, one after the other. So who is sent away by one comes to another that stays. To end one and
        start it again before the next would be simpler, and send the same device away as often as there are
        servers."""
        await begun.wait()  # before, `follow` would start the new ones a second time
        old, self.servers = self.servers, [self.make(number) for number in range(len(self.servers))]
        for number, server in enumerate(self.servers):
            self.begin(server, replace(assignment, number=number), tasks)
            await self.see_started(server, number)
            old[number].signal(signal.SIGUSR1)
        for server in old:
            await self.end([server])
            del self.keeping[server]
        logger.info("all servers were started anew")

    async def see_started(self, server: Child, number: int) -> None:
        """However long it takes: it is tried again, and the old ones that were not replaced go on."""
        while not server.started.is_set():
            try:
                async with asyncio.timeout(START):
                    await server.started.wait()
            except TimeoutError:
                logger.error("a server does not start, and its predecessor goes on", number=number + 1)

    async def end_all(self) -> None:
        if self.renewing is not None:
            self.renewing.cancel()
            await asyncio.wait([self.renewing])
        await self.end([*self.keeping])

    async def end(self, children: Sequence[Child]) -> None:
        """In order, all at once, and by force after a time."""
        tasks = {self.keeping[child] for child in children if child in self.keeping}
        for child in children:
            child.end()
            if child is self.carriers and child.process is None and child in self.keeping:
                self.keeping[child].cancel()
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=END)
            if left:
                logger.error("killed, since it did not end in time", names=[task.get_name() for task in left])
                for child in children:
                    child.signal(signal.SIGKILL)
                await asyncio.wait(left)

    def kill(self) -> None:
        for child in (*self.keeping, *self.servers, self.carriers):
            child.signal(signal.SIGKILL)
        for pair in self.pairs:
            for end in pair:
                end.close()
