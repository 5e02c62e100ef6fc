"""Child: one process of the parent's, and the next that takes its place when it dies."""

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

import structlog

import tracker
from tracker.processes.assignment import Assignment, Role

PROGRAM: Final = "from tracker.processes.child import main; main()"
FIRST_PAUSE: Final = 0.1  # s until one that died is started again; twice as long each time
LONGEST_PAUSE: Final = 5.0  # s
WELL: Final = 30.0  # s it has to live to be well again

logger = structlog.get_logger(process="parent")


class Child:
    """One process of ours, and the next that takes its place. `heard`: each line it says on standard output."""

    def __init__(self, role: Role, inherited: Sequence[socket.socket], heard: Callable[[str], None]) -> None:
        self.role = role
        self.inherited = tuple(each.fileno() for each in inherited)
        self.heard = heard
        self.process: Process | None = None
        self.started = asyncio.Event()
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
            if self.is_ending:  # it was asked to while there was nobody yet to be sent the signal
                self.signal(signal.SIGTERM)
        process = self.process
        assert process is not None and process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError, ConnectionResetError):  # it ended already, and its code says so
            process.stdin.write(replace(assignment, inherited=self.inherited).encode())
            await process.stdin.drain()
            process.stdin.close()
        async for line in process.stdout:
            self.started.set()
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
            if self.is_ending or (must_start and not self.started.is_set()):
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


def environment() -> dict[str, str]:
    """Ours, and where this program lies: it may have been started from anywhere."""
    home = str(Path(tracker.__file__).parent.parent)
    found = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": found}
