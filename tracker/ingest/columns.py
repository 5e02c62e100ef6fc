"""Binary frames: the same fixes as columns, little-endian, as the wire contract lays them out.

    u8 kind=1 | u8 flags (bit 0: backlog) | u16 n | u32 seq | i64 base ms | i32 dt[n] | i32 lon[n] | i32 lat[n]
    | u16 speed[n] cm/s | u16 heading[n] 0.01 degree | u16 accuracy[n] dm | i16 altitude[n] m
"""

from collections.abc import Iterator
from struct import Struct, iter_unpack
from typing import Final

from tracker.errors import BadFrame
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.pipeline.accept import Refused, accept_e7

KIND: Final = 1
BACKLOG_BIT: Final = 1
HEAD: Final = Struct("<BBHIq")
BYTES_PER_FIX: Final = 20
NO_VALUE: Final = 65_535
NO_ALTITUDE: Final = -32_768


def decode_columns(message: bytes, device: int, received_at: int, max_fixes: int) -> Frame:
    """BadFrame where it is none of ours or its length is not what its count says."""
    if len(message) < HEAD.size or message[0] != KIND:
        raise BadFrame("a binary frame begins with kind 1 and a head of 16 bytes")
    _, flags, count, seq, base = HEAD.unpack_from(message)
    if not 1 <= count <= max_fixes:
        raise BadFrame(f"fixes: expected 1 to {max_fixes}, got {count}")
    if len(message) != HEAD.size + BYTES_PER_FIX * count:
        raise BadFrame(f"{count} fixes take {HEAD.size + BYTES_PER_FIX * count} bytes, got {len(message)}")
    now = received_at // 1000
    entries = [to_entry(index, base, row, now) for index, row in enumerate(rows(message, count))]
    return Frame(device, seq, received_at, entries, bool(flags & BACKLOG_BIT))


Columns = tuple[int, int, int, int, int, int, int]


def rows(message: bytes, count: int) -> Iterator[Columns]:
    wide = 4 * count
    narrow = 2 * count
    start = HEAD.size
    longs = [column(message, start + wide * part, wide, "<i") for part in range(3)]
    start += 3 * wide
    shorts = [column(message, start + narrow * part, narrow, "<H") for part in range(3)]
    altitude = column(message, start + 3 * narrow, narrow, "<h")
    return zip(*longs, *shorts, altitude, strict=True)


def column(message: bytes, start: int, size: int, kind: str) -> list[int]:
    return [value for (value,) in iter_unpack(kind, message[start : start + size])]


def to_entry(index: int, base: int, row: Columns, now: int) -> Fix | Refusal:
    dt, lon_e7, lat_e7, speed, heading, accuracy, altitude = row
    try:
        return accept_e7(
            base + dt, lon_e7, lat_e7, now,
            None if speed == NO_VALUE else speed / 100,
            None if heading == NO_VALUE else heading / 100,
            None if accuracy == NO_VALUE else accuracy / 10,
            None if altitude == NO_ALTITUDE else float(altitude),
            None, None,
        )  # fmt: skip
    except Refused as refused:
        return Refusal(index, refused.args[0], f"at {base + dt} ms, lon_e7 {lon_e7}, lat_e7 {lat_e7}")
