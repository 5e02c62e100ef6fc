"""What a change of a geofence costs that very many devices are inside of: `python -m bench.changed_fence [DEVICES]`.

Each of the devices has a fix in the log that no checkpoint holds, so that all of their states are newer than what is
written. Twenty bystanders, one fix under way each, measure how long an ack takes, for so many seconds without and with
a change of the geofence in the middle (of its dwell; of its shape, so that it lies elsewhere; its deletion), each
in a server of its own.
"""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Final

import httpx2
import shapely
from websockets.asyncio.client import ClientConnection, connect

from bench.ground import ADMIN_TOKEN, Ground, serving
from bench.load import device
from tracker.store.geofences import insert_geofence
from tracker.store.pool import open_connection

BYSTANDERS: Final = 20
SECONDS: Final = 24.0  # two checkpoints and more
CHANGE_S: Final = 8.0
PAUSE_S: Final = 0.05
ADMIN: Final = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"}
AREA: Final = shapely.box(24.0, 60.0, 25.0, 61.0)
ELSEWHERE: Final = shapely.box(4.0, 40.0, 5.0, 41.0)
LOG: Final = """
insert into fix (at, received_at, device, lon_e7, lat_e7)
select now() - interval '60 seconds', now() - interval '60 seconds' + key * interval '1 microsecond', key,
       245000000, 605000000
from device order by key offset {bystanders}
"""


def make_feature(area: shapely.Polygon, dwell: int) -> bytes:
    properties = {"name": "All", "preset": "strict", "dwell": dwell}
    geometry = json.loads(shapely.to_geojson(area))
    return json.dumps({"type": "Feature", "id": "all", "geometry": geometry, "properties": properties}).encode()


CHANGES: Final = {
    "without a change": None,
    "its dwell": ("PUT", make_feature(AREA, 600)),
    "its shape": ("PUT", make_feature(ELSEWHERE, 3_600)),
    "deleted": ("DELETE", b""),
}


async def prepare(url: str) -> None:
    conn = await open_connection(url)
    await insert_geofence(conn, "all", make_feature(AREA, 3_600), AREA.wkb)
    await conn.execute(LOG.format(bystanders=BYSTANDERS))
    await conn.close()


async def watch(port: int, number: int, end: float, waited: list[float]) -> None:
    id, token = device(number)
    header = {"Authorization": f"Bearer {token}"}
    async with connect(f"ws://127.0.0.1:{port}/ws/device", additional_headers=header) as ws:
        await ws.send(json.dumps({"type": "hello", "device": id, "boot": "1"}))
        await ws.recv()
        seq = 0
        while time.monotonic() < end:
            seq += 1
            waited.append(await send(ws, seq))
            await asyncio.sleep(PAUSE_S)


async def send(ws: ClientConnection, seq: int) -> float:
    began = time.monotonic()
    fix = {"at": datetime.now(UTC).isoformat(), "lon": 7.4, "lat": 43.7}
    await ws.send(json.dumps({"type": "fixes", "seq": seq, "fixes": [fix]}))
    await ws.recv()
    return (time.monotonic() - began) * 1000


async def measure(port: int, change: tuple[str, bytes] | None) -> list[float]:
    """ms of each ack."""
    waited: list[float] = []
    end = time.monotonic() + SECONDS
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        for number in range(BYSTANDERS):
            tasks.create_task(watch(port, number, end, waited))
        api = await stack.enter_async_context(httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=ADMIN))
        await asyncio.sleep(CHANGE_S)
        if change:
            answer = await api.request(change[0], "/api/geofences/all", content=change[1], timeout=60)
            answer.raise_for_status()
    return sorted(waited)


def main(devices: int) -> None:
    ground = Ground(devices + BYSTANDERS, 0)
    try:
        for word, change in CHANGES.items():
            url = ground.new_database()
            asyncio.run(prepare(url))
            with serving("ours", url) as (_, port):
                waited = asyncio.run(measure(port, change))
            p50, p99, most = waited[len(waited) // 2], waited[len(waited) * 99 // 100], waited[-1]
            print(f"{devices:,} inside, {word}: {len(waited):,} acks, p50 {p50:.1f} p99 {p99:.1f} max {most:.1f} ms")
            ground.drop(url)
    finally:
        ground.end()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
