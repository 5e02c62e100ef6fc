"""Server-sent events: live, resumed, filtered, revoked, and a reader that takes nothing."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import msgspec
import pytest

from tests.alerts.conftest import until
from tests.integration.test_live_path import PORT, fix
from tests.patience import PATIENCE_S, soon
from tests.running import ADMIN_TOKEN, RunningServer

CROSSINGS = 6

Messages = AsyncIterator[dict[str, Any]]


async def cross(server: RunningServer, token: str, first: int, count: int) -> None:
    async with server.device("van-12", token) as device:
        for seq in range(first, first + count):
            await device.fixes(seq, fix(7.4246 if seq % 2 else 7.4305, 43.7384, seq - 60))


@asynccontextmanager
async def streaming(server: RunningServer, query: str = "", **headers: str) -> AsyncIterator[Messages]:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"} | headers
    async with (
        httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=PATIENCE_S) as client,
        client.stream("GET", f"/api/events/stream{query}") as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield parsed(response.aiter_lines())


async def parsed(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    message: dict[str, Any] = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        if line == "" and message.get("data"):
            yield message
            message = {}
        elif name == "data":
            message["data"] = msgspec.json.decode(value)
        elif name in ("id", "event"):
            message[name] = value


async def take(stream: AsyncIterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE_S):
        return [await anext(stream) for _ in range(count)]


@pytest.fixture
async def head(conn: asyncpg.Connection) -> int:
    """The number of the newest event before the test: others that share the server had some."""
    return int(await conn.fetchval("select id from event_head"))


@pytest.mark.town
async def test_events_come_live_and_what_was_missed_comes_first(server: RunningServer, head: int) -> None:
    token = server.new_device("van-12")
    server.new_geofence(PORT)
    async with streaming(server) as stream:
        crossing = asyncio.create_task(cross(server, token, 1, CROSSINGS))
        got = await take(stream, CROSSINGS)
        await crossing
    assert [each["id"] for each in got] == [str(head + n) for n in range(1, CROSSINGS + 1)]
    assert got[0]["event"] == "enter" and got[0]["data"]["device"] == "van-12" and got[0]["data"]["geofence"] == "port"
    headers = {"Last-Event-ID": str(head + 2)}
    async with streaming(server, "?type=exit", **headers) as stream:
        assert [each["id"] for each in await take(stream, 2)] == [str(head + 4), str(head + 6)]
        await cross(server, token, CROSSINGS + 1, 2)
        assert [each["id"] for each in await take(stream, 1)] == [str(head + 8)]
    async with streaming(server, f"?after={head + 7}") as stream:
        assert [each["id"] for each in await take(stream, 1)] == [str(head + 8)]


@pytest.mark.town
async def test_a_number_that_cannot_be_served_is_answered_by_a_reset(server: RunningServer, head: int) -> None:
    async with httpx2.AsyncClient(
        base_url=server.url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, timeout=PATIENCE_S
    ) as client:
        assert (await client.get("/api/events/stream", headers={"Last-Event-ID": "x"})).status_code == 422
        async with client.stream("GET", f"/api/events/stream?after={head + 99}") as response:
            lines = response.aiter_lines()
            assert [await anext(lines) for _ in range(4)] == ["retry: 2000", "", "event: reset", f"id: {head}"]


@pytest.mark.town
async def test_a_revoked_token_ends_its_stream(server: RunningServer) -> None:
    with server.api() as api:
        made = api.post("/api/tokens", json={"kind": "viewer"}).json()
        async with streaming(server, Authorization=f"Bearer {made['token']}") as stream:
            began = time.monotonic()
            api.delete(f"/api/tokens/{made['id']}").raise_for_status()
            async with asyncio.timeout(PATIENCE_S):
                assert [each async for each in stream] == []
            assert time.monotonic() - began < soon(5.0)


async def test_a_reader_that_takes_nothing_is_cut(shared: RunningServer, shared_url: str) -> None:
    shared.new_device("van-12")
    conn = await asyncpg.connect(shared_url)
    await conn.execute(
        """insert into event (id, type, device, at, detected_at, lon, lat, evidence)
           select n, 'enter', 1, now(), now(), 7, 43, jsonb_build_object('text', repeat('x', 2000))
           from generate_series(1, 20000) n"""
    )
    await conn.execute("update event_head set id = 20000")
    await conn.close()
    loop, (host, _, port) = asyncio.get_running_loop(), shared.address.partition(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        slow.setblocking(False)
        await loop.sock_connect(slow, (host, int(port)))
        lines = ("GET /api/events/stream?after=0 HTTP/1.1", "Host: x", f"Authorization: Bearer {ADMIN_TOKEN}", "", "")
        await loop.sock_sendall(slow, "\r\n".join(lines).encode())
        began = time.monotonic()
        await until(lambda: not connections(int(port)))
        assert time.monotonic() - began > 5, "it was cut for being slow"
        assert shared.is_ready()


async def test_an_orderly_end_waits_for_no_stream(shared: RunningServer) -> None:
    """The last of those who share it."""
    async with streaming(shared) as stream:
        shared.process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            assert [each async for each in stream] == []
    assert shared.process.wait(PATIENCE_S) == 0
    assert "killed, since" not in shared.text()


def connections(port: int) -> int:
    """Of the server, established, by the kernel's own table."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)
