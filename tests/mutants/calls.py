"""Which functions each test runs through: a plugin of pytest, `-p tests.mutants.calls`, that writes what it saw to the
file named by TRACKER_CALLS. Also those that a server runs through meanwhile: see `counting`.

By function and not by line, for a line costs much more to see, and the tests of a function are few enough.
"""

import ast
import os
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.mutants.counting.sitecustomize import COUNTED_IN, SLOTS, Notes, find_slot, open_counted

WRITTEN_TO: Final = "TRACKER_CALLS"
COUNTED: Final = ("tracker/**/*.py", "tests/running.py")


class Seen(msgspec.Struct, frozen=True):
    """One test: how long it took, and `path place` of each function that was called meanwhile: of the program,
    and of what starts a server and talks to it."""

    seconds: float
    called: frozenset[str]


def environment(folder: Path) -> dict[str, str]:
    """For a pytest that notes what is called. Bytecode with notes is kept apart from that without."""
    counted = folder / "counted"
    counted.write_bytes(bytes(SLOTS))
    notes = Path(__file__).with_name("counting")
    bytecode = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    return {COUNTED_IN: str(counted), "PYTHONPATH": str(notes)} | bytecode


class Watcher:
    def __init__(self, root: Path) -> None:
        self.names = find_names(root)
        self.counted = open_counted(os.environ[COUNTED_IN])
        self.seen: dict[str, Seen] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self.counted[:] = bytes(SLOTS)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            called = frozenset(name for slot, name in self.names if self.counted[slot])
            self.seen[item.nodeid] = Seen(time.monotonic() - began, called)

    def pytest_unconfigure(self) -> None:
        Path(os.environ[WRITTEN_TO]).write_bytes(msgspec.json.encode(self.seen))


def find_names(root: Path, patterns: Iterable[str] = COUNTED) -> list[tuple[int, str]]:
    """Of each function that there is, the byte and the name."""
    found = []
    for pattern in patterns:
        for file in root.glob(pattern):
            path = file.relative_to(root).as_posix()
            notes = Notes(path)
            notes.visit(ast.parse(file.read_bytes()))
            found += [(find_slot(path, place), f"{path} {place}") for place in notes.places]
    return found


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Watcher(config.rootpath), "calls")
