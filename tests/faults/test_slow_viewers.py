"""A viewer that reads slowly gets fewer, newer positions; one that reads nothing is cut; nobody else notices."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.conftest import TEMPLATE, _created
from tests.faults.flood import memory_of
from tests.running import ADMIN_TOKEN, RunningServer, running
from tracker.model.fix import Fix
from tracker.model.moment import format_ms, now_ms
from tracker.model.state import State
from tracker.store.pool import open_connection
from tracker.store.positions import upsert_states

FLEET = 4_000  # a snapshot of them is a megabyte, more than sockets hold
STALLED = 8
CUT_S = 10.0
MB = 2**20


@pytest.fixture(scope="module")
def crowded(template: str) -> Iterator[RunningServer]:
    """A server that knows a large fleet."""
    for url in _created(template, f"create database {{name}} template {TEMPLATE} strategy file_copy"):
        asyncio.run(settle(url))
        with running(url) as server:
            yield server


async def settle(url: str) -> None:
    conn = await open_connection(url)
    made = "insert into device (id, name) select 'van-' || n, 'Van ' || n from generate_series(1, $1) n"
    await conn.execute(made, FLEET)
    keys = await conn.fetch("select key from device")
    at = now_ms() - 60_000
    fixes = {row["key"]: Fix(at, 100_000_000 + row["key"] * 1_000, 500_000_000, accuracy=5.0) for row in keys}
    await upsert_states(conn, {key: State(at, fix, at * 1000) for key, fix in fixes.items()}, {})
    await conn.close()


@asynccontextmanager
async def narrow(server: RunningServer) -> AsyncIterator[ClientConnection]:
    """A viewer whose machine takes little and reads only when it is asked to."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    host, port = server.address.split(":")
    await asyncio.to_thread(narrow.connect, (host, int(port)))
    narrow.setblocking(False)
    async with connect(
        f"ws://{server.address}/ws/live",
        sock=narrow,
        compression=None,
        max_size=None,
        max_queue=1,
        ping_interval=None,
        additional_headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
        close_timeout=1,
    ) as ws:
        yield ws


async def wish(ws: ClientConnection, west: float = -180.0, **more: Any) -> None:
    message = {"type": "subscribe", "viewport": [west, -90, 180, 90], "rate": 20, "events": {"after": 0}} | more
    await ws.send(msgspec.json.encode(message).decode())


async def hear(ws: ClientConnection, within: float = 20.0) -> dict[str, Any]:
    async with asyncio.timeout(within):
        heard: dict[str, Any] = msgspec.json.decode(await ws.recv())
    return heard


@pytest.mark.parametrize("binary", [False, True])
async def test_a_slow_viewer_may_pan(crowded: RunningServer, binary: bool) -> None:
    """Of the wishes that come while the last snapshot is still on its way, the last is answered once there is room."""
    async with narrow(crowded) as ws:
        await wish(ws, binary=binary)
        await asyncio.sleep(0.3)  # the snapshot fills all there is
        for west in range(-170, -20, 10):
            await wish(ws, west, binary=binary)
            await asyncio.sleep(0.01)
        answers: list[int] = []
        while len(answers) < 2:
            heard = await hear(ws)
            if heard["type"] == "snapshot":
                answers.append(len(heard["positions"]))
        assert answers[-1] == FLEET


async def test_one_that_reads_nothing_is_cut_and_the_others_are_served(crowded: RunningServer) -> None:
    token = crowded.new_device("mover")
    before = memory_of(crowded.pid)
    async with asyncio.TaskGroup() as group, crowded.device("mover", token) as mover:
        stalled = [group.create_task(stall(crowded)) for _ in range(STALLED)]
        async with crowded.viewer(viewport=None, devices=["mover"]) as viewer:
            await viewer.hear("snapshot")  # of nothing
            await mover.fixes(1, {"at": format_ms(now_ms()), "lon": 10, "lat": 50})
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
    assert all(CUT_S - 1 <= each <= CUT_S + 5 for each in lasted), lasted
    assert slowest < 3.0
    assert peak < 60 * MB
    with crowded.api() as api:
        assert f"tracker_slow_viewers_total {STALLED}.0" in api.get("/metrics").text


async def stall(server: RunningServer) -> float:
    """Seconds until the server let go: its end of the connection is gone, though we read nothing."""
    async with narrow(server) as ws:
        await wish(ws)
        began = time.monotonic()
        with pytest.raises(ConnectionClosed):
            while time.monotonic() - began < 2 * CUT_S:
                await asyncio.sleep(0.1)
                await ws.send('{"type":"resume"}')
        return time.monotonic() - began
