"""How long a device waits where the owner of its strand changes: `python -m bench.handover [ROUNDS]`.

Two machines of one installation, of which one stays. 24 devices are connected to it, each with a fix every 80 ms; the
other one joins, is given its share, and leaves in order. Printed is the longest time each of the devices that had
another owner waited for an ack meanwhile, beside what all of them waited when nothing moved: the devices, NATS,
PostgreSQL and both machines share the processors.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

import asyncpg
from websockets.asyncio.client import ClientConnection, connect

from bench.ground import Ground, serving
from bench.load import device
from bench.scale import Owners, are_shared, find_parent, nats, read_owners
from tracker.model.moment import format_ms, now_ms
from tracker.store.ownership import STRANDS, find_strand

DEVICES: Final = 24
PAUSE_S: Final = 0.08  # between two fixes of a device
CALM_S: Final = 3.0  # after something moved, or began
WITHIN_S: Final = 60.0


class Waiting:
    """One device, and the longest that it waited for an ack."""

    def __init__(self, key: int, id: str, token: str) -> None:
        self.key, self.id, self.token = key, id, token
        self.longest = 0.0
        self.sent: dict[int, float] = {}  # by seq, those that are not acked
        self.acked = asyncio.Event()

    async def run(self, port: int) -> None:
        """Until cancelled."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with connect(f"ws://127.0.0.1:{port}/ws/device", compression=None, additional_headers=headers) as ws:
            await ws.send(json.dumps({"type": "hello", "device": self.id, "boot": str(time.time_ns())}))
            window = json.loads(await ws.recv())["window"]
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.listen(ws))
                for seq in range(1, sys.maxsize):
                    if len(self.sent) >= window:
                        self.acked.clear()
                        await self.acked.wait()
                    self.sent[seq] = time.monotonic()
                    fix = {"at": format_ms(now_ms()), "lon": 7.0, "lat": 43.0}
                    await ws.send(json.dumps({"type": "fixes", "seq": seq, "fixes": [fix]}))
                    await asyncio.sleep(PAUSE_S)

    async def listen(self, ws: ClientConnection) -> None:
        async for message in ws:
            if (heard := json.loads(message))["type"] == "ack":
                self.longest = max(self.longest, time.monotonic() - self.sent.pop(heard["seq"]))
                self.acked.set()


async def wait_until(conn: asyncpg.Connection, look: Callable[[Owners], bool]) -> Owners:
    """Every strand has an owner, and this is so, and then a moment more, in which everybody's acks come."""
    end = time.monotonic() + WITHIN_S
    while len(owners := await read_owners(conn)) < STRANDS or not look(owners):
        assert time.monotonic() < end, owners
        await asyncio.sleep(0.1)
    await asyncio.sleep(CALM_S)
    return owners


def show(what: str, devices: Sequence[Waiting], strands: Collection[int]) -> None:
    """And begin anew."""
    found = sorted(each.longest * 1000 for each in devices if find_strand(each.key) in strands)
    middle, most = found[len(found) // 2], found[len(found) * 9 // 10]
    print(
        f"| {what} | {len(found)} | {middle:.0f} | {most:.0f} | {found[-1]:.0f} | {os.getloadavg()[0]:.1f} |",
        flush=True,
    )
    for each in devices:
        each.longest = 0.0


async def move(conn: asyncpg.Connection, url: str, devices: Sequence[Waiting]) -> None:
    before = await wait_until(conn, lambda owners: len(set(owners.values())) == 1)
    show("nothing moves", devices, range(STRANDS))
    with serving("ours", url) as (other, _):
        after = await wait_until(conn, lambda owners: are_shared(owners, 2))
        moved = {strand for strand in before if before[strand] != after[strand]}
        show("one joins", devices, moved)
        os.kill(find_parent(other), signal.SIGTERM)
        await wait_until(conn, lambda owners: len(set(owners.values())) == 1)
        show("one leaves", devices, moved)


async def measure(url: str, port: int, rounds: int) -> None:
    conn = await asyncpg.connect(url)
    keys = dict(await conn.fetch("select id, key from device"))
    devices = [Waiting(keys[id], id, token) for id, token in map(device, range(DEVICES))]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run(port)) for each in devices]
        await asyncio.sleep(CALM_S)
        for each in devices:
            each.longest = 0.0
        for _ in range(rounds):
            await move(conn, url, devices)
        for task in running:
            task.cancel()
    await conn.close()


def main(rounds: int) -> None:
    ground = Ground(DEVICES, 100)
    try:
        with nats() as found:
            os.environ["TRACKER_NATS_URL"] = found.url
            url = ground.new_database()
            print("| | devices | p50 ms | p90 | longest | load |\n|---|---|---|---|---|---|")
            with serving("ours", url) as (_, port):
                asyncio.run(measure(url, port, rounds))
    finally:
        ground.end()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
