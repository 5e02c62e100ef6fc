"""A viewer that reads slowly gets fewer, newer positions; one that reads nothing is cut; nobody else notices."""

import array
import asyncio
import fcntl
import socket
import termios
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.databases import Databases, copied
from tests.faults.flood import memory_of
from tests.patience import soon
from tests.running import ADMIN_TOKEN, RunningServer, running
from tests.websocket.raw import TEXT, Address, Client, frame
from tracker.model.fix import Fix
from tracker.model.moment import format_ms, now_ms
from tracker.model.state import State
from tracker.store.pool import open_connection
from tracker.store.positions import upsert_states

FLEET = 4_000  # a snapshot of them is a megabyte, more than sockets hold
STEP = 1e-4  # degrees from one device of it to the next, eastward from 10
STALLED = 8
CUT_S = 10.0
LATEST_S = 60.0  # the server counts the seconds in which its loop ran, and a busy machine lets it run less
MB = 2**20


@pytest.fixture(scope="module")
def crowded(databases: Databases) -> Iterator[RunningServer]:
    """A server that knows a large fleet."""
    with copied(databases) as url:
        asyncio.run(settle(url))
        with running(url) as server:
            yield server


async def settle(url: str) -> None:
    conn = await open_connection(url)
    made = "insert into device (id, name) select 'van-' || n, 'Van ' || n from generate_series(1, $1) n"
    await conn.execute(made, FLEET)
    keys = await conn.fetch("select key from device")
    at = now_ms() - 60_000
    fixes = {row["key"]: Fix(at, round(1e7 * (10 + row["key"] * STEP)), 500_000_000, accuracy=5.0) for row in keys}
    await upsert_states(conn, {key: State(at, fix, at * 1000) for key, fix in fixes.items()}, {})
    await conn.close()


def narrow(server: RunningServer) -> Client:
    """A viewer whose machine takes little and reads only when it is asked to."""
    address = Address(int(server.address.split(":")[1]))
    client = Client.open(address, "/ws/live", f"Authorization: Bearer {ADMIN_TOKEN}\r\n", rcvbuf=16 * 1024)
    client.sock.settimeout(LATEST_S)
    assert client.status == 101, client.head
    return client


def wish(west: float = -180.0, **more: Any) -> bytes:
    message = {"type": "subscribe", "viewport": [west, -90, 180, 90], "rate": 20, "events": {"after": 0}} | more
    return msgspec.json.encode(message)


def waiting(sock: socket.socket) -> int:
    """Bytes that came and were not read."""
    count = array.array("i", [0])
    fcntl.ioctl(sock, termios.FIONREAD, count)
    return count[0]


def next_snapshot(client: Client) -> int:
    """How many devices are in it, in all its parts; what comes before it is passed over."""
    count = 0
    while True:
        opcode, payload = client.receive()
        assert opcode != -1, "it was cut"
        heard = msgspec.json.decode(payload) if opcode == TEXT else {"type": "binary"}
        if heard["type"] == "snapshot":
            count = len(heard["positions"])
            if not heard.get("more"):
                return count
        elif heard["type"] == "positions" and count:
            count += len(heard["positions"])
            if heard.get("complete"):
                return count


@pytest.mark.parametrize("binary", [False, True])
def test_a_slow_viewer_may_pan(crowded: RunningServer, binary: bool) -> None:
    """Of the wishes that come while the last snapshot is still on its way, the last is answered once there is room."""
    client = narrow(crowded)
    client.send(TEXT, wish(binary=binary))
    end = time.monotonic() + LATEST_S
    while waiting(client.sock) < 4096:  # the snapshot has begun, and the rest of it finds no room
        assert time.monotonic() < end
        time.sleep(0.01)
    for seen in range(FLEET - 150, FLEET - 300, -10):
        client.send(TEXT, wish(10 + (FLEET - seen + 0.5) * STEP, binary=binary))
    assert next_snapshot(client) == FLEET
    assert next_snapshot(client) == seen
    client.close()


async def test_one_that_reads_nothing_is_cut_and_the_others_are_served(crowded: RunningServer) -> None:
    token = crowded.new_device("mover")
    before = memory_of(crowded.pid)
    async with (
        asyncio.TaskGroup() as group,
        crowded.device("mover", token) as mover,
        crowded.viewer(viewport=None, devices=["mover"]) as viewer,
    ):
        await viewer.hear("snapshot")  # of nothing
        await mover.fixes(1, {"at": format_ms(now_ms()), "lon": 10, "lat": 50})
        # Its first position may come in another snapshot, where the table has grown for it.
        while not (await viewer.hear(within=LATEST_S)).get("positions"):
            pass
        stalled = [group.create_task(stall(crowded)) for _ in range(STALLED)]
        slowest, peak, seq = 0.0, 0, 1
        while not all(task.done() for task in stalled):
            seq += 1
            began = time.monotonic()
            await mover.fixes(seq, {"at": format_ms(now_ms()), "lon": 10 + seq / 1e5, "lat": 50})
            await viewer.hear("positions")
            slowest = max(slowest, time.monotonic() - began)
            peak = max(peak, memory_of(crowded.pid) - before)
            await asyncio.sleep(0.1)
    lasted = [task.result() for task in stalled]
    print(
        f"cut after {min(lasted):.1f} to {max(lasted):.1f} s; fix to viewer at most {slowest * 1000:.0f} ms; "
        f"memory {peak / MB:+.0f} MB at most"
    )
    assert min(lasted) > CUT_S - 1
    assert slowest < soon(3.0)
    assert peak < 60 * MB
    with crowded.api() as api:
        assert f"tracker_slow_viewers_total {STALLED}.0" in api.get("/metrics").text


async def stall(server: RunningServer) -> float:
    """Seconds until the server let go: its end of the connection is gone, though we read nothing."""
    client = await asyncio.to_thread(narrow, server)
    client.sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client.sock, frame(TEXT, wish()))
    began = time.monotonic()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while time.monotonic() - began < LATEST_S:
            await asyncio.sleep(0.1)
            await loop.sock_sendall(client.sock, frame(TEXT, b'{"type":"resume"}'))
    client.close()
    return time.monotonic() - began
