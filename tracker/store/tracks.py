"""Tracks: the fixes of a device over a span of time, read from the log."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import asyncpg
import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import NO_MARKER, Fix, Flag
from tracker.model.moment import datetime_to_micros, from_datetime, to_datetime
from tracker.store.pool import borrow

OFF_THE_LINE: Final = int(NO_MARKER | Flag.IMPOSSIBLE_JUMP)  # where the device was not
PAGE: Final = 5_000  # rows held at a time
# A float4 comes back from PostgreSQL as the double beside it, 12.399999618530273; by way of its text it is 12.4 again.
COLUMNS: Final = """at, received_at, lon_e7, lat_e7, speed::text::float8, heading::text::float8, accuracy::text::float8,
                    altitude::text::float8, battery_e4, flags"""


class StoredFix(msgspec.Struct, frozen=True, gc=False):
    """A fix with what the server noted: `received_at` in microseconds, `flags` as of model.fix.Flag."""

    fix: Fix
    received_at: int
    flags: int


class Line(msgspec.Struct, frozen=True):
    """Columns of a track's places: `at` in ms, degrees; `total` is how many there were before every n-th was taken."""

    at: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    total: int


async def select_line(conn: asyncpg.Connection, device: int, since: int, until: int, *, most: int) -> Line:
    """Where the device was from `since` to `until` (ms, both included): every n-th fix and the last, about `most`.

    Fixes flagged null_island, low_accuracy or impossible_jump are left out: they say where it was not.
    """
    rows = await conn.fetch(
        """select at, lon_e7, lat_e7, total from (
               select at, lon_e7, lat_e7, row_number() over (order by at) as n, count(*) over () as total
               from fix where device = $1 and at between $2 and $3 and flags & $4 = 0) as numbered
           where (n - 1) % greatest(1, (total + $5 - 1) / $5) = 0 or n = total order by n""",
        device, to_datetime(since), to_datetime(until), OFF_THE_LINE, most,
    )  # fmt: skip
    return Line(
        np.array([from_datetime(row["at"]) for row in rows], np.int64),
        np.array([row["lon_e7"] for row in rows], np.float64) / 1e7,
        np.array([row["lat_e7"] for row in rows], np.float64) / 1e7,
        rows[0]["total"] if rows else 0,
    )


async def select_fixes(
    pool: asyncpg.Pool, device: int, since: int, until: int, *, without: int = 0
) -> AsyncIterator[Sequence[StoredFix]]:
    """Page by page in the order of time, all but those with one of the flags `without`.

    Takes the pool, not a connection: whoever reads a year of fixes slowly must not hold one meanwhile.
    """
    after = to_datetime(since - 1)
    while True:
        async with borrow(pool) as conn:
            rows = await conn.fetch(
                f"""select {COLUMNS} from fix
                    where device = $1 and at > $2 and at <= $3 and flags & $4 = 0 order by at limit {PAGE}""",
                device, after, to_datetime(until), without,
            )  # fmt: skip
        if rows:
            yield [_stored(row) for row in rows]
            after = rows[-1]["at"]
        if len(rows) < PAGE:
            return


def _stored(row: asyncpg.Record) -> StoredFix:
    battery = row["battery_e4"]
    fix = Fix(
        at=from_datetime(row["at"]), lon_e7=row["lon_e7"], lat_e7=row["lat_e7"], speed=row["speed"],
        heading=row["heading"], accuracy=row["accuracy"], altitude=row["altitude"],
        battery=None if battery is None else battery / 10_000,
    )  # fmt: skip
    return StoredFix(fix, datetime_to_micros(row["received_at"]), row["flags"])
