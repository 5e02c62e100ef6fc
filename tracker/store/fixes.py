"""The log of fixes: written by binary COPY, read to tell repeats from conflicts and to fold again after a crash."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from functools import cache
from struct import Struct
from typing import Final

from asyncpg import Connection, Record

from tracker.model.fix import Fix, Moment, Place, Row
from tracker.model.moment import datetime_to_micros, from_datetime, to_datetime

COLUMNS: Final = (
    "at", "received_at", "device", "lon_e7", "lat_e7", "flags",
    "speed", "heading", "accuracy", "altitude", "battery_e4", "attributes",
)  # fmt: skip
SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER: Final = b"\xff\xff"
PG_EPOCH_US: Final = 946_684_800_000_000  # 2000-01-01
NULL: Final = b"\xff\xff\xff\xff"


async def copy_fixes(conn: Connection, rows: Sequence[Row]) -> None:
    """One COPY of rows that are known not to be there. UniqueViolationError if one is after all."""
    payload = SIGNATURE + b"".join(map(encode_row, rows)) + TRAILER
    await conn.copy_to_table("fix", source=once(payload), columns=COLUMNS, format="binary")


async def once(payload: bytes) -> AsyncIterator[bytes]:
    yield payload


def encode_row(row: Row) -> bytes:
    """A row of PostgreSQL's binary COPY format: 16-bit column count, then each value behind its 32-bit length."""
    fix = row.fix
    values = (fix.speed, fix.heading, fix.accuracy, fix.altitude)
    known = [value for value in values if value is not None]
    missing = tuple(value is None for value in values) if len(known) < 4 else ALL_KNOWN
    at, received_at = fix.at * 1000 - PG_EPOCH_US, row.received_at - PG_EPOCH_US
    return (
        HEAD.pack(12, 8, at, 8, received_at, 4, row.device, 4, fix.lon_e7, 4, fix.lat_e7, 2, fix.flags)
        + pack_floats(missing, known)
        + (NULL if fix.battery is None else BATTERY.pack(2, round(fix.battery * 10_000)))
        + (NULL if fix.attributes is None else encode_jsonb(fix.attributes))
    )


HEAD: Final = Struct(">h iq iq ii ii ii ih")
BATTERY: Final = Struct(">ih")
ALL_KNOWN: Final = (False, False, False, False)


def pack_floats(missing: tuple[bool, ...], known: list[float]) -> bytes:
    if missing == ALL_KNOWN:
        return FOUR.pack(4, known[0], 4, known[1], 4, known[2], 4, known[3])
    return gaps(missing).pack(*interleave(missing, known))


FOUR: Final = Struct(">if if if if")


@cache
def gaps(missing: tuple[bool, ...]) -> Struct:
    return Struct(">" + "".join("i" if absent else "if" for absent in missing))


def interleave(missing: tuple[bool, ...], known: Iterable[float]) -> list[float]:
    values = iter(known)
    packed: list[float] = []
    for absent in missing:
        packed += (-1,) if absent else (4, next(values))
    return packed


def encode_jsonb(text: bytes) -> bytes:
    return (len(text) + 1).to_bytes(4, "big") + b"\x01" + text  # 1 is jsonb's own version number


async def select_places(conn: Connection, moments: Sequence[Moment]) -> dict[Moment, Place]:
    """Where each of these fixes is stored; those that are not there are absent."""
    rows = await conn.fetch(
        """select f.device, f.at, f.lon_e7, f.lat_e7
           from unnest($1::integer[], $2::timestamptz[]) as wanted (device, at)
           join fix f on f.device = wanted.device and f.at = wanted.at""",
        [device for device, _ in moments],
        [to_datetime(at) for _, at in moments],
    )
    return {(device, from_datetime(at)): (lon, lat) for device, at, lon, lat in rows}


async def select_fixes_since(conn: Connection, received_at: datetime) -> AsyncIterator[Row]:
    """All fixes received after this moment, in the order they were folded. Needs a transaction (it is a cursor)."""
    query = f"select {', '.join(COLUMNS)} from fix where received_at > $1 order by received_at"
    async for record in conn.cursor(query, received_at, prefetch=5_000):
        yield Row(record["device"], datetime_to_micros(record["received_at"]), to_fix(record))


def to_fix(record: Record) -> Fix:
    battery = record["battery_e4"]
    attributes = record["attributes"]
    return Fix(
        from_datetime(record["at"]),
        record["lon_e7"],
        record["lat_e7"],
        decimal(record["speed"]),
        decimal(record["heading"]),
        decimal(record["accuracy"]),
        decimal(record["altitude"]),
        battery / 10_000 if battery is not None else None,
        attributes.encode() if isinstance(attributes, str) else attributes,
        record["flags"],
    )



def decimal(value: float | None) -> float | None:
    """What was accepted, from its 32 bits: `accept` keeps two decimals, and they survive."""
    return None if value is None else round(value, 2)
