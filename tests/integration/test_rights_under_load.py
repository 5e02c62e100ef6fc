"""Revocations while a thousand fixes a second come in, and the connection that brings nudges is frozen."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any, Final

import asyncpg

from tests.patience import PATIENCE_S, soon
from tests.running import RunningServer, Talk
from tracker.model.moment import format_ms, now_ms, parse

MOVING: Final = [f"van-{n}" for n in range(6)]
QUIET: Final = "parked"
FRAME: Final = 50  # fixes
PAUSE: Final = len(MOVING) * FRAME / 1000.0  # s between two frames of a device
STEP_MS: Final = 10


class Load:
    """What each device sends next, in its own time, which lies in the past."""

    def __init__(self) -> None:
        self.next_at = dict.fromkeys(MOVING, now_ms() - 600_000)
        self.is_over = False

    def frame(self, id: str) -> list[dict[str, Any]]:
        begin = self.next_at[id]
        self.next_at[id] += FRAME * STEP_MS
        return [{"at": format_ms(begin + n * STEP_MS), "lon": 7.0, "lat": 43.0} for n in range(FRAME)]

    async def drive(self, talk: Talk, id: str) -> None:
        seq = 0
        while not self.is_over:
            seq += 1
            answer = await talk.fixes(seq, *self.frame(id))
            assert answer["stored"] == FRAME
            await asyncio.sleep(PAUSE)


class Map:
    """What an open map hears, when; and how long the server takes to answer at all: by that a busy machine shows."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.shown: dict[str, int] = {}  # the newest time of each that it shows
        self.newest: dict[str, int] = {}  # ever
        self.gone: dict[str, float] = {}
        self.lag = 0.0
        self.asked: dict[int, float] = {}

    async def listen(self) -> None:
        while True:
            message = await self.talk.hear(within=PATIENCE_S)
            for each in message.get("positions", ()):
                self.shown[each["device"]] = self.newest[each["device"]] = parse(each["at"])
            if message["type"] == "pong":
                self.lag = max(self.lag, monotonic() - self.asked.pop(message["id"]))
            for id in message["devices"] if message["type"] == "gone" else ():
                self.gone[id] = monotonic()
                self.shown.pop(id, None)

    async def ask(self) -> None:
        number = 0
        while True:
            number += 1
            self.asked[number] = monotonic()
            await self.talk.say(type="ping", id=number)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def frozen_nudges(conn: asyncpg.Connection) -> AsyncIterator[None]:
    """The backend that sends them stands still: its connection is open, and silent."""
    pid = await conn.fetchval(
        "select pid from pg_stat_activity where datname = current_database() and query ilike '%listen%tracker_%'"
        " and pid <> pg_backend_pid()"
    )
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def revoke(conn: asyncpg.Connection, id: str) -> None:
    await conn.execute("delete from group_device where device = (select key from device where id = $1)", id)


async def test_nothing_after_a_revocation_reaches_the_revoked(server: RunningServer, conn: asyncpg.Connection) -> None:
    tokens = {id: server.new_device(id) for id in [*MOVING, QUIET, "rest"]}
    with server.api() as api:
        assert api.post("/api/groups", json={"id": "north", "name": "North"}).status_code == 201
        for id in tokens:
            assert api.put(f"/api/groups/north/devices/{id}").status_code == 204
        viewer = api.post("/api/tokens", json={"kind": "viewer", "group": "north"}).json()["token"]
    load = Load()
    async with AsyncExitStack() as open:
        for id in (QUIET, "rest"):
            talk = await open.enter_async_context(server.device(id, tokens[id]))
            await talk.fixes(1, {"at": format_ms(now_ms() - 1000), "lon": 7.0, "lat": 43.0})
        talks = {id: await open.enter_async_context(server.device(id, tokens[id])) for id in MOVING}
        page = Map(await open.enter_async_context(server.socket("/ws/live", viewer)))
        await page.talk.say(type="subscribe", viewport=[-180, -90, 180, 90], rate=50)
        await open.enter_async_context(frozen_nudges(conn))
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(page.listen()), tasks.create_task(page.ask())]
            driving = [tasks.create_task(load.drive(talk, id)) for id, talk in talks.items()]
            await wait_for(lambda: len(page.shown) == len(tokens))
            for id in (*MOVING, QUIET):
                await check_revocation(conn, load, page, id)
            load.is_over = True
            await asyncio.wait(driving)
            for task in watching:
                task.cancel()
    assert set(page.shown) == {"rest"}


async def check_revocation(conn: asyncpg.Connection, load: Load, page: Map, id: str) -> None:
    """What is sent from here on is of a batch that begins after it; and the map hears `gone` within two seconds, and as
    long as the server takes to answer anything just now."""
    await revoke(conn, id)
    began, after = monotonic(), load.next_at.get(id)
    await wait_for(lambda: id in page.gone)
    took = page.gone[id] - began
    assert took <= soon(2.0) + page.lag, (id, took, page.lag)
    if after is not None:
        await wait_for(lambda: load.next_at[id] >= after + 2 * FRAME * STEP_MS)
        assert page.newest[id] < after, id
    assert id not in page.shown


async def wait_for(holds: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
