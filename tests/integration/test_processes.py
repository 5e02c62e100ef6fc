"""The parent and its children: who dies is started again, nobody outlives the parent, and strangers hold up no acks."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest

from tests.alerts.conftest import Receiver, until
from tests.alerts.test_served import LOOPBACK, crossings, subscribe
from tests.integration.test_live_path import PORT, fix
from tests.patience import PATIENCE_S, soon
from tests.running import COMMAND, ROOT, RunningServer, command_of, running
from tracker.processes.nats import hold_file

WITHIN_S = 1.0
TRIES = 3  # others have the processors, too: what does not hold in three is not so


@pytest.fixture
def database_url(shared_url: str) -> str:
    return shared_url


@pytest.fixture(scope="module")
def house(shared_url: str) -> Iterator[RunningServer]:
    with running(shared_url, **LOOPBACK) as server:
        yield server


@pytest.fixture
def served(house: RunningServer) -> Iterator[RunningServer]:
    """One for all tests here, that is there again for the next where one ended it."""
    if house.process.poll() is not None:
        house.start()
    yield house
    if house.process.poll() is None:
        house.empty()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    receiver = Receiver(tmp_path)
    receiver.start()
    yield receiver
    receiver.end()


async def all_there(server: RunningServer, before: dict[str, int]) -> None:
    """Both, and others than before."""
    await until(lambda: len(now := server.pids()) == 2 and all(now[role] != pid for role, pid in before.items()), 60)


async def test_a_server_that_is_killed_is_started_again_at_its_address(served: RunningServer) -> None:
    token = served.new_device("van-12")
    await all_there(served, {})
    before = served.pids()
    os.kill(before["server"], signal.SIGKILL)
    # Whoever comes meanwhile waits in the queue of the socket, which the parent holds.
    answer = await asyncio.to_thread(httpx2.get, f"{served.url}/livez", timeout=2 * PATIENCE_S)
    assert answer.status_code == 200
    await until(served.is_ready, 60)
    assert served.pids()["carriers"] == before["carriers"] and served.pids()["server"] != before["server"]
    async with served.device("van-12", token) as device:
        assert (await device.fixes(1, fix(7.42, 43.73, -5)))["stored"] == 1
    assert '"ended": "server"' in served.text() and '"process": "parent"' in served.text()


async def test_carriers_that_are_killed_are_started_again_and_nothing_is_lost(
    served: RunningServer, shared_url: str, receiver: Receiver
) -> None:
    token, head = served.new_device("van-12"), await find_head(shared_url)
    served.new_geofence(PORT)
    subscribe(served, receiver.url())
    await all_there(served, {})
    before = served.pids()
    os.kill(before["carriers"], signal.SIGKILL)
    await crossings(served, token, range(1, 5))
    await until(lambda: [event - head for event in receiver.events()] == [1, 2, 3, 4], 60)
    assert served.pids()["server"] == before["server"]
    with served.api() as api:  # the counts of the other process come by way of the server
        await until(lambda: 'tracker_alerts_total{outcome="sent"} 4.0' in api.get("/metrics").text)
        text = api.get("/metrics").text
        assert "tracker_carriers_process_cpu_seconds_total" in text and "_created" not in text


async def find_head(url: str) -> int:
    """The number of the newest event."""
    conn = await asyncpg.connect(url)
    head = int(await conn.fetchval("select id from event_head"))
    await conn.close()
    return head


@contextmanager
def strangers(count: int) -> Iterator[list[str]]:
    """Their URLs: they answer with what has no end, or never; a process of its own, so that it is not measured here."""
    program = "import asyncio; from bench.worst import lie; asyncio.run(lie())"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    ports = process.stdout.readline().split()
    yield [f"http://127.0.0.1:{ports[n % 4]}/{n}" for n in range(count)]
    process.kill()
    process.wait()
    process.stdout.close()


async def measure_acks(server: RunningServer, token: str, boot: str, seconds: float) -> list[float]:
    """Of a bystander that sends 50 fixes a second, ms, sorted."""
    found: list[float] = []
    async with server.device("bystander", token, boot=boot) as device:
        end, seq = time.monotonic() + seconds, 0
        while (began := time.monotonic()) < end:
            seq += 1
            await device.fixes(seq, fix(7.5, 43.8, seq / 1000 - 60))
            found.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(0.02)
    return sorted(found)


async def test_receivers_that_lie_hold_up_no_acks(served: RunningServer, conn: asyncpg.Connection) -> None:
    """Relative to the quiet seconds before, on this machine: before carriers had a process of their own, twenty such
    receivers took the median from 4 ms to some seconds."""
    bystander, token = served.new_device("bystander"), served.new_device("van-12")
    served.new_geofence(PORT)
    quiet = await measure_acks(served, bystander, "quiet", 4.0)
    with strangers(40) as urls:
        for url in urls:
            subscribe(served, url)
        for number in range(TRIES):
            await crossings(served, token, range(4 * number + 1, 4 * number + 5))
            loud = await measure_acks(served, bystander, f"loud {number}", 4.0)
            for name, each in (("quiet", quiet), ("loud", loud)):
                p50, p99 = each[len(each) // 2], each[-len(each) // 100 - 1]
                print(f"{name} p50 {p50:.1f} p99 {p99:.1f} max {each[-1]:.1f} ms")
            if loud[len(loud) // 2] < 3 * quiet[len(quiet) // 2] + 5 and loud[-1] < 5 * quiet[-1] + 100:
                break
        else:
            raise AssertionError("they wait for strangers, or one stood still")
        await until(lambda: conn.fetchval("select count(*) >= 20 from attempt where error is not null"))


async def test_an_orderly_end_ends_all_of_them(served: RunningServer) -> None:
    await all_there(served, {})
    children = served.pids()
    assert await asyncio.to_thread(served.stop) == 0
    assert not any(command_of(pid) for pid in children.values())
    assert "killed, since" not in served.text()


@pytest.mark.parametrize("is_frozen", [False, True])
async def test_a_parent_that_is_killed_takes_its_children_along(served: RunningServer, is_frozen: bool) -> None:
    await all_there(served, {})
    children = served.pids()
    if is_frozen:
        for pid in children.values():
            os.kill(pid, signal.SIGSTOP)
    served.process.kill()
    served.process.wait()
    began = time.monotonic()
    while any(command_of(pid) for pid in children.values()):
        assert time.monotonic() - began < soon(WITHIN_S)
        await asyncio.sleep(0.01)


async def test_an_address_that_is_taken_is_one_sentence(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", COMMAND, "serve", "--bind", f"127.0.0.1:{taken.getsockname()[1]}"],
            env=os.environ | {"TRACKER_DATABASE_URL": database_url},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
        )
    assert ended.returncode == 1 and "Traceback" not in ended.stderr and "is taken" in ended.stderr


async def test_a_second_parent_on_one_data_folder_is_one_sentence(database_url: str, tmp_path: Path) -> None:
    """Both would have a NATS of their own, and their servers would not hear each other."""
    with hold_file(tmp_path, "of the first"):
        ended = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", COMMAND, "serve", "--bind", "127.0.0.1:0", "--processes", "2"],
            env=os.environ | {"TRACKER_DATABASE_URL": database_url, "TRACKER_DATA": str(tmp_path)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
        )
        assert (tmp_path / "nats.conf").read_text() == "of the first"
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert f"runs on the data folder {tmp_path}" in ended.stderr and ended.stderr.count("\n") == 1


async def test_a_server_that_never_came_ends_the_parent_with_what_it_said() -> None:
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", COMMAND, "serve", "--bind", "127.0.0.1:0"],
        env=os.environ | {"TRACKER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
    )
    assert ended.returncode == 1 and "Traceback" not in ended.stderr and ended.stderr.count("\n") < 5


def test_a_restarted_server_finds_the_private_database_running() -> None:
    folder = Path(tempfile.mkdtemp(prefix="tracker-"))
    folder.chmod(0o711)
    with running("", TRACKER_DATA=str(folder / "data")) as server:
        postmaster = (folder / "data/pgdata/postmaster.pid").read_text().split()[0]
        before = server.pid
        os.kill(before, signal.SIGKILL)
        server.wait_for(lambda: server.pids().get("server", before) != before)
        server.wait_for(server.is_ready)
        assert (folder / "data/pgdata/postmaster.pid").read_text().split()[0] == postmaster
        assert server.stop(60) == 0
    assert not (folder / "data/pgdata/postmaster.pid").exists()
    shutil.rmtree(folder)
