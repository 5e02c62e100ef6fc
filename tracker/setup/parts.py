"""Runs the parts of the tests four at a time, and beside them those that nearly always wait; each in a session of its
own: so nothing outlives the run, and on Linux each gets its share of the processor, however many processes another has.
What of it stands last in line (readers of strangers' files do) then waits for its own part only."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from tracker.setup import web
from tracker.setup.checkout import ROOT
from tracker.setup.steps import Completed, Display

# Two cores are what everybody has, and a part waits for half of its time, that of integration for more than that: of
# three at a time a good part of the machine was idle for minutes.
AT_ONCE: Final = 4
GRACE_S: Final = 15.0  # for what was interrupted to stop what it started; then it is killed
ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Part:
    """`waits`: for deadlines, nearly all of its time. It begins at once, and takes no place of those that compute."""

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT
    waits: bool = False


@dataclass(frozen=True)
class PartRun:
    """How a part ended: `passed`, `FAILED`, `interrupted`, or `not run`."""

    part: Part
    word: str
    completed: Completed


@dataclass
class Running:
    """The processes of the parts under way."""

    environ: Mapping[str, str]
    display: Display
    is_over: bool = False
    _processes: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run_part(self, part: Part) -> PartRun:
        if self.is_over:
            return PartRun(part, "not run", Completed(1, "", 0.0))
        with self.display.step(part.name) as said:
            completed = self._run(part)
            word = "interrupted" if self.is_over else "FAILED" if completed.code else "passed"
            said.append(word.lower())
            if word == "FAILED":  # at once: who watches may want to stop and mend it
                self.display.say(f"\n{f' {part.name} ':=^100}\n{completed.output}")
            return PartRun(part, word, completed)

    def end(self) -> None:
        """As Ctrl-C in a terminal does for everything in it; what has not ended then is killed."""
        with self._lock:
            self.is_over = True
            under_way = set(self._processes)
        for process in under_way:
            _signal_group(process.pid, signal.SIGINT)
        for process in under_way:
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                _signal_group(process.pid, signal.SIGKILL)

    def _run(self, part: Part) -> Completed:
        began = time.monotonic()
        with tempfile.TemporaryFile() as said:
            with self._lock:
                if self.is_over:
                    return Completed(1, "", 0.0)
                process = subprocess.Popen(
                    [*ends_with_us(), *part.command],
                    cwd=part.folder,
                    env=self.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
                self._processes.add(process)
            code = process.wait()
            _signal_group(process.pid, signal.SIGKILL)  # what it left behind, such as a server of a killed pytest
            with self._lock:
                self._processes.discard(process)
            said.seek(0)
            return Completed(code, said.read().decode(errors="replace"), time.monotonic() - began)


def run_parts(parts: Sequence[Part], display: Display, more: Mapping[str, str] | None = None) -> list[PartRun]:
    """So many at once, and those that wait. Ctrl-C, SIGTERM and SIGHUP end them all. `more`: of the environment."""
    running = Running(part_environ() | dict(more or {}), display)
    beside = max(1, sum(part.waits for part in parts))
    with interrupted_by(ENDING), ThreadPoolExecutor(AT_ONCE) as workers, ThreadPoolExecutor(beside) as waiting:
        under_way = [(waiting if part.waits else workers).submit(running.run_part, part) for part in parts]
        try:
            return [each.result() for each in under_way]
        except KeyboardInterrupt:
            running.end()
            return [each.result() for each in under_way]


def part_environ() -> dict[str, str]:
    """Ours, but Python keeps what it compiles, whatever is wished for elsewhere (images of containers do): the tests
    start hundreds of processes, and each would compile a thousand files for three seconds."""
    kept = {name: value for name, value in web.node_environ().items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"NO_COLOR": "1"}


@contextmanager
def interrupted_by(signals: Sequence[signal.Signals]) -> Iterator[None]:
    """They raise KeyboardInterrupt, as Ctrl-C does. Python lets only the main thread ask for that."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(each, interrupt) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def ends_with_us() -> list[str]:
    """Even when we are killed, on Linux."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "INT"] if setpriv else []


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return  # all of it has ended
