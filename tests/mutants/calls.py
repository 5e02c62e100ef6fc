"""Which functions each test runs through: a plugin of pytest, `-p tests.mutants.calls`, that writes what it saw to the
file named by TRACKER_CALLS.

By function and not by line: the profiler in C costs a test half of its time again, and one that sees lines ten times as
much. It sees the process and the thread of the test; what a server does in a process of its own it does not.
"""

import cProfile
import os
import time
from collections.abc import Generator
from pathlib import Path
from types import CodeType
from typing import Final

import msgspec
import pytest

WRITTEN_TO: Final = "TRACKER_CALLS"


class Seen(msgspec.Struct, frozen=True):
    """One test: how long it took, and `path place` of each function that it called: of the program,
    and of what starts a server and talks to it."""

    seconds: float
    called: frozenset[str]


class Watcher:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.ours = (f"{root}/tracker/", f"{root}/tests/running.py")
        self.seen: dict[str, Seen] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        profile, began = cProfile.Profile(builtins=False), time.monotonic()
        profile.enable()
        try:
            return (yield)
        finally:
            profile.disable()
            codes = [each.code for each in profile.getstats() if isinstance(each.code, CodeType)]
            called = frozenset(self.name(code) for code in codes if code.co_filename.startswith(self.ours))
            self.seen[item.nodeid] = Seen(time.monotonic() - began, called)

    def name(self, code: CodeType) -> str:
        return f"{Path(code.co_filename).relative_to(self.root)} {name_place(code.co_qualname)}"

    def pytest_unconfigure(self) -> None:
        Path(os.environ[WRITTEN_TO]).write_bytes(msgspec.json.encode(self.seen))


def name_place(qualified: str) -> str:
    """As a mutant's place is named: a function within another by both names, a comprehension by where it stands."""
    parts = qualified.replace(".<locals>", "").split(".")
    return ".".join(part for part in parts if not part.startswith("<")) or "module"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Watcher(config.rootpath), "calls")
