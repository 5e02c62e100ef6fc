"""Fixes as rows of PostgreSQL's binary COPY, made a column at a time.

A row is a 16-bit count of columns, then each value behind its 32-bit length, -1 for none. Rows that lack the same
values have the same layout, so each such group is one NumPy array.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from struct import Struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracker.model.block import Span
from tracker.model.fix import Row
from tracker.store.fix_columns import COLUMNS

KINDS: Final = ("i8", "i8", "i4", "i4", "i4", "i2", "f4", "f4", "f4", "f4", "i2", "i2", "V0")
ALWAYS: Final = 6  # columns that are never null
SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER: Final = b"\xff\xff"
PG_EPOCH_US: Final = 946_684_800_000_000  # 2000-01-01
NAN: Final = float("nan")
FEW: Final = 24  # rows below which one by one is quicker: a NumPy call costs as much as a row
NULL: Final = b"\xff\xff\xff\xff"


def copy_payload(rows: Sequence[Row | Span]) -> bytes:
    """Rows with the same gaps come together, otherwise in their order; those with attributes last, spans first."""
    spans = [each for each in rows if type(each) is Span]
    single = [each for each in rows if type(each) is Row] if spans else rows
    return SIGNATURE + (encode_spans(spans) if spans else b"") + encode_rows(single) + TRAILER  # type: ignore[arg-type]


def encode_rows(rows: Sequence[Row]) -> bytes:
    plain = [row for row in rows if row.fix.attributes is None]
    if len(plain) < FEW:
        return b"".join(map(encode_row, rows))
    described = [row for row in rows if row.fix.attributes is not None] if len(plain) < len(rows) else []
    return encode_plain(plain) + b"".join(map(encode_row, described))


def encode_spans(spans: Sequence[Span]) -> bytes:
    at, lon, lat = np.concatenate([each.block.exact[:, each.begin : each.end] for each in spans], axis=1)
    measured = np.concatenate([each.block.measured[:, each.begin : each.end] for each in spans], axis=1)
    count = np.array([len(each) for each in spans])
    # the first stamp of each span, less its place among all: each row's own place makes it the row's
    stamps = np.array([each.received_at - PG_EPOCH_US for each in spans]) - (count.cumsum() - count)
    always = (
        at * 1000 - PG_EPOCH_US,
        np.repeat(stamps, count) + np.arange(len(at)),
        np.repeat(np.array([each.device for each in spans], np.int32), count),
        lon,
        lat,
        np.zeros(len(at), np.int16),
    )
    speed, heading, accuracy, altitude, battery = measured
    dialect = np.full(len(at), np.nan)
    return encode_columns([*always, speed, heading, accuracy, altitude, np.rint(battery * 10_000), dialect])


def encode_plain(rows: Sequence[Row]) -> bytes:
    """Rows without attributes."""
    fixes = [row.fix for row in rows]
    return encode_columns(
        [
            np.array([fix.at for fix in fixes], np.int64) * 1000 - PG_EPOCH_US,
            np.array([row.received_at for row in rows], np.int64) - PG_EPOCH_US,
            np.array([row.device for row in rows], np.int32),
            np.array([fix.lon_e7 for fix in fixes], np.int32),
            np.array([fix.lat_e7 for fix in fixes], np.int32),
            np.array([fix.flags for fix in fixes], np.int16),
            make_floats([fix.speed for fix in fixes]),
            make_floats([fix.heading for fix in fixes]),
            make_floats([fix.accuracy for fix in fixes]),
            make_floats([fix.altitude for fix in fixes]),
            np.rint(make_floats([fix.battery for fix in fixes]) * 10_000),
            make_floats([row.dialect or None for row in rows]),
        ]
    )


def encode_columns(columns: Sequence[NDArray[Any]]) -> bytes:
    """Of COLUMNS all but the attributes, NaN for null."""
    gaps = np.zeros(len(columns[0]), np.int8)
    for bit, values in enumerate(columns[ALWAYS:]):
        gaps |= np.isnan(values).astype(np.int8) << bit
    first = int(gaps[0])
    if (gaps == first).all():  # nearly always: the devices of a fleet are alike
        return encode_cells(first, columns)
    return b"".join(encode_cells(gap, [values[gaps == gap] for values in columns]) for gap in np.unique(gaps).tolist())


def make_floats(values: list[float | None]) -> NDArray[np.float64]:
    """NaN where there is none. (NumPy would do that by itself, five times as slow.)"""
    return np.array([NAN if value is None else value for value in values], np.float64)


def encode_cells(gaps: int, columns: Sequence[NDArray[Any]]) -> bytes:
    """`gaps`: which of the measured columns are null, a bit each."""
    found = np.repeat(lay_out(gaps), len(columns[0]))
    for name, values in zip(COLUMNS, columns, strict=False):
        if name in (found.dtype.names or ()):
            found[name] = values
    return found.tobytes()


@cache
def lay_out(gaps: int) -> NDArray[Any]:
    """One row, with its lengths but without its values."""
    missing = {name for bit, name in enumerate(COLUMNS[ALWAYS:-1]) if gaps >> bit & 1} | {"attributes"}
    fields: list[tuple[str, str]] = [("columns", ">i2")]
    for name, kind in zip(COLUMNS, KINDS, strict=True):
        fields.append((f"{name}_size", ">i4"))
        if name not in missing:
            fields.append((name, f">{kind}"))
    row = np.zeros(1, fields)
    row["columns"] = len(COLUMNS)
    for name, kind in zip(COLUMNS, KINDS, strict=True):
        row[f"{name}_size"] = -1 if name in missing else int(kind[1])
    return row


def encode_row(row: Row) -> bytes:
    """A row of PostgreSQL's binary COPY format: 16-bit column count, then each value behind its 32-bit length."""
    fix = row.fix
    values = (fix.speed, fix.heading, fix.accuracy, fix.altitude)
    known = [value for value in values if value is not None]
    missing = tuple(value is None for value in values) if len(known) < 4 else ALL_KNOWN
    at, received_at = fix.at * 1000 - PG_EPOCH_US, row.received_at - PG_EPOCH_US
    return (
        HEAD.pack(len(COLUMNS), 8, at, 8, received_at, 4, row.device, 4, fix.lon_e7, 4, fix.lat_e7, 2, fix.flags)
        + pack_floats(missing, known)
        + (NULL if fix.battery is None else SHORT.pack(2, round(fix.battery * 10_000)))
        + (SHORT.pack(2, row.dialect) if row.dialect else NULL)
        + (NULL if fix.attributes is None else encode_jsonb(fix.attributes))
    )


HEAD: Final = Struct(">h iq iq ii ii ii ih")
SHORT: Final = Struct(">ih")
ALL_KNOWN: Final = (False, False, False, False)


def pack_floats(missing: tuple[bool, ...], known: list[float]) -> bytes:
    if missing == ALL_KNOWN:
        return FOUR.pack(4, known[0], 4, known[1], 4, known[2], 4, known[3])
    return lay_out_gaps(missing).pack(*interleave(missing, known))


FOUR: Final = Struct(">if if if if")


@cache
def lay_out_gaps(missing: tuple[bool, ...]) -> Struct:
    return Struct(">" + "".join("i" if absent else "if" for absent in missing))


def interleave(missing: tuple[bool, ...], known: Iterable[float]) -> list[float]:
    values = iter(known)
    packed: list[float] = []
    for absent in missing:
        packed += (-1,) if absent else (4, next(values))
    return packed


def encode_jsonb(text: bytes) -> bytes:
    return (len(text) + 1).to_bytes(4, "big") + b"\x01" + text  # 1 is jsonb's own version number
