"""Google's location histories, told apart by what is in them: Records.json of Takeout, and the Timeline that phones
export, of Android (an object, degree signs) and of iOS (an array, `geo:` and minutes). What holds no measured place is
passed over."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Final

import msgspec

from tracker.errors import Invalid, Malformed
from tracker.model.encoding import make_plain
from tracker.model.fix import Fix
from tracker.model.moment import parse
from tracker.simulator.recorded import RecordedFix, number, place_e7, stem

LARGEST: Final = 1 << 30  # bytes, of twenty years of one person; it is held in memory, and a few times that
TURN_E7: Final = 1 << 32  # what 32 bits that have no sign are too much by
WORLD_E7: Final = 1_800_000_000
PLACE: Final = re.compile(r"\s*(?:geo:)?\s*(-?[\d.]+)\s*°?\s*,\s*(-?[\d.]+)\s*°?\s*")
MINUTE: Final = 60_000  # ms

Text = str | None
Number = float | str | None  # a text on some phones


class Record(msgspec.Struct, frozen=True, rename="camel"):
    timestamp_ms: Number = None
    timestamp: Text = None
    latitude_e7: int | None = msgspec.field(default=None, name="latitudeE7")
    longitude_e7: int | None = msgspec.field(default=None, name="longitudeE7")
    accuracy: float | None = None
    altitude: float | None = None
    velocity: float | None = None
    heading: float | None = None


class PathPoint(msgspec.Struct, frozen=True, rename="camel"):
    point: Text = None
    time: Text = None
    duration_minutes_offset_from_start_time: Number = None


class Segment(msgspec.Struct, frozen=True, rename="camel"):
    start_time: Text = None
    timeline_path: list[PathPoint] | None = None


class Measured(msgspec.Struct, frozen=True, rename="camel"):
    lat_lng: Text = msgspec.field(default=None, name="LatLng")
    timestamp: Text = None
    accuracy_meters: float | None = None
    altitude_meters: float | None = None
    speed_meters_per_second: float | None = None


class Signal(msgspec.Struct, frozen=True):
    position: Measured | None = None


class History(msgspec.Struct, frozen=True, rename="camel"):
    """Of both objects; a file has the members of one."""

    locations: list[Record] | None = None
    semantic_segments: list[Segment] | None = None
    raw_signals: list[Signal] | None = None


Read = Iterable[Fix | str]  # a fix, or the reason why there is none


def read_google(file: BinaryIO, name: str, unreadable: Counter[str]) -> Iterator[RecordedFix]:
    """By time: the parts of such a file overlap."""
    found = list[Fix]()
    for each in _read(_decode(file, name)):
        if isinstance(each, Fix):
            found.append(each)
        else:
            unreadable[each] += 1
    yield from (RecordedFix(stem(name), fix) for fix in sorted(found, key=lambda fix: fix.at))


def _decode(file: BinaryIO, name: str) -> History | list[Segment]:
    body = file.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise Invalid(f"{name}: has more than {LARGEST:,} bytes; send it in parts")
    try:
        decoded = msgspec.json.decode(make_plain(body), type=History | list[Segment], strict=False)
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed(f"{name}: {error}") from None
    if isinstance(decoded, History) and decoded == History():
        raise Invalid(f"{name}: is JSON, but no location history: no locations, semanticSegments or rawSignals in it")
    return decoded


def _read(history: History | list[Segment]) -> Read:
    segments = history if isinstance(history, list) else history.semantic_segments or []
    for segment in segments:
        yield from (_guard(_read_point, segment, point) for point in segment.timeline_path or [])
    if isinstance(history, History):
        yield from (_guard(_read_record, record) for record in history.locations or [])
        signals = (signal.position for signal in history.raw_signals or [] if signal.position is not None)
        yield from (_guard(_read_measured, position) for position in signals)


def _guard(read: Callable[..., Fix | str], *given: Any) -> Fix | str:
    try:
        return read(*given)
    except (ValueError, OverflowError):
        return "bad_time"


def _read_record(record: Record) -> Fix | str:
    if record.latitude_e7 is None or record.longitude_e7 is None:
        return "bad_place"
    at = parse(record.timestamp) if record.timestamp else _milliseconds(record.timestamp_ms)
    place = _signed(record.longitude_e7), _signed(record.latitude_e7)
    return Fix(at, *place, record.velocity, record.heading, record.accuracy, record.altitude)


def _signed(degrees_e7: int) -> int:
    return degrees_e7 - TURN_E7 if degrees_e7 > WORLD_E7 else degrees_e7


def _read_point(segment: Segment, point: PathPoint) -> Fix | str:
    place = _read_place(point.point)
    if place is None:
        return "bad_place"
    if point.time:
        return Fix(parse(point.time), *place)
    minutes = number(str(point.duration_minutes_offset_from_start_time))
    if segment.start_time is None or minutes is None:
        return "no_time"
    return Fix(parse(segment.start_time) + round(minutes * MINUTE), *place)


def _read_measured(measured: Measured) -> Fix | str:
    place = _read_place(measured.lat_lng)
    if place is None:
        return "bad_place"
    if not measured.timestamp:
        return "no_time"
    speed, accuracy, altitude = measured.speed_meters_per_second, measured.accuracy_meters, measured.altitude_meters
    return Fix(parse(measured.timestamp), *place, speed, None, accuracy, altitude)


def _milliseconds(given: float | str | None) -> int:
    found = number(str(given))
    if found is None:
        raise ValueError("no time")
    return int(str(given)) if str(given).isdecimal() else round(found)


def _read_place(text: str | None) -> tuple[int, int] | None:
    """Latitude comes first."""
    match = PLACE.fullmatch(text or "")
    return match and place_e7(match[2], match[1])
