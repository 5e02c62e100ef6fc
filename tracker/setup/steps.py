"""Running commands while a person waits: a line for each finished step, and the seconds of the open ones."""

import os
import re
import shutil
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
FULL_BYTES: Final = 32 << 20
NEEDED_GB: Final = 2  # the packages, their caches in the home folder, and room to unpack
NO_SPACE: Final = re.compile(r"no space left on device|ENOSPC|disk quota exceeded|enough free space", re.I)
# apt, pip, uv and npm have words of their own for it.
NO_NETWORK: Final = re.compile(
    r"temporary failure (?:in name resolution|resolving '[^']*')|could not resolve '?[\w.-]+|failed to resolve '[^']*'"
    r"|failed to lookup address information|dns error|name or service not known|network is unreachable"
    r"|no route to host|ENOTFOUND|EAI_AGAIN|ENETUNREACH|ETIMEDOUT|ECONNREFUSED|connection (?:refused|timed out|reset)"
    r"|failed to establish a new connection|error sending request|could not connect to [\w.-]+"
    r"|cannot initiate the connection to [\w.-]+|failed to fetch|from versions: none|tunnel error"
    r"|cannot connect to proxy",
    re.I,
)


@dataclass(frozen=True)
class Completed:
    """How a command ended and all it said."""

    code: int
    output: str
    seconds: float


@dataclass
class Display:
    """What the person sees. Steps may run at the same time, in threads."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    _open: dict[str, float] = field(default_factory=dict)
    _has_line: bool = False  # the line with the open steps stands on the terminal
    _is_hushed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def shown(self) -> Iterator["Display"]:
        """Keeps the line with the open steps fresh, where there is a terminal to rewrite it on."""
        ticker = threading.Thread(target=self._tick, daemon=True)
        ticker.start()
        try:
            yield self
        finally:
            self._over.set()
            ticker.join()
            self._clear()
            self.out.flush()

    def hush(self) -> None:
        """From now on only finished steps are told: a program that asks for a password writes to the same line."""
        self._is_hushed = True

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
            self._clear()
            self.out.write(line + "\n")
            self.out.flush()

    def _tick(self) -> None:
        """Writes only while a step is open. Between steps the line may be somebody else's: sudo asks there."""
        while not self._over.wait(TICK_S):
            now = time.monotonic()
            with self._lock:
                if self._open and not self._is_hushed and self.out.isatty():
                    steps = ", ".join(f"{title} {now - began:.0f} s" for title, began in self._open.items())
                    self._show(f"  ... {steps}")

    def _show(self, text: str) -> None:
        self._clear()
        width = os.get_terminal_size(self.out.fileno()).columns or 80
        self.out.write(text[: width - 1])
        self.out.flush()
        self._has_line = True

    def _clear(self) -> None:
        """Takes away what `_show` wrote, and nothing else."""
        if self._has_line:
            self.out.write("\r\x1b[K")
            self._has_line = False


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> Completed:
    """Runs a command to its end, keeping what it says to itself."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
        )
        said.seek(0)
        return Completed(done.returncode, said.read().decode(errors="replace"), time.monotonic() - began)


def must(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """The output of a command that has to succeed. Raises SetupFailed: a sentence where we know the reason, else the
    end of what it said."""
    try:
        completed = run(command, cwd=cwd, env=env)
    except (FileNotFoundError, PermissionError) as error:  # the latter where PATH names a folder of somebody else's
        raise SetupFailed(f"{command[0]} is not there: {error}") from None
    if completed.code != 0:
        if known := explain(completed.output, cwd):
            raise SetupFailed(f"{Path(command[0]).name}: {known}")
        last = "\n".join(completed.output.splitlines()[-SHOWN_LINES:])
        raise SetupFailed(f"{' '.join(map(str, command))}\nended with {completed.code}:\n{last}")
    return completed.output


def explain(output: str, folder: Path = Path("/")) -> str | None:
    """What befalls machines rather than programs, as a sentence with the next step: a full disk, no network."""
    if NO_SPACE.search(output) or shutil.disk_usage(folder).free < FULL_BYTES:  # some keep their reason to themselves
        return f"the disk is full. Make room (about {NEEDED_GB} GB are needed) and run it again"
    if found := NO_NETWORK.search(output):
        return f"nothing could be fetched ({found[0]}): is this machine online? Run it again when it is"
    return None
