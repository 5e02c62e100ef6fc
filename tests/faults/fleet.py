"""Devices that keep a book: what they sent, what was acked, and so what the table must hold.

They share no code with the server or the simulator, and send again whatever was not acked.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.patience import PATIENCE_S
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms

STEP_MS = 20
LEG = 30  # fixes on one side of the fence's edge
INSIDE, OUTSIDE = 7.4299, 7.4301  # degrees east, 16 m apart
LAT = 43.735
FENCE = {
    "type": "Feature",
    "id": "port",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[7.42, 43.73], [7.43, 43.73], [7.43, 43.74], [7.42, 43.74], [7.42, 43.73]]],
    },
    "properties": {"name": "Port", "preset": "strict"},
}


@dataclass
class BookedDevice:
    """Drives over the edge of the fence and back. `acked`: the times of fixes the server says it has."""

    id: str
    token: str
    address: str
    first_at: int
    most_fixes: int = 20
    pause_s: float = 0.01  # between frames
    window: int = 4
    made: int = 0
    seq: int = 0
    resent: int = 0
    welcomes: int = 0
    refused: list[Any] = field(default_factory=list)
    acked: set[int] = field(default_factory=set)
    acks: int = 0
    unacked: dict[int, tuple[str, list[int]]] = field(default_factory=dict)
    is_ending: bool = False
    is_resting: bool = False  # it makes nothing new for now
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    async def run(self) -> None:
        """Until `is_ending` and everything is acked."""
        while not (self.is_ending and not self.unacked):
            with suppress(OSError, TimeoutError, InvalidHandshake, WebSocketException):
                await self.converse()
            await asyncio.sleep(self.rng.uniform(0.02, 0.2))

    async def converse(self) -> None:
        async with connect(
            f"ws://{self.address}/ws/device",
            compression=None,
            open_timeout=5,
            close_timeout=1,
            ping_interval=None,
            additional_headers={"Authorization": f"Bearer {self.token}"},
        ) as ws:
            await ws.send(json.dumps({"type": "hello", "device": self.id, "boot": "b1"}))
            welcome = await self.hear(ws)
            self.welcomes += 1
            for seq in [seq for seq in self.unacked if seq <= welcome["acked"]]:
                self.count(seq)
            for message, _ in list(self.unacked.values()):
                self.resent += 1
                await ws.send(message)
            await self.stream(ws)

    async def stream(self, ws: ClientConnection) -> None:
        listening = asyncio.ensure_future(self.listen(ws))
        try:
            while not listening.done():
                if self.is_ending and not self.unacked:
                    return
                if not self.is_ending and not self.is_resting and len(self.unacked) < self.window:
                    await ws.send(self.make_frame())
                await asyncio.sleep(self.pause_s)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, WebSocketException):
                await listening

    async def listen(self, ws: ClientConnection) -> None:
        while True:
            answer = json.loads(await ws.recv())
            if answer["type"] == "ack":
                if answer["quarantined"]:
                    self.refused.append(answer)
                self.count(answer["seq"])
            elif answer["type"] == "error" and "seq" in answer:
                self.refused.append(answer)

    async def hear(self, ws: ClientConnection) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            heard: dict[str, Any] = json.loads(await ws.recv())
        if heard["type"] != "welcome":
            raise TimeoutError(heard)  # turned away for now: come back
        return heard

    def count(self, seq: int) -> None:
        _, times = self.unacked.pop(seq, ("", []))
        self.acked.update(times)
        self.acks += 1

    def make_frame(self) -> str:
        times = [self.first_at + (self.made + n) * STEP_MS for n in range(self.rng.randint(1, self.most_fixes))]
        fixes = [
            {"at": format_ms(at), "lon": side(n), "lat": LAT, "accuracy": 5.0, "attributes": {"n": n}}
            for n, at in enumerate(times, self.made)
        ]
        self.made += len(fixes)
        self.seq += 1
        message = json.dumps({"type": "fixes", "seq": self.seq, "fixes": fixes})
        self.unacked[self.seq] = (message, times)
        return message


def side(n: int) -> float:
    return INSIDE if (n // LEG) % 2 == 0 else OUTSIDE


@dataclass
class Fleet:
    devices: list[BookedDevice]

    @property
    def acked(self) -> int:
        return sum(len(device.acked) for device in self.devices)

    @property
    def acks(self) -> int:
        return sum(device.acks for device in self.devices)

    def part(self, address: str) -> "Fleet":
        """Those of one server."""
        return Fleet([device for device in self.devices if device.address == address])

    async def rest(self, within: float = 2 * PATIENCE_S) -> None:
        """Nothing new until `go_on`; returns when everything is acked."""
        for device in self.devices:
            device.is_resting = True
        await self.all_acked(within)

    def go_on(self) -> None:
        for device in self.devices:
            device.is_resting = False

    async def more_acks(self, count: int, within: float = 2 * PATIENCE_S) -> None:
        """Wait until so many more frames are acked."""
        goal = self.acks + count
        async with asyncio.timeout(within):
            while self.acks < goal:  # noqa: ASYNC110 - the devices run in this loop, and count by themselves
                await asyncio.sleep(0.01)

    async def end(self, within: float = 2 * PATIENCE_S) -> None:
        """Nothing new any more; returns when everything is acked."""
        for device in self.devices:
            device.is_ending = True
        await self.all_acked(within)

    async def all_acked(self, within: float) -> None:
        async with asyncio.timeout(within):
            while any(device.unacked for device in self.devices):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)


def need_fence(server: RunningServer) -> None:
    """FENCE is there, made by this server or by another of the installation."""
    with server.api() as api:
        found = api.get(f"/api/geofences/{FENCE['id']}")
    if found.status_code == 404:
        server.new_geofence(FENCE)
    else:
        assert found.status_code == 200, found.text


@asynccontextmanager
async def fleet(
    server: RunningServer, count: int, *, addresses: Sequence[str] = (), name: str = "van", **options: Any
) -> AsyncIterator[Fleet]:
    """So many devices that drive while the block runs; with FENCE to drive through. `addresses`: by turns, where they
    are to drive to others than that server."""
    await asyncio.to_thread(need_fence, server)  # the database may be reached by a proxy of this very loop
    first_at = now_ms() - 3_600_000
    made = [(f"{name}-{n}", await asyncio.to_thread(server.new_device, f"{name}-{n}")) for n in range(count)]
    places = addresses or (server.address,)
    devices = [
        BookedDevice(id, token, places[n % len(places)], first_at, **options) for n, (id, token) in enumerate(made)
    ]
    tasks = [asyncio.ensure_future(device.run()) for device in devices]
    try:
        yield Fleet(devices)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Audit:
    """The table against the devices' books."""

    made: int
    acked: int
    resent: int
    rows: int
    lost: int  # acked and not in the table
    doubled: int  # rows beyond one for each fix
    strangers: int  # rows that no device sent
    wrong_events: int  # devices whose events are not what their stored fixes say

    def __str__(self) -> str:
        return (
            f"made {self.made}, acked {self.acked}, frames sent again {self.resent}, rows {self.rows}, "
            f"acked and lost {self.lost}, stored twice {self.doubled}"
        )


