"""Databases of the run's cluster: one for each test, copied from a migrated one before anybody asks for it."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg

from tracker.store.migrate import migrate

TEMPLATE: Final = "tracker_template"
MEMORY: Final = Path("/dev/shm")
ROOM: Final = 4 * 2**30  # bytes; a part of the tests takes some hundred MB
T = TypeVar("T")


def choose_memory() -> Path | None:
    """A folder for a cluster that need not outlive its tests: on a disk the 300 files of a copy take half a second
    where somebody else writes, too. None: there is none with room, and the usual one has to do."""
    return MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None


class Databases:
    """Made and dropped by a thread with its own loop, over one connection: tests with and without a loop (a browser's
    has one) can use it, and none waits for the copy of its own nor for the end of another's."""

    def __init__(self, url: str) -> None:
        self._url: Final = url
        self._thread: Final = ThreadPoolExecutor(1)
        self._runner: Final = asyncio.Runner()
        self._conn: Final = self._apart(asyncpg.connect(url)).result()
        self._left: Future[Any] | None = None  # the last that was dropped
        self._next: Future[str] | None = None

    def make_empty(self) -> str:
        """The URL of one without our tables."""
        return self._apart(self._create("create database {name}")).result()

    def take(self) -> str:
        """The URL of one with our tables, from now on the caller's."""
        taken = (self._next or self._copy()).result()
        self._next = self._copy()
        return taken

    def drop(self, url: str) -> None:
        """Some time soon. Raises why the last before was not."""
        if self._left is not None:
            self._left.result()
        name = url.removeprefix(self._url.partition("/postgres?")[0]).partition("?")[0].strip("/")
        self._left = self._apart(self._conn.execute(f"drop database {name} with (force)"))

    def close(self) -> None:
        """What was made ahead goes with the cluster."""
        for under_way in (self._next, self._left):
            if under_way is not None:
                under_way.result()
        self._apart(self._conn.close()).result()
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def prepare(self) -> None:
        """The one that is copied: migrations take half a second, a copy of what they made 30 ms."""
        self._apart(self._conn.execute(f"create database {TEMPLATE}")).result()
        self._apart(migrate(self._url_of(TEMPLATE))).result()

    def _copy(self) -> Future[str]:
        """The default strategy would take 100 ms."""
        return self._apart(self._create(f"create database {{name}} template {TEMPLATE} strategy file_copy"))

    async def _create(self, statement: str) -> str:
        name = f"test_{uuid.uuid4().hex}"
        await self._conn.execute(statement.format(name=name))
        return self._url_of(name)

    def _url_of(self, name: str) -> str:
        return self._url.replace("/postgres?", f"/{name}?")

    def _apart(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return self._thread.submit(self._runner.run, work)


@contextmanager
def copied(databases: Databases) -> Iterator[str]:
    """A fresh, migrated database until the block ends. For a fixture of any scope."""
    url = databases.take()
    yield url
    databases.drop(url)
