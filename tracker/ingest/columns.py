"""Binary frames: the same fixes as columns, little-endian, as the wire contract lays them out.

u8 kind=1 | u8 flags (bit 0: backlog) | u16 n | u32 seq | i64 base ms | i32 dt[n] | i32 lon[n] | i32 lat[n]
| u16 speed[n] cm/s | u16 heading[n] 0.01 degree | u16 accuracy[n] dm | i16 altitude[n] m
"""

from collections.abc import Iterator, Sequence
from struct import Struct, iter_unpack
from typing import Final

import numpy as np

from tracker.errors import BadFrame, TooManyFixes
from tracker.model.block import Block
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.reading import Reading
from tracker.pipeline.accept import (
    EAST_E7,
    HIGHEST,
    LOW_ACCURACY,
    LOWEST,
    NORTH_E7,
    Refused,
    accept_e7,
    find_oldest_plain,
)

KIND: Final = 1
BACKLOG_BIT: Final = 1
HEAD: Final = Struct("<BBHIq")
BYTES_PER_FIX: Final = 20
NO_VALUE: Final = 65_535
NO_ALTITUDE: Final = -32_768
FEW: Final = 12  # fixes below which one by one is quicker
UNITS: Final = np.array(((100,), (100,), (10,)))  # of speed, heading and accuracy
FARTHEST: Final = 1 << 62  # ms: beyond it 64 bits do not hold every sum


def decode_columns(message: bytes, device: int, received_at: int, max_fixes: int) -> Frame:
    """BadFrame where it is none of ours or its length is not what its count says."""
    if message.lstrip()[:1] in (b"{", b"["):
        raise BadFrame("this looks like JSON: JSON goes in text messages, and binary ones are columns")
    if len(message) < HEAD.size or message[0] != KIND:
        raise BadFrame("a binary frame begins with kind 1 and a head of 16 bytes")
    _, flags, count, seq, base = HEAD.unpack_from(message)
    if count > max_fixes:
        raise TooManyFixes(f"fixes: expected 1 to {max_fixes}, got {count}; split this frame")
    if count < 1:
        raise BadFrame(f"fixes: expected 1 to {max_fixes}, got none")
    if len(message) != HEAD.size + BYTES_PER_FIX * count:
        raise BadFrame(f"{count} fixes take {HEAD.size + BYTES_PER_FIX * count} bytes, got {len(message)}")
    entries = make_entries(message, count, base, received_at // 1000)
    return Frame(device, seq, received_at, entries, bool(flags & BACKLOG_BIT))


def make_entries(message: bytes, count: int, base: int, now: int) -> Sequence[Fix | Refusal]:
    if count >= FEW and (block := find_block(message, count, base, now)):
        return block
    return [to_entry(index, base, row, now) for index, row in enumerate(read_rows(message, count))]


def find_block(message: bytes, count: int, base: int, now: int) -> Block | None:
    """All of them at once, where `accept_e7` would take each as it is, without a flag. None: look one by one."""
    dt, lon, lat = np.frombuffer(message, "<i4", 3 * count, HEAD.size).reshape(3, count)
    shorts = np.frombuffer(message, "<u2", 3 * count, HEAD.size + 12 * count).reshape(3, count)
    altitude = np.frombuffer(message, "<i2", count, HEAD.size + 18 * count)
    oldest = find_oldest_plain(now)
    if abs(base) > FARTHEST or base + int(dt.min()) < oldest or base + int(dt.max()) > now:
        return None
    if lon.min() < -EAST_E7 or lon.max() >= EAST_E7 or lat.min() < -NORTH_E7 or lat.max() > NORTH_E7:
        return None
    _, heading, accuracy = shorts
    rough = (accuracy > 10 * LOW_ACCURACY) & (accuracy != NO_VALUE)
    turned = (heading >= 36_000) & (heading != NO_VALUE)
    if (rough | turned | (accuracy == 0) | (lon == 0) & (lat == 0)).any():
        return None
    exact = np.empty((3, count), np.int64)
    exact[0], exact[1], exact[2] = dt, lon, lat
    exact[0] += base
    measured = np.full((5, count), np.nan)
    measured[:3] = shorts / UNITS
    measured[3] = altitude
    if shorts.max() == NO_VALUE:
        measured[:3][shorts == NO_VALUE] = np.nan
    measured[3][(altitude < LOWEST) | (altitude > HIGHEST)] = np.nan
    return Block(exact, measured)


Columns = tuple[int, int, int, int, int, int, int]


def read_rows(message: bytes, count: int) -> Iterator[Columns]:
    wide = 4 * count
    narrow = 2 * count
    start = HEAD.size
    longs = [read_column(message, start + wide * part, wide, "<i") for part in range(3)]
    start += 3 * wide
    shorts = [read_column(message, start + narrow * part, narrow, "<H") for part in range(3)]
    altitude = read_column(message, start + 3 * narrow, narrow, "<h")
    return zip(*longs, *shorts, altitude, strict=True)


def read_column(message: bytes, start: int, size: int, kind: str) -> list[int]:
    return [value for (value,) in iter_unpack(kind, message[start : start + size])]


def to_entry(index: int, base: int, row: Columns, now: int) -> Fix | Refusal:
    dt, lon_e7, lat_e7, speed, heading, accuracy, altitude = row
    measured = Reading(
        speed=None if speed == NO_VALUE else speed / 100,
        heading=None if heading == NO_VALUE else heading / 100,
        accuracy=None if accuracy == NO_VALUE else accuracy / 10,
        altitude=None if altitude == NO_ALTITUDE else float(altitude),
    )
    try:
        return accept_e7(base + dt, lon_e7, lat_e7, now, measured)
    except Refused as refused:
        return Refusal(index, refused.args[0], f"at {base + dt} ms, lon_e7 {lon_e7}, lat_e7 {lat_e7}")
