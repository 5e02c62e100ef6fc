"""The private PostgreSQL in bad weather: each row is something that happens to people."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from tests.patience import PATIENCE_S
from tracker.errors import ClusterFailed, PostgisMissing
from tracker.postgis.account import postgres_account
from tracker.postgis.binaries import PLACES, find_binaries
from tracker.postgis.cluster import Cluster
from tracker.postgis.places import FALLBACK, make_private
from tracker.postgis.postmaster import running_pid

ROOT = os.geteuid() == 0
CHECKOUT = Path(__file__).resolve().parents[2]
SERVER = """
import signal, sys
from pathlib import Path
from tracker.postgis.cluster import Cluster
cluster = Cluster(Path(sys.argv[1]), durable=False)
cluster.start()
print(cluster.pid, cluster.adopted, flush=True)
signal.sigwait([signal.SIGTERM])
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A stopped cluster to copy: initdb takes half a second, a copy a twentieth."""
    with open_folder() as folder:
        cluster = Cluster(folder / "data", durable=False)
        cluster.start()
        cluster.stop()
        yield folder / "data"


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def data(made: Path, folder: Path) -> Path:
    """The data folder of a stopped cluster."""
    return copy(made, folder / "data")


def copy(made: Path, data: Path) -> Path:
    subprocess.run(["cp", "-a", made, data], check=True)
    return data


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder PostgreSQL's account may pass through, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def started(data: Path, *, durable: bool = False) -> Iterator[Cluster]:
    cluster = Cluster(data, durable=durable)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def server(data: Path) -> Iterator[tuple[subprocess.Popen[str], int, bool]]:
    """Another process with a cluster on `data`: it, the pid of its PostgreSQL, and whether it adopted that."""
    command = [sys.executable, "-c", SERVER, str(data)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            pid, adopted = process.stdout.readline().split()
            yield process, int(pid), adopted == "True"
        finally:
            process.kill()


async def value(cluster: Cluster, query: str) -> object:
    conn = await asyncpg.connect(cluster.url)
    try:
        return await conn.fetchval(query)
    finally:
        await conn.close()


def wait_for(condition: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


async def until(condition: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


async def test_a_new_folder_becomes_a_postgis_without_a_port(folder: Path) -> None:
    with started(folder / "deep/er/data") as cluster:
        await value(cluster, "create extension postgis")
        assert await value(cluster, "select st_astext(st_makepoint(1, 2))") == "POINT(1 2)"
        assert await value(cluster, "show listen_addresses") == ""
        assert await value(cluster, "show data_checksums") == "on"
        assert not cluster.adopted
    assert cluster.pid is None


async def test_it_is_durable_unless_told_otherwise(data: Path) -> None:
    with started(data, durable=True) as cluster:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await value(cluster, f"show {setting}") == "on"


def test_it_runs_as_an_account_that_is_not_root(data: Path) -> None:
    with started(data) as cluster:
        owner = Path(f"/proc/{cluster.pid}").stat().st_uid
    assert owner != 0
    assert owner == postgres_account().uid
    assert (cluster.home / "pgdata").stat().st_mode & 0o777 == 0o700
    assert (cluster.home / "run").stat().st_mode & 0o777 == 0o700


def test_a_folder_its_account_cannot_enter_is_replaced(folder: Path) -> None:
    folder.chmod(0o700)
    home = Cluster(folder / "data").home
    assert home.parent == (FALLBACK if ROOT else folder)
    home.rmdir()


def test_a_narrow_umask_does_not_lock_it_out(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        with started(folder / "a/b/data") as cluster:
            assert cluster.home == folder / "a/b/data"
    finally:
        os.umask(before)


def test_an_account_keeps_others_out_of_its_socket_folder(folder: Path) -> None:
    (folder / "link").symlink_to("/tmp")
    with pytest.raises(ClusterFailed, match="another user"):
        make_private(folder / "link", postgres_account())


async def test_a_path_too_long_for_a_socket(made: Path, folder: Path) -> None:
    with started(copy(made, folder / ("x" * 150))) as cluster:
        assert await value(cluster, "select 1") == 1


async def test_a_hostile_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, bad in {
        "LC_ALL": "zz_ZZ.UTF-8",
        "LANG": "klingon",
        "TZ": "Mars/Olympus",
        "PGHOST": "nowhere.invalid",
        "PGPORT": "1",
        "PGDATA": "/nowhere",
        "PGOPTIONS": "-c fsync=maybe",
        "PGTZ": "Mars/Olympus",
    }.items():
        monkeypatch.setenv(name, bad)
    with started(folder / "data") as cluster:
        assert await value(cluster, "show timezone") == "UTC"
        assert await value(cluster, "show server_encoding") == "UTF8"


async def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    half = folder / "data/pgdata.new"
    half.mkdir(parents=True)
    folder.joinpath("data").chmod(0o711)
    (half / "PG_VERSION").write_text("15\n")
    with started(folder / "data") as cluster:
        assert await value(cluster, "select 1") == 1


def test_a_pid_file_with_a_dead_pid(data: Path) -> None:
    with started(data) as cluster:
        kill(cluster.pid)
        cluster.start()
        assert cluster.pid is not None


def test_a_pid_file_with_somebody_elses_pid(data: Path) -> None:
    with started(data) as cluster:
        kill(cluster.pid)
        wait_for(lambda: cluster.pid is None)
        record = data / "pgdata/postmaster.pid"
        lines = record.read_text().splitlines(keepends=True)
        record.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
        cluster.start()
        assert cluster.pid not in (None, os.getpid())


async def test_a_second_server_adopts_and_takes_over(data: Path) -> None:
    with server(data) as (first, pid, adopted):
        assert not adopted
        with started(data) as second:
            assert second.adopted
            assert second.pid == pid
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(second.watch(print))
                first.kill()
                await until(lambda: second.pid != pid and second.is_ready)
                assert await value(second, "select 1") == 1
                assert not second.adopted
                watch.cancel()


def test_an_adopted_cluster_is_left_running(data: Path) -> None:
    with started(data) as first:
        with started(data) as second:
            assert second.adopted
        assert first.pid is not None


def test_servers_started_at_once_share_one(data: Path) -> None:
    command = [sys.executable, "-c", SERVER, str(data)]
    processes = [
        subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        for _ in range(3)
    ]
    try:
        told = [process.stdout.readline().split() for process in processes if process.stdout]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    wait_for(lambda: running_pid(data / "pgdata") is None)
    assert len({pid for pid, _ in told}) == 1
    assert sorted(adopted for _, adopted in told) == ["False", "True", "True"]


def test_it_ends_cleanly_when_its_server_is_killed(data: Path) -> None:
    with server(data) as (process, pid, _):
        process.kill()
        wait_for(lambda: running_pid(data / "pgdata") != pid)
    log = (data / "postgres.log").read_text()
    assert "received fast shutdown request" in log
    assert "database system is shut down" in log


def test_a_server_can_start_while_the_last_one_is_still_stopping(data: Path) -> None:
    with server(data) as (process, pid, _):
        process.kill()
        with started(data) as cluster:
            wait_for(lambda: cluster.pid not in (None, pid) or not cluster.adopted)


async def test_a_killed_postgres_is_started_again_with_every_row_it_confirmed(data: Path) -> None:
    with started(data, durable=True) as cluster:
        await value(cluster, "create table t (n int)")
        killed = cluster.pid
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(cluster.watch(print))
            confirmed = await insert_until_killed(cluster)
            await until(lambda: cluster.pid != killed and cluster.is_ready)
            rows = await value(cluster, "select count(*) from t")
            watch.cancel()
    assert confirmed >= 20
    assert rows in (confirmed, confirmed + 1)  # the last may have been stored without a word


async def insert_until_killed(cluster: Cluster) -> int:
    conn = await asyncpg.connect(cluster.url)
    confirmed = 0
    # InternalClientError: asyncpg trips when the server's last words and our next query cross.
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        while True:
            await conn.execute("insert into t values (1)")
            confirmed += 1
            if confirmed == 20:
                kill(cluster.pid)
    conn.terminate()
    return confirmed


@pytest.mark.parametrize("when_ready", [True, False], ids=["when up", "while starting"])
async def test_it_never_gives_up_on_a_postgres_that_keeps_dying(data: Path, when_ready: bool) -> None:
    """Killed when up it is started again each time; while starting, it is said that it does not start, and tried on."""
    told: list[str | None] = []
    with started(data) as cluster:
        watch = asyncio.create_task(cluster.watch(told.append))
        killed: list[int] = []
        async with asyncio.timeout(2 * PATIENCE_S):
            while (len(killed) < 3) if when_ready else not told:
                pid = cluster.pid
                if pid is not None and pid not in killed and (cluster.is_ready or not (when_ready or not killed)):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                await asyncio.sleep(0.01)
            told_dead, told[:] = list(told), []
            await until(lambda: told[-1:] == [None])
        assert await value(cluster, "select 1") == 1
        assert when_ready or told_dead == ["PostgreSQL's log says why"]
        watch.cancel()


@pytest.mark.parametrize("away", ["data", "data/pgdata", "data/pgdata/global/pg_control"])
async def test_what_was_away_for_a_while_is_never_made_anew(data: Path, away: str) -> None:
    """A disk that is not mounted for a moment, a file that cannot be read: no empty cluster takes its place."""
    told: list[str | None] = []
    place = data.parent / away
    with started(data, durable=True) as cluster:
        await value(cluster, "create table t (n int)")
        pid = cluster.pid
        place.rename(place.with_name("elsewhere"))
        kill(pid)
        watch = asyncio.create_task(cluster.watch(told.append))
        await until(lambda: told)
        assert told[0] is not None and not place.exists()
        place.with_name("elsewhere").rename(place)
        await until(lambda: told[-1] is None)
        assert await value(cluster, "select count(*) from t") == 0
        watch.cancel()


def test_a_broken_configuration_is_told_at_once(data: Path) -> None:
    with (data / "pgdata/postgresql.conf").open("a") as conf:
        conf.write("work_mem = lots\n")
    with pytest.raises(ClusterFailed, match="work_mem"), started(data):
        pass


def test_data_of_a_major_that_is_not_installed_is_refused(data: Path) -> None:
    (data / "pgdata/PG_VERSION").write_text("13\n")
    with pytest.raises(PostgisMissing, match="made by PostgreSQL 13"):
        Cluster(data)


def test_a_newer_major_is_used_for_new_data_only(data: Path, tmp_path: Path) -> None:
    newer = installed(tmp_path, "99.1", postgis=True)
    search = [str(newer), *PLACES]
    assert find_binaries(places=search).major == 99
    with_it = Cluster(data, search=search)
    with_it.start()
    with_it.stop()


def test_a_postgres_without_postgis_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    bare = installed(tmp_path, "16.2", postgis=False)
    with pytest.raises(PostgisMissing, match="16 in"):
        find_binaries(places=[str(bare)])
    with pytest.raises(PostgisMissing, match="apt-get install postgresql-postgis"):
        find_binaries(places=[])


def installed(tmp_path: Path, version: str, *, postgis: bool) -> Path:
    """A folder that looks like PostgreSQL `version`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    if postgis:
        (tmp_path / "share/extension").mkdir(parents=True)
        (tmp_path / "share/extension/postgis.control").touch()
    return folder
