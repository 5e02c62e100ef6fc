"""A dry run against an hour of a fleet, through a real server: `python -m bench.dry_run [--devices N] [--seconds N]`.

Prints how long the whole answer took, and how long the server kept other callers waiting meanwhile.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from typing import Any

import httpx2
import numpy as np

from bench.ground import ADMIN_TOKEN, Ground, serving
from bench.wanderers import CENTRE, fill
from tracker.model.moment import format_ms, now_ms
from tracker.store.pool import open_connection

HOUR_MS = 3_600_000
PULSE = 0.005  # s between two looks whether the server answers others
HEADERS = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
AREAS: list[tuple[str, str, dict[str, Any]]] = [
    ("a circle of 200 m", "balanced", {"radius": 200}),
    ("a circle of 1.5 km", "strict", {"radius": 1500}),
    ("a circle of 1.5 km", "balanced", {"radius": 1500}),
    ("a circle of 1.5 km, dwell and speed limit", "balanced", {"radius": 1500, "dwell": 300, "speed_limit": 13.0}),
    ("a circle of 1.5 km", "calm", {"radius": 1500}),
    ("the whole city", "balanced", {"radius": 9000}),
]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--devices", type=int, default=1000)
    options.add_argument("--seconds", type=int, default=3600)
    given = options.parse_args()
    ground = Ground(given.devices, 1)
    try:
        url = ground.new_database()
        start = (now_ms() // HOUR_MS - 2) * HOUR_MS
        with serving("ours", url) as (_, port):  # before there is a history, which it would fold when it starts
            began = time.monotonic()
            asyncio.run(wander(url, given.devices, start, given.seconds))
            print(f"{given.devices * given.seconds:,} fixes written in {time.monotonic() - began:.1f} s\n")
            print("| | preset | fixes | events | s | others waited, ms: p50 / p99 / most | load |", flush=True)
            print("|---|---|---|---|---|---|---|", flush=True)
            for name, preset, properties in AREAS:
                print(asyncio.run(measured(port, name, properties | {"preset": preset}, start)), flush=True)
    finally:
        ground.end()


async def wander(url: str, devices: int, start: int, seconds: int) -> None:
    conn = await open_connection(url)
    try:
        keys = [row["key"] for row in await conn.fetch("select key from device order by key limit $1", devices)]
        await fill(conn, np.array(keys, np.int32), start, seconds)
    finally:
        await conn.close()


async def measured(port: int, name: str, properties: dict[str, Any], start: int) -> str:
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": CENTRE}, "properties": properties}
    span = {"from": format_ms(start), "to": format_ms(start + HOUR_MS)}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=HEADERS, timeout=60) as client:
        waits: list[float] = []
        pulse = asyncio.create_task(beat(port, waits))
        began = time.monotonic()
        async with client.stream("POST", "/api/geofences/dry-run", json={"feature": feature} | span) as response:
            last = [json.loads(line) async for line in response.aiter_lines()][-1]
        seconds = time.monotonic() - began
        pulse.cancel()
    assert last["type"] == "done", last
    p50, p99 = statistics.median(waits), statistics.quantiles(waits, n=100)[98]
    return (
        f"| {name} | {properties['preset']} | {last['fixes']:,} | {last['events']:,} | {seconds:.1f} | "
        f"{p50:.1f} / {p99:.1f} / {max(waits):.1f} | {os.getloadavg()[0]:.1f} |"
    )


async def beat(port: int, waits: list[float]) -> None:
    """How long /livez takes, which does nothing: over one connection, so that it is the server's loop that is asked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            began = time.monotonic()
            writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            waits.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(PULSE)
    finally:
        writer.close()


if __name__ == "__main__":
    main()
