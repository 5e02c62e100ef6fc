"""A device of your own in twenty lines, with the client that `tracker stream` uses: give it fixes, it does the rest.

TRACKER_DEVICE_TOKEN=... python examples/own_source.py ws://127.0.0.1:8000/ws/device van-1 < lines of "lon lat"
"""

import asyncio
import os
import sys
import time

from tracker.client.buffer import Buffer
from tracker.client.device import DeviceClient
from tracker.model.fix import E7, Fix


async def main(url: str, device: str) -> None:
    client = DeviceClient(url, device, os.environ["TRACKER_DEVICE_TOKEN"], Buffer(100_000))
    running = asyncio.create_task(client.run())
    while line := await asyncio.to_thread(sys.stdin.readline):
        lon, lat = map(float, line.split())
        client.put(Fix(time.time_ns() // 1_000_000, round(lon * E7), round(lat * E7)))
    await client.until_empty()  # all of it is stored
    running.cancel()


asyncio.run(main(*sys.argv[1:]))
