"""gpsd's reports as fixes. Source: gpsd_json(5). Pure."""

import json
import re
from contextlib import suppress
from math import hypot, isfinite
from typing import Any, Final

import msgspec

from tracker.model.fix import E7, Fix
from tracker.model.moment import parse

WATCH: Final = b'?WATCH={"enable":true,"json":true};\n'
NO_NUMBER: Final = re.compile(rb":\s*-?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
KNOWS_WHERE: Final = 2  # of `mode`: 2 has a place, 3 an altitude, too


class Tpv(msgspec.Struct, frozen=True, rename={"kind": "class"}):
    """The fields of a TPV that we read. m, m/s, degrees clockwise from true north."""

    kind: str
    device: str = ""
    mode: int = 0
    time: str | None = None
    lat: float | None = None
    lon: float | None = None
    speed: float | None = None
    track: float | None = None
    eph: float | None = None
    epx: float | None = None
    epy: float | None = None
    altMSL: float | None = None
    alt: float | None = None


_decoder: Final = msgspec.json.Decoder(Tpv)


def decode(line: bytes) -> Tpv | None:
    """None for what is no JSON of gpsd's: it may say more than we know."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_loosely(line)


def _decode_loosely(line: bytes) -> Tpv | None:
    """NaN where a receiver knows no number, and a field that is not what it should be, cost only themselves."""
    try:
        said = json.loads(NO_NUMBER.sub(b":null", line))
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("class"), str):
        return None
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(Tpv):
        with suppress(msgspec.ValidationError, KeyError):
            value = msgspec.convert(said[field.encode_name], field.type, strict=False)
            if not isinstance(value, float) or isfinite(value):
                found[field.name] = value
    return Tpv(**found)


def read_fix(report: Tpv) -> Fix | None:
    """None where the receiver does not know when or where."""
    if report.kind != "TPV" or report.mode < KNOWS_WHERE or not report.time:
        return None
    if report.lat is None or report.lon is None or not (abs(report.lat) <= 90 and abs(report.lon) <= 180):
        return None
    try:
        at = parse(report.time)
    except ValueError:
        return None
    altitude = report.altMSL if report.altMSL is not None else report.alt
    heading = None if report.track is None else report.track % 360
    place = round(report.lon * E7), round(report.lat * E7)
    return Fix(at, *place, report.speed, heading, _find_accuracy(report), altitude)


def _find_accuracy(report: Tpv) -> float | None:
    if report.eph is not None:
        return report.eph
    return hypot(report.epx, report.epy) if report.epx is not None and report.epy is not None else None
