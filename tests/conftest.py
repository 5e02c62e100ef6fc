"""A real PostGIS for everyone: one private cluster for the run, one database per test, copied from a migrated one."""

import asyncio
import gc
import inspect
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.databases import Databases, choose_memory, copied
from tests.laws import load_profile
from tests.running import RunningServer, running
from tracker.postgis.cluster import Cluster
from tracker.store.pool import open_pool, set_codecs

LINGER_S = 5.0  # a cancelled task may need a few turns of the loop to end, and a busy machine some time for them


STARTS_PROCESSES = {"alerts", "browser", "faults", "integration", "websocket"}

load_profile()


def pytest_configure() -> None:
    """Told to end, it ends as Ctrl-C ends it: what the tests started is stopped and their folders are gone. By either
    signal, for a shell starts what runs in its background with Ctrl-C ignored."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What was imported by now stays until the end. Looked through after each test it took a tenth of a second, as
    much as the test itself."""
    gc.collect()
    gc.freeze()


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
    folder = Path(tempfile.mkdtemp(prefix="tracker-", dir=choose_memory()))
    folder.chmod(0o711)
    cluster = Cluster(folder / "data", durable=False)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def databases(cluster: Cluster) -> Iterator[Databases]:
    databases = Databases(cluster.url)
    databases.prepare()
    yield databases
    databases.close()


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A fresh database without our tables."""
    url = databases.make_empty()
    yield url
    databases.drop(url)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A fresh, migrated database; that of the town, where the tests share it."""
    if request.node.get_closest_marker("town"):
        yield request.getfixturevalue("town").database_url
        return
    with copied(databases) as url:
        yield url


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


@pytest.fixture(scope="session")
def town(databases: Databases) -> Iterator[RunningServer]:
    """A server for all tests that are marked so: to start one takes two seconds of a processor."""
    with copied(databases) as url, running(url) as town:
        yield town


@pytest.fixture(scope="module")
def lodging(town: RunningServer) -> Iterator[RunningServer]:
    """The town's server for all tests of a file: what one leaves behind, the next one meets, and no other file."""
    yield town
    town.empty()


@pytest.fixture(scope="module")
def shared_url(databases: Databases) -> Iterator[str]:
    with copied(databases) as url:
        yield url


@pytest.fixture(scope="module")
def shared(shared_url: str) -> Iterator[RunningServer]:
    """One server for all tests of a file: what one of them leaves behind, the next one meets."""
    with running(shared_url) as server:
        yield server


@pytest.fixture
def server(request: pytest.FixtureRequest, database_url: str) -> Iterator[RunningServer]:
    """A real server in a process of its own, on a fresh database; or the town's, which is left empty."""
    if request.node.get_closest_marker("town"):
        town = request.getfixturevalue("town")
        yield town
        town.empty()
        return
    with running(database_url) as server:
        yield server