async def audit(conn: asyncpg.Connection, fleet: Fleet) -> Audit:
    found = Audit(0, fleet.acked, 0, 0, 0, 0, 0, 0)
    for device in fleet.devices:
        rows = await conn.fetch(
            """select (extract(epoch from f.at) * 1000)::bigint as at, (attributes->>'n')::int as n
               from fix f join device d on d.key = f.device where d.id = $1 order by f.at""",
            device.id,
        )
        stored = {row["at"] for row in rows}
        sent = {device.first_at + n * STEP_MS for n in range(device.made)}
        found.made += device.made
        found.resent += device.resent
        found.rows += len(rows)
        found.lost += len(device.acked - stored)
        found.doubled += len(rows) - len({row["n"] for row in rows})
        found.strangers += len(stored - sent)
        found.wrong_events += await events_of(conn, device.id) != expected_events([row["n"] for row in rows])
    return found


async def events_of(conn: asyncpg.Connection, device: str) -> list[str]:
    """Also those that wait for their numbers: the server may be dead by now."""
    rows = await conn.fetch(
        """select t.type from (select type, device, id, 1 as turn from event
                               union all select type, device, id, 2 from unnumbered) t
           join device d on d.key = t.device where d.id = $1 order by t.turn, t.id""",
        device,
    )
    return [row["type"] for row in rows]


def expected_events(numbers: list[int]) -> list[str]:
    """What the fixes that are stored say, by a rule of one line."""
    is_inside, events = False, []
    for n in numbers:
        if (side(n) == INSIDE) is not is_inside:
            is_inside = not is_inside
            events.append("enter" if is_inside else "exit")
    return events
