"""Tracks: the fixes of a device over a span of time, read from the log.

Files are written as text by PostgreSQL itself: rows made into Python values and these into text would hold up the live
path for a tenth of a second per page.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final, Literal

import asyncpg
import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import NO_MARKER, Flag, flag_names
from tracker.model.moment import to_datetime
from tracker.store.pool import borrow
from tracker.store.privacies import OPEN

OFF_THE_LINE: Final = int(NO_MARKER | Flag.IMPOSSIBLE_JUMP)  # where the device was not
PAGE: Final = 5_000  # rows, about half a megabyte of text, held at a time

CSV_HEAD: Final = "at,lon,lat,accuracy,altitude,speed,heading,battery,received_at,flags\r\n"
GPX_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="tracker" xmlns="http://www.topografix.com/GPX/1/1"
     xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
<trk><name>{name}</name><trkseg>
"""
GPX_1_0_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.0" creator="tracker" xmlns="http://www.topografix.com/GPX/1/0">
<trk><name>{name}</name><trkseg>
"""
GPX_TAIL: Final = "</trkseg></trk>\n</gpx>\n"

RFC3339: Final = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
LON: Final = "round(lon_e7 / 10000000.0, 7)"
LAT: Final = "round(lat_e7 / 10000000.0, 7)"
FLAGS: Final = ", ".join(f"case when flags & {flag:d} <> 0 then '{flag_names(flag)[0]}' end" for flag in Flag)
# Numbers, times and our own words only: nothing here that a spreadsheet could take for a formula.
CSV: Final = f"""concat_ws(',', {RFC3339.format("at")}, {LON}, {LAT},
    coalesce(accuracy::text, ''), coalesce(altitude::text, ''), coalesce(speed::text, ''), coalesce(heading::text, ''),
    coalesce(trim_scale(battery_e4 / 10000.0)::text, ''), {RFC3339.format("received_at")}, concat_ws('|', {FLAGS}))
    || e'\r\n'"""
GPX: Final = f"""concat('<trkpt lat="', {LAT}, '" lon="', {LON}, '">', '<ele>' || altitude || '</ele>',
    '<time>', {RFC3339.format("at")}, '</time>', '<extensions><gpxtpx:TrackPointExtension>' || nullif(concat(
        '<gpxtpx:speed>' || speed || '</gpxtpx:speed>', '<gpxtpx:course>' || heading || '</gpxtpx:course>'), '')
    || '</gpxtpx:TrackPointExtension></extensions>', e'</trkpt>\n')"""

GPX_1_0: Final = f"""concat('<trkpt lat="', {LAT}, '" lon="', {LON}, '">', '<ele>' || altitude || '</ele>',
    '<time>', {RFC3339.format("at")}, '</time>', '<course>' || heading || '</course>',
    '<speed>' || speed || '</speed>', e'</trkpt>\n')"""
Version = Literal["1.1", "1.0"]


class Line(msgspec.Struct, frozen=True):
    """Columns of a track's places: `at` in ms, degrees; `total` is how many there were before every n-th was taken."""

    at: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    total: int


async def select_line(
    conn: asyncpg.Connection, device: int, since: int, until: int, *, most: int, is_own: bool = True
) -> Line:
    """Where the device was from `since` to `until` (ms, both included): every n-th fix and the last, about `most`.

    Fixes flagged null_island, low_accuracy or impossible_jump are left out: they say where it was not. So is, of what
    is not the reader's own, what was kept from others.
    """
    row = await conn.fetchrow(
        f"""select coalesce(array_agg((extract(epoch from at) * 1000)::bigint order by n), '{{}}') as at,
                  coalesce(array_agg(lon_e7 order by n), '{{}}') as lon_e7,
                  coalesce(array_agg(lat_e7 order by n), '{{}}') as lat_e7, coalesce(max(total), 0) as total
           from (select at, lon_e7, lat_e7, row_number() over (order by at) as n, count(*) over () as total
                 from fix where device = $1 and at between $2 and $3 and flags & $4 = 0{find_open(is_own)}) as numbered
           where (n - 1) % greatest(1, (total + $5 - 1) / $5) = 0 or n = total""",
        device,
        to_datetime(since),
        to_datetime(until),
        OFF_THE_LINE,
        most,
    )
    return Line(
        np.array(row["at"], np.int64),
        np.array(row["lon_e7"], np.float64) / 1e7,
        np.array(row["lat_e7"], np.float64) / 1e7,
        row["total"],
    )


class Stretch(msgspec.Struct, frozen=True):
    """Of which device (key) and from when until when (ms, both included) a file is made, and whether it is the
    reader's own: of what is not, what was kept from others is left out."""

    device: int
    since: int
    until: int
    is_own: bool = True


def select_csv(pool: asyncpg.Pool, stretch: Stretch) -> AsyncIterator[str]:
    """Every stored fix as a line: at,lon,lat,accuracy,altitude,speed,heading,battery,received_at,flags."""
    return _read_pages(pool, CSV, stretch, without=0)


def select_gpx(pool: asyncpg.Pool, stretch: Stretch, version: Version = "1.1") -> AsyncIterator[str]:
    """Every fix of the line as a track point. GPX 1.1 has speed and course in Garmin's extension only; 1.0 has elements
    for them, and GPSBabel reads no others."""
    return _read_pages(pool, GPX if version == "1.1" else GPX_1_0, stretch, without=OFF_THE_LINE)


def find_open(is_own: bool) -> str:
    return "" if is_own else OPEN


async def _read_pages(pool: asyncpg.Pool, text: str, stretch: Stretch, *, without: int) -> AsyncIterator[str]:
    """In the order of time. Takes the pool, not a connection: who reads a year of fixes slowly must not hold one."""
    after: datetime | None = to_datetime(stretch.since - 1)
    end = to_datetime(stretch.until)
    while after is not None:
        async with borrow(pool) as conn:
            row = await conn.fetchrow(
                f"""select coalesce(string_agg({text}, '' order by at), '') as text, max(at) as last, count(*) as n
                    from (select * from fix where device = $1 and at > $2 and at <= $3 and flags & $4 = 0
                          {find_open(stretch.is_own)}
                          order by at limit {PAGE}) as page""",
                stretch.device,
                after,
                end,
                without,
            )
        yield row["text"]
        after = row["last"] if row["n"] == PAGE else None
