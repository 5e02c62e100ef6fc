"""What every measurement stands on: a PostgreSQL of its own, fresh databases with devices and geofences, CPU times."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import asyncpg
import httpx2
import shapely

from bench.fences import fences
from bench.load import device
from tracker.postgis.cluster import Cluster
from tracker.processes import keeping
from tracker.store.geofences import insert_geofence
from tracker.store.migrate import migrate
from tracker.store.partitions import create_missing, find_days_ahead, today
from tracker.store.pool import open_connection

TEMPLATE = "bench_template"
ADMIN_TOKEN = "trk_bench-admin-bench-admin-bench-admin-bench"
SETTINGS = {
    "TRACKER_ADMIN_TOKEN": ADMIN_TOKEN,
    "TRACKER_LOG_LEVEL": "warning",
    "TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8",
}
START_S = 120.0  # on a machine that is busy


class Ground:
    """A cluster with the server's own settings, commits flushed to the disk, and in it a template of the database."""

    def __init__(self, devices: int, geofences: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tracker-bench-"))
        self.folder.chmod(0o711)
        self.cluster = Cluster(self.folder / "data")
        self.cluster.start()
        self.made = 0
        asyncio.run(self.fill(devices, geofences))

    def database(self, name: str) -> str:
        return self.cluster.url.replace("/postgres?", f"/{name}?")

    async def fill(self, devices: int, geofences: int) -> None:
        await execute(self.cluster.url, f"create database {TEMPLATE}")
        await migrate(self.database(TEMPLATE))
        conn = await open_connection(self.database(TEMPLATE))
        try:
            await create_missing(conn, find_days_ahead(today()), today())
            await insert_devices(conn, devices)
            async with conn.transaction():
                for fence in fences(geofences, 1):
                    feature, shape = feature_of(fence.id, fence.shape), shapely.to_wkb(fence.shape)
                    await insert_geofence(conn, fence.id, feature, shape)
        finally:
            await conn.close()

    def new_database(self) -> str:
        self.made += 1
        name = f"bench_{self.made}"
        asyncio.run(execute(self.cluster.url, f"create database {name} template {TEMPLATE} strategy file_copy"))
        return self.database(name)

    def drop(self, url: str) -> None:
        name = url.partition("@/")[2].partition("?")[0]
        asyncio.run(execute(self.cluster.url, f"drop database {name} with (force)"))

    def cpu_s(self) -> float:
        """Of PostgreSQL, all its processes."""
        assert self.cluster.pid is not None
        children = Path(f"/proc/{self.cluster.pid}/task/{self.cluster.pid}/children").read_text().split()
        pids = [self.cluster.pid, *map(int, children)]
        return sum(map(cpu_s, pids))

    def end(self) -> None:
        self.cluster.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


async def execute(url: str, statement: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


async def insert_devices(conn: asyncpg.Connection, count: int) -> None:
    """Straight into the tables: by the API a thousand take ten seconds."""
    known = [device(number) for number in range(count)]
    await conn.execute(
        "insert into device (id, name) select id, id from unnest($1::text[]) as given (id)", [id for id, _ in known]
    )
    await conn.execute(
        """insert into token (kind, device, hash) select 'device', d.key, g.hash
           from unnest($1::text[], $2::bytea[]) as g (id, hash) join device d on d.id = g.id""",
        [id for id, _ in known],
        [sha256(token.encode()).digest() for _, token in known],
    )


def feature_of(id: str, shape: shapely.Polygon) -> bytes:
    geometry = shapely.to_geojson(shape)
    return f'{{"type":"Feature","id":"{id}","geometry":{geometry},"properties":{{"name":"{id}"}}}}'.encode()


def stored(url: str) -> tuple[int, int]:
    """Fixes, and the bytes they take with all indexes."""

    async def ask() -> tuple[int, int]:
        conn = await asyncpg.connect(url)
        try:
            count = await conn.fetchval("select count(*) from fix")
            size = await conn.fetchval(
                "select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'fix'::regclass"
            )
        finally:
            await conn.close()
        return count, int(size)

    return asyncio.run(ask())


def cpu_s(pid: int) -> float:
    """0 for a process that is gone: what it did is then missing, so ask while it lives."""
    try:
        return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def server_of(parent: int) -> int:
    """The process that serves, among those that the parent keeps."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next(int(pid) for pid in children if Path(f"/proc/{pid}/cmdline").read_text().split("\0")[-2] == "server")


@contextmanager
def serving(which: str, url: str, program: str | None = None) -> Iterator[tuple[int, int]]:
    """(pid, port) of `tracker serve` or of the floor on this database. `program`: another one for its processes."""
    log = Path(tempfile.mkstemp(prefix="tracker-bench-", suffix=".log")[1])
    command = ["-m", "bench.floor", url]
    if which == "ours":
        start = f"from tracker.processes import keeping; keeping.PROGRAM = {program or keeping.PROGRAM!r}"
        options = ["serve", "--bind", "127.0.0.1:0", "--database", url]
        command = ["-c", f"{start}; from tracker.cli import main; main()", *options]
    with log.open("wb") as out:
        environment = {"TRACKER_DATA": f"{log}.data"} | os.environ | SETTINGS
        process = subprocess.Popen([sys.executable, *command], stdout=out, stderr=out, env=environment)
    try:
        port = wait_for(lambda: port_of(log), process, log)
        if which == "ours":
            wait_for(lambda: is_ready(port), process, log)
        yield (server_of(process.pid) if which == "ours" else process.pid), port
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        log.unlink()
        shutil.rmtree(f"{log}.data", ignore_errors=True)


def wait_for(look: Callable[[], int], process: subprocess.Popen[bytes], log: Path) -> int:
    end = time.monotonic() + START_S
    while not (found := look()):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server did not start:\n{log.read_text()}")
        time.sleep(0.05)
    return found


def port_of(log: Path) -> int:
    _, announced, rest = log.read_text().partition("listening on ")
    return int(rest.split()[0].rpartition(":")[2]) if announced else 0


def is_ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
