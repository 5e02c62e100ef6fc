"""The device's side of the device stream: fixes become messages, the server's messages become values.

Written apart from the server's own codec on purpose: two readings of one contract that must agree.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracker.model.fix import Fix
from tracker.model.moment import format_ms

I32_MAX: Final = 2**31 - 1
HEADER: Final = np.dtype([("kind", "u1"), ("flags", "u1"), ("n", "<u2"), ("seq", "<u4"), ("base", "<i8")])
COLUMN_BYTES: Final = 20  # of one fix in a binary frame


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    device: str
    boot: str
    binary: bool
    version: int = 1


class Result(msgspec.Struct, frozen=True, tag="result"):
    id: str
    ok: bool
    detail: str | None = None


class DriverMessage(msgspec.Struct, frozen=True, tag="message"):
    """A message of the driver."""

    id: str
    at: str
    text: str


class Read(msgspec.Struct, frozen=True, tag="read"):
    """The driver has read the message that came as this command."""

    id: str


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    acked: int
    window: int
    max_fixes: int
    max_bytes: int
    heartbeat: float  # s


class Quarantined(msgspec.Struct, frozen=True):
    index: int
    reason: str


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    seq: int
    stored: int
    duplicate: int
    quarantined: tuple[Quarantined, ...] = ()


class Command(msgspec.Struct, frozen=True, tag="command"):
    id: str
    name: str
    args: msgspec.Raw = msgspec.Raw(b"{}")


class Error(msgspec.Struct, frozen=True, tag="error"):
    code: str
    message: str
    seq: int | None = None


class GoingAway(msgspec.Struct, frozen=True, tag="going_away"):
    after_ms: int


FromServer = Welcome | Ack | Command | Error | GoingAway
_decoder = msgspec.json.Decoder(FromServer)


def decode(message: bytes) -> FromServer | None:
    """None for what this version does not know: a server may say more than an old device understands, or nonsense."""
    try:
        known: FromServer = _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return known


class _JsonFix(msgspec.Struct, omit_defaults=True):
    at: str
    lon: float
    lat: float
    accuracy: float | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: float | None = None
    battery: float | None = None
    attributes: msgspec.Raw | None = None


def encode_fix(fix: Fix) -> bytes:
    row = _JsonFix(format_ms(fix.at), fix.lon, fix.lat, fix.accuracy, fix.altitude, fix.speed, fix.heading, fix.battery)
    if fix.attributes is not None:
        row.attributes = msgspec.Raw(fix.attributes)
    return msgspec.json.encode(row)


def join_fixes(seq: int, backlog: bool, fixes: Sequence[bytes]) -> bytes:
    lane = b',"lane":"backlog"' if backlog else b""
    return b'{"type":"fixes","seq":%d%s,"fixes":[%s]}' % (seq, lane, b",".join(fixes))


def fits_columns(fix: Fix, base: int) -> bool:
    """Whether a binary frame starting at `base` (ms) can carry all of the fix; if not, it goes as JSON."""
    plain = fix.battery is None and fix.attributes is None
    return plain and max(abs(fix.lon_e7), abs(fix.lat_e7), abs(fix.at - base)) <= I32_MAX


def encode_columns(seq: int, backlog: bool, fixes: Sequence[Fix]) -> bytes:
    base = fixes[0].at
    header = np.array([(1, int(backlog), len(fixes), seq, base)], HEADER)
    columns = (
        np.array([fix.at - base for fix in fixes], "<i4"),
        np.array([fix.lon_e7 for fix in fixes], "<i4"),
        np.array([fix.lat_e7 for fix in fixes], "<i4"),
        _encode_unsigned([fix.speed for fix in fixes], 100),
        _encode_unsigned([fix.heading for fix in fixes], 100),
        _encode_unsigned([fix.accuracy or None for fix in fixes], 10, lowest=1),
        _encode_altitudes([fix.altitude for fix in fixes]),
    )
    return header.tobytes() + b"".join(column.tobytes() for column in columns)


def _encode_unsigned(values: Sequence[float | None], scale: int, lowest: int = 0) -> NDArray[np.uint16]:
    """Too much for the column becomes the most it can say: 9 km of inaccuracy must not read "unknown". Less than
    nothing is how many devices say that they do not know."""
    whole = [65535 if value is None or value < 0 else round(_clamp(value * scale, lowest, 65534)) for value in values]
    return np.array(whole, "<u2")


def _encode_altitudes(values: Sequence[float | None]) -> NDArray[np.int16]:
    return np.array([-32768 if value is None else round(_clamp(value, -32767, 32767)) for value in values], "<i2")


def _clamp(value: float, lowest: int, highest: int) -> float:
    return min(max(value, lowest), highest)
