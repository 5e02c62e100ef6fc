"""Viewers that come back and keep a book of what they were shown, and what has to be so at the end of a bad day."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import asyncpg
import httpx2
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.alerts.conftest import until
from tests.faults.fleet import Fleet, audit
from tests.patience import PATIENCE_S
from tests.running import CERTIFICATES, RunningServer

LONG_S: Final = 4 * PATIENCE_S
MEET_S: Final = 1.0  # for one answer of a server that may hang


@dataclass
class Watcher:
    """A viewer that comes back, and has its events from where it was. `places`: when each device was where it was last
    shown; `back`: how often one connection was shown an older place of a device after a newer."""

    server: RunningServer
    events: list[int] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    opened: int = 0
    back: int = 0

    async def run(self) -> None:
        while True:
            with suppress(OSError, TimeoutError, InvalidHandshake, WebSocketException):
                await self.watch()
            await asyncio.sleep(0.1)

    async def watch(self) -> None:
        shown = dict[str, str]()
        async with self.server.viewer(events={"after": self.events[-1] if self.events else 0}) as viewer:
            while True:
                self.take(await viewer.hear(within=3600), shown)

    def take(self, message: dict[str, Any], shown: dict[str, str]) -> None:
        if message["type"] == "event":
            self.events.append(message["event"]["id"])
        self.opened += message["type"] == "snapshot"
        now = {each["device"]: each["at"] for each in message.get("positions", ())}
        self.back += sum(at < shown.get(device, "") for device, at in now.items())
        shown |= now
        self.places |= now


@asynccontextmanager
async def watching(servers: Sequence[RunningServer], count: int) -> AsyncIterator[list[Watcher]]:
    """So many, by turns at each of the servers."""
    watchers = [Watcher(servers[n % len(servers)]) for n in range(count)]
    tasks = [asyncio.ensure_future(each.run()) for each in watchers]
    try:
        yield watchers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def check(conn: asyncpg.Connection, driving: Fleet, watchers: list[Watcher]) -> None:
    """Each acked fix is there once, events are gapless, those of the fixes, and told to each viewer once, and all
    viewers show the newest."""
    await driving.rest(within=LONG_S)
    found = await audit(conn, driving)
    print(found)
    assert (found.lost, found.doubled, found.strangers, found.wrong_events) == (0, 0, 0, 0), found
    await until(lambda: is_numbered(conn))
    numbers = [row["id"] for row in await conn.fetch("select id from event order by id")]
    assert numbers == list(range(1, len(numbers) + 1))
    await until(lambda: all(each.events[-1:] == numbers[-1:] for each in watchers))
    wrong = [find_difference(each.events, numbers) for each in watchers if each.events != numbers]
    assert not wrong, wrong
    newest = await conn.fetch(
        """select d.id, to_char(max(f.at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
           from fix f join device d on d.key = f.device group by d.id"""
    )
    wanted = {row["id"]: row["at"] for row in newest}
    await until(lambda: all(each.places == wanted for each in watchers))
    assert not any(each.back for each in watchers)


async def is_numbered(conn: asyncpg.Connection) -> bool:
    """All that was told."""
    return not await conn.fetchval("select count(*) from unnumbered")


def find_difference(told: list[int], numbers: list[int]) -> dict[str, list[int]]:
    """What a viewer was told besides what there is, without the repeats, and in its order."""
    return {
        "missing": sorted(set(numbers) - set(told)),
        "twice": sorted(number for number, times in Counter(told).items() if times > 1),
        "out of order": [after for before, after in pairwise(told) if after <= before],
    }


async def ask_ready(server: RunningServer) -> httpx2.Response | None:
    with suppress(httpx2.TransportError):
        async with httpx2.AsyncClient(base_url=server.url, timeout=MEET_S, verify=CERTIFICATES) as http:
            return await http.get("/readyz")
    return None


async def all_serve(server: RunningServer, count: int) -> None:
    """Each of its processes was met, and was ready: what was asked of one says nothing of the others."""
    met = set[str]()

    async def meet() -> bool:
        answer = await ask_ready(server)
        if answer is not None and answer.status_code == 200:
            met.add(answer.headers["X-Tracker-Process"])
        return len(met) == count

    await until(meet, LONG_S)
