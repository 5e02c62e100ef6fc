"""Running commands while a person waits: a line for each finished step, and the seconds of the open ones."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from tracker.errors import SetupFailed

TICK_S: Final = 0.5
SHOWN_LINES: Final = 30  # of the output of a failed step


@dataclass(frozen=True)
class Outcome:
    """How a command ended and all it said."""

    code: int
    output: str
    seconds: float


@dataclass
class Progress:
    """What the person sees. Steps may run at the same time, in threads."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    _open: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def shown(self) -> Iterator["Progress"]:
        """Keeps the line with the open steps fresh, where there is a terminal to rewrite it on."""
        ticker = threading.Thread(target=self._tick, daemon=True)
        ticker.start()
        try:
            yield self
        finally:
            self._over.set()
            ticker.join()
            self._rewrite("")

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """Says `title` and its seconds when it ends, with ok, FAILED, or the word left in the list."""
        began = time.monotonic()
        word: list[str] = []
        with self._lock:
            self._open[title] = began
        if not self.out.isatty():
            self.say(f"  ...     {title}")
        try:
            yield word
            word.append("ok")
        finally:
            with self._lock:
                self._open.pop(title, None)
            self.say(f"  {word[0] if word else 'FAILED':<6}  {title}  {time.monotonic() - began:.1f} s")

    def say(self, line: str) -> None:
        with self._lock:
            self._rewrite(line + "\n")

    def _tick(self) -> None:
        while not self._over.wait(TICK_S):
            now = time.monotonic()
            with self._lock:
                self._rewrite(", ".join(f"{title} {now - began:.0f} s" for title, began in self._open.items()))

    def _rewrite(self, text: str) -> None:
        if self.out.isatty():
            width = os.get_terminal_size(self.out.fileno()).columns or 80
            shown = text if text.endswith("\n") else text[: width - 7]
            self.out.write(f"\r\x1b[K{'' if text.endswith(chr(10)) or not text else '  ... '}{shown}")
        elif text.endswith("\n"):
            self.out.write(text)
        self.out.flush()


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> Outcome:
    """Runs a command to its end, keeping what it says to itself."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
        )
        said.seek(0)
        return Outcome(done.returncode, said.read().decode(errors="replace"), time.monotonic() - began)


def must(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """The output of a command that has to succeed. Raises SetupFailed with the end of it."""
    try:
        outcome = run(command, cwd=cwd, env=env)
    except FileNotFoundError as error:
        raise SetupFailed(f"{command[0]} is not there: {error}") from None
    if outcome.code != 0:
        last = "\n".join(outcome.output.splitlines()[-SHOWN_LINES:])
        raise SetupFailed(f"{' '.join(map(str, command))}\nended with {outcome.code}:\n{last}")
    return outcome.output
