"""NMEA as a receiver writes it, from fixes: apart from the product's reading of it, so that the two must agree."""

import csv
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Final

from tracker.model.fix import Fix
from tracker.model.moment import parse

KNOT: Final = 1852 / 3600
BUS: Final = Path(__file__).resolve().parent.parent / "samples/bus_limerick_304_2019-02-18.csv.gz"


def with_checksum(body: str) -> bytes:
    return f"${body}*{reduce(xor, body.encode(), 0):02X}\r\n".encode()


def angle(e7: int, width: int) -> str:
    """`ddmm.mmmmmm`: enough digits that 1e-7 degrees come back as they were."""
    degrees, rest = divmod(abs(e7), 10_000_000)
    return f"{degrees:0{width}d}{rest * 60 / 1e7:09.6f}"


def write_epoch(fix: Fix, *, gst: bool = False) -> bytes:
    """GGA, RMC, VTG, and GST where it is wanted."""
    when = datetime.fromtimestamp(fix.at / 1000, UTC)
    clock = f"{when:%H%M%S}.{fix.at % 1000:03d}"
    south, west = "NS"[fix.lat_e7 < 0], "EW"[fix.lon_e7 < 0]
    place = f"{angle(fix.lat_e7, 2)},{south},{angle(fix.lon_e7, 3)},{west}"
    altitude = "" if fix.altitude is None else f"{fix.altitude:.1f}"
    knots = "" if fix.speed is None else f"{fix.speed / KNOT:.4f}"
    kmh = "" if fix.speed is None else f"{fix.speed * 3.6:.4f}"
    course = "" if fix.heading is None else f"{fix.heading:.1f}"
    bodies = [
        f"GPGGA,{clock},{place},1,08,0.9,{altitude},M,46.9,M,,",
        f"GPRMC,{clock},A,{place},{knots},{course},{when:%d%m%y},,,A",
        f"GPVTG,{course},T,,M,{knots},N,{kmh},K,A",
        *([f"GPGST,{clock},1.0,,,,3.0,4.0,8.0"] if gst else []),
    ]
    return b"".join(with_checksum(body) for body in bodies)


def read_bus(count: int) -> list[Fix]:
    """The first fixes of the recording that ships, with speeds and headings made up, as receivers have them."""
    with gzip.open(BUS, "rt") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(count), strict=False)]
    places = [(round(float(row["lon"]) * 1e7), round(float(row["lat"]) * 1e7)) for row in rows]
    return [
        Fix(parse(row["t"]), *place, number % 20 / 2, float(number % 360), altitude=float(row["alt_m"]))
        for number, (row, place) in enumerate(zip(rows, places, strict=True))
    ]


def write(fixes: Sequence[Fix]) -> bytes:
    return b"".join(write_epoch(fix) for fix in fixes)
