"""A real PostGIS for everyone: one private cluster for the run, one database per test, copied from a migrated one."""

import asyncio
import gc
import inspect
import shutil
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.laws import load_profile
from tests.running import RunningServer, running
from tracker.postgis.cluster import Cluster
from tracker.store.migrate import migrate
from tracker.store.pool import open_pool, set_codecs

TEMPLATE = "tracker_template"
LINGER_S = 0.5  # a cancelled task may need a few turns of the loop to end


STARTS_PROCESSES = {"alerts", "browser", "faults", "integration", "websocket"}

load_profile()


def pytest_configure() -> None:
    """Told to end, it ends as Ctrl-C ends it: what the tests started is stopped and their folders are gone."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """What a test forgot to close is told of it, and not of whichever runs when the collector comes by."""
    if item.path.parent.name in STARTS_PROCESSES:
        gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.add_marker(pytest.mark.usefixtures("no_lingering_tasks"))


@pytest.fixture
async def no_lingering_tasks() -> AsyncIterator[None]:
    """Fails a test that leaves a task behind: a task nobody waits for hides its errors."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=LINGER_S)
    assert not left, f"tasks left running: {left}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Not in pytest's own folder: that one is closed to the account PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-"))
    folder.chmod(0o711)
    cluster = Cluster(folder / "data", durable=False)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The URL of the cluster's own database, once the template is there to copy."""
    _apart(_execute(cluster.url, f"create database {TEMPLATE}"))
    _apart(migrate(_database(cluster.url, TEMPLATE)))
    return cluster.url


@pytest.fixture
def empty_database_url(cluster: Cluster) -> Iterator[str]:
    """A fresh database without our tables."""
    yield from _created(cluster.url, "create database {name}")


@pytest.fixture
def database_url(template: str) -> Iterator[str]:
    """A fresh, migrated database."""
    yield from copied_database(template)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(database_url, min_size=1, max_size=4) as pool:
        yield pool


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(database_url)
    await set_codecs(conn)
    yield conn
    await conn.close()


def copied_database(template: str) -> Iterator[str]:
    """file_copy takes 30 ms, the default strategy 100, the migrations 500. For a fixture of any scope."""
    yield from _created(template, f"create database {{name}} template {TEMPLATE} strategy file_copy")


def _created(url: str, statement: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _apart(_execute(url, statement.format(name=name)))
    yield _database(url, name)
    _apart(_execute(url, f"drop database {name} with (force)"))


def _database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


async def _execute(url: str, statement: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


def _apart(work: Coroutine[Any, Any, object]) -> None:
    """Runs in a thread with its own loop, so that tests with and without a loop (a browser's has one) can use it."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture
def server(database_url: str) -> Iterator[RunningServer]:
    """A real server in a process of its own, on a fresh database."""
    with running(database_url) as server:
        yield server
