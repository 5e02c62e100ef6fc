"""Several processes of one installation: any of them may be killed, stopped or cut off, and nothing is lost or told
twice."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx2
import pytest
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.alerts.conftest import until
from tests.faults.cluster import Patient
from tests.faults.fleet import Fleet, audit, fleet
from tests.patience import PATIENCE_S, soon
from tests.running import RunningServer, children_of, command_of, running

PROCESSES = 3
DEVICES = 30
VIEWERS = 6
LONG_S = 4 * PATIENCE_S
ENDED_S = 1.0
REPLACED = 4509
TRY_AGAIN = 1013


@pytest.fixture
def served(database_url: str) -> Iterator[RunningServer]:
    with running(database_url, TRACKER_PROCESSES=str(PROCESSES)) as server:
        yield server


def find_servers(server: RunningServer) -> list[int]:
    return [pid for pid in children_of(server.process.pid) if command_of(pid)[-1:] == ["server"]]


def find_nats(server: RunningServer) -> int:
    return next(pid for pid in children_of(server.process.pid) if "nats-server" in " ".join(command_of(pid)[:1]))


async def find_owner(conn: asyncpg.Connection) -> int | None:
    """Its pid."""
    name = await conn.fetchval("select name from owner where not fenced and id in (select owner from lease)")
    return int(name.split()[-1]) if name else None


async def ask_ready(server: RunningServer) -> httpx2.Response | None:
    with suppress(httpx2.TransportError):
        async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
            return await http.get("/readyz")
    return None


async def all_serve(server: RunningServer) -> None:
    """Each of them was met, and was ready: what was asked of one says nothing of the others."""
    met = set[str]()

    async def meet() -> bool:
        answer = await ask_ready(server)
        if answer is not None and answer.status_code == 200:
            met.add(answer.headers["X-Tracker-Process"])
        return len(met) == PROCESSES

    await until(meet, LONG_S)


@dataclass
class Watcher:
    """A viewer that comes back, and has its events from where it was. `places`: when each device was where it was last
    shown."""

    server: RunningServer
    events: list[int] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    opened: int = 0

    async def run(self) -> None:
        while True:
            with suppress(OSError, TimeoutError, InvalidHandshake, WebSocketException):
                await self.watch()
            await asyncio.sleep(0.1)

    async def watch(self) -> None:
        async with self.server.viewer(events={"after": self.events[-1] if self.events else 0}) as viewer:
            while True:
                self.take(await viewer.hear(within=3600))

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "event":
            self.events.append(message["event"]["id"])
        self.opened += message["type"] == "snapshot"
        self.places |= {each["device"]: each["at"] for each in message.get("positions", ())}


@asynccontextmanager
async def watching(server: RunningServer) -> AsyncIterator[list[Watcher]]:
    watchers = [Watcher(server) for _ in range(VIEWERS)]
    tasks = [asyncio.ensure_future(each.run()) for each in watchers]
    try:
        yield watchers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def check(conn: asyncpg.Connection, driving: Fleet, watchers: list[Watcher]) -> None:
    """Each acked fix is there once, events are gapless and those of the fixes, and all viewers show the newest."""
    await driving.end(within=LONG_S)
    found = await audit(conn, driving)
    print(found)
    assert (found.lost, found.doubled, found.strangers, found.wrong_events) == (0, 0, 0, 0), found
    numbers = [row["id"] for row in await conn.fetch("select id from event order by id")]
    assert numbers == list(range(1, len(numbers) + 1))
    await until(lambda: all(each.events == numbers for each in watchers), PATIENCE_S)
    newest = await conn.fetch(
        """select d.id, to_char(max(f.at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
           from fix f join device d on d.key = f.device group by d.id"""
    )
    wanted = {row["id"]: row["at"] for row in newest}
    await until(lambda: all(each.places == wanted for each in watchers), PATIENCE_S)


async def test_a_bad_day(served: RunningServer, conn: asyncpg.Connection) -> None:
    """One server for all of it, for its processes take their time to start."""
    await all_serve(served)
    async with fleet(served, DEVICES, most_fixes=5, pause_s=0.05) as driving, watching(served) as watchers:
        await driving.more_acks(2 * DEVICES)
        await start_anew(served, driving, watchers)
        await kill_each(served, conn, driving)
        await hang_nats(served, driving)
        await check(conn, driving, watchers)
        await check_newest_wins(served)
        check_counts(served)
    children = children_of(served.process.pid)
    served.process.kill()
    served.process.wait()
    began = time.monotonic()
    while any(command_of(pid) for pid in children):
        assert time.monotonic() - began < soon(ENDED_S)
        await asyncio.sleep(0.01)


async def start_anew(server: RunningServer, driving: Fleet, watchers: list[Watcher]) -> None:
    """Nobody is sent away twice."""
    before = set(find_servers(server))
    server.process.send_signal(signal.SIGUSR2)
    await until(lambda: "all servers were started anew" in server.text(), LONG_S)
    assert len(now := set(find_servers(server))) == PROCESSES and not now & before
    await driving.more_acks(2 * DEVICES, within=LONG_S)
    await all_serve(server)
    assert max(each.welcomes for each in driving.devices) <= 2 and max(each.opened for each in watchers) <= 2


async def kill_each(server: RunningServer, conn: asyncpg.Connection, driving: Fleet) -> None:
    owner = await find_owner(conn)
    assert owner is not None
    os.kill(next(pid for pid in find_servers(server) if pid != owner), signal.SIGKILL)
    await driving.more_acks(2 * DEVICES, within=LONG_S)
    os.kill(find_nats(server), signal.SIGKILL)
    await driving.more_acks(2 * DEVICES, within=LONG_S)
    await all_serve(server)
    os.kill(owner, signal.SIGKILL)
    await driving.more_acks(4 * DEVICES, within=LONG_S)
    assert await find_owner(conn) != owner
    await all_serve(server)


async def hang_nats(server: RunningServer, driving: Fleet) -> None:
    """Everybody is cut off from the others, and sends all away."""
    token = await asyncio.to_thread(server.new_device, "bus")
    async with server.device("bus", token) as device, server.viewer() as viewer:
        nats = find_nats(server)
        os.kill(nats, signal.SIGSTOP)
        assert {await device.closed(), await viewer.closed()} <= {TRY_AGAIN, 1006}
    answer = await ask_ready(server)
    assert answer is None or (answer.status_code == 503 and "process" in answer.text)
    os.kill(nats, signal.SIGCONT)
    await all_serve(server)
    await driving.more_acks(2 * DEVICES, within=LONG_S)


async def check_newest_wins(server: RunningServer) -> None:
    """Whichever of the processes each connection comes to."""
    token = await asyncio.to_thread(server.new_device, "taxi")
    async with AsyncExitStack() as stack:
        before = None
        for number in range(2 * PROCESSES):
            talk = await stack.enter_async_context(server.device("taxi", token, boot=str(number)))
            assert before is None or await before.closed() == REPLACED
            before = talk


def check_counts(server: RunningServer) -> None:
    """Any of them shows what all count."""
    with server.api() as api:
        text = api.get("/metrics").text
    assert len(set(re.findall(r'tracker_device_connections\{process="([^"]+)"\}', text))) == PROCESSES
    assert text.count("# TYPE tracker_fixes_total counter") == 1


@pytest.mark.long
async def test_an_owner_that_hangs_is_replaced(served: RunningServer, conn: asyncpg.Connection) -> None:
    await all_serve(served)
    async with fleet(served, DEVICES, most_fixes=5, pause_s=0.05) as driving, watching(served) as watchers:
        await driving.more_acks(2 * DEVICES)
        owner = await find_owner(conn)
        assert owner is not None
        os.kill(owner, signal.SIGSTOP)

        async def is_replaced() -> bool:
            return await find_owner(conn) not in (owner, None)

        await until(is_replaced, LONG_S)
        os.kill(owner, signal.SIGCONT)
        await driving.more_acks(4 * DEVICES, within=LONG_S)
        await check(conn, driving, watchers)


@pytest.mark.long
async def test_a_database_that_dies_is_waited_for(durable: Patient, durable_url: str) -> None:
    with running(durable_url, TRACKER_PROCESSES=str(PROCESSES)) as server:
        await all_serve(server)
        async with fleet(server, DEVICES, most_fixes=5, pause_s=0.05) as driving, watching(server) as watchers:
            await driving.more_acks(2 * DEVICES)
            await asyncio.to_thread(durable.stop_at_once)
            await durable.start()
            await driving.more_acks(4 * DEVICES, within=LONG_S)
            conn = await asyncpg.connect(durable_url)
            await check(conn, driving, watchers)
            await conn.close()
