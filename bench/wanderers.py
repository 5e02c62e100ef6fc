"""An hour of a fleet in the log, to ask questions of: devices that wander through a city, a fix a second each.

They lie in the table as the writer would have put them there: second by second, all devices of a second together.
"""

from collections.abc import AsyncIterator

import asyncpg
import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import E7
from tracker.model.moment import DAY_MS
from tracker.store.fix_columns import COLUMNS
from tracker.store.fix_rows import PG_EPOCH_US, SIGNATURE, TRAILER, encode_cells
from tracker.store.partitions import create_missing, find_day, today

CENTRE = (13.40, 52.52)
HALF = (0.12, 0.07)  # degrees: a city of 16 km by 16 km
FASTEST = 14.0  # m/s
NOISE_M = 4.0
DEGREE_M = 111_195.0
Floats = NDArray[np.float64]


class Wanderers:
    """Where they are; `step` moves all of them on by a second. They turn a little at a time, and back at the edge."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.x = self.rng.uniform(-1, 1, count) * HALF[0]
        self.y = self.rng.uniform(-1, 1, count) * HALF[1]
        self.heading = self.rng.uniform(0, 2 * np.pi, count)
        self.speed = self.rng.uniform(0, FASTEST, count)

    def step(self) -> None:
        self.heading += self.rng.normal(0, 0.1, len(self.x))
        self.speed = np.clip(self.speed + self.rng.normal(0, 0.5, len(self.x)), 0, FASTEST)
        self.x += self.speed * np.sin(self.heading) / DEGREE_M / np.cos(np.radians(CENTRE[1]))
        self.y += self.speed * np.cos(self.heading) / DEGREE_M
        out = (np.abs(self.x) > HALF[0]) | (np.abs(self.y) > HALF[1])
        self.heading[out] = np.arctan2(-self.x[out], -self.y[out])

    def seen(self) -> tuple[Floats, Floats]:
        """As a receiver says it: some metres off."""
        off = self.rng.normal(0, NOISE_M, (2, len(self.x))) / DEGREE_M
        return CENTRE[0] + self.x + off[0], CENTRE[1] + self.y + off[1]


async def fill(conn: asyncpg.Connection, devices: NDArray[np.int32], start: int, seconds: int) -> None:
    """`start` in ms. A minute a COPY."""
    await create_missing(conn, {find_day(start + n * DAY_MS) for n in range(seconds * 1000 // DAY_MS + 2)}, today())
    fleet = Wanderers(len(devices))
    for first in range(0, seconds, 60):
        rows = b"".join(second(fleet, devices, start + n * 1000) for n in range(first, min(first + 60, seconds)))
        payload = once(SIGNATURE + rows + TRAILER)
        await conn.copy_to_table("fix", source=payload, columns=COLUMNS, format="binary")
    await conn.execute("vacuum analyze fix")


def second(fleet: Wanderers, devices: NDArray[np.int32], at: int) -> bytes:
    fleet.step()
    lon, lat = fleet.seen()
    count = len(devices)
    moment = np.full(count, at * 1000 - PG_EPOCH_US)
    accuracy = np.round(fleet.rng.uniform(3, 12, count), 1)
    heading = np.floor(np.degrees(fleet.heading)) % 360
    columns = [
        moment,
        moment + np.arange(count),
        devices,
        np.round(lon * E7),
        np.round(lat * E7),
        np.zeros(count),
        np.round(fleet.speed, 2),
        heading,
        accuracy,
    ]
    return encode_cells(0b11000, columns)  # neither altitude nor battery


async def once(payload: bytes) -> AsyncIterator[bytes]:
    yield payload
