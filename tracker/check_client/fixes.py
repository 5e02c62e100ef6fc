"""What is wrong with one fix of a text frame, beyond the one word that the ack has for it. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tracker.check_client.remark import HINT, LOST, Remark
from tracker.model.fix import Refusal
from tracker.model.moment import parse

# What other programs call our fields.
MEANT: Final = {
    "lng": "lon", "long": "lon", "longitude": "lon", "x": "lon", "latitude": "lat", "y": "lat",
    "timestamp": "at", "time": "at", "ts": "at", "datetime": "at", "date": "at", "fixtime": "at", "utc": "at",
    "bearing": "heading", "course": "heading", "cog": "heading", "direction": "heading", "angle": "heading",
    "sog": "speed", "velocity": "speed", "spd": "speed", "alt": "altitude", "ele": "altitude", "elevation": "altitude",
    "acc": "accuracy", "horizontalaccuracy": "accuracy", "precision": "accuracy",
    "batt": "battery", "bat": "battery", "batterylevel": "battery", "level": "battery",
    "attrs": "attributes", "extras": "attributes", "properties": "attributes", "tags": "attributes",
}  # fmt: skip
NUMBERS: Final = ("lon", "lat", "accuracy", "altitude", "speed", "heading", "battery")
KNOWN: Final = {"at", "attributes", *NUMBERS}
RANGES: Final = {
    "speed": (0.0, 100_000.0, "metres per second, not negative"),
    "heading": (0.0, 360.0, "degrees clockwise from north, 0 to 360"),
    "battery": (0.0, 1.0, "a share from 0 to 1, so 83 % is 0.83"),
    "altitude": (-500.0, 20_000.0, "metres, -500 to 20,000"),
    "accuracy": (1e-9, float("inf"), "metres, above 0"),
}
HOUR_MS: Final = 3_600_000
REASONS: Final = {
    "too_old": "it is from before 2000-01-01: the device's clock was not set",
    "too_many_attributes": "attributes are more than 32, or more than 2 kB of JSON",
    "conflict": "another place is stored for the same device at the same time",
}


def examine_fix(fix: Any, refusal: Refusal | None, now: int) -> Iterator[Remark]:
    """`refusal` is what the server would say of it, None where it would store it. `now` in ms."""
    if not isinstance(fix, dict):
        yield Remark("fix is no object", f"a fix is an object with at, lon and lat; this is {show(fix)}")
        return
    yield from examine_names(fix)
    yield from examine_numbers(fix)
    explained = list(examine_time(fix.get("at"), now)) + list(examine_place(fix.get("lon"), fix.get("lat")))
    yield from explained
    if refusal is not None and refusal.reason in REASONS:
        yield Remark(refusal.reason, f"quarantined as {refusal.reason}: {REASONS[refusal.reason]}")


def examine_names(fix: dict[str, Any]) -> Iterator[Remark]:
    for name in fix.keys() - KNOWN:
        meant = MEANT.get(re.sub(r"[_\- ]", "", name.lower())) or (name.lower() if name.lower() in KNOWN else None)
        if meant and meant not in fix:
            weight = LOST if meant not in ("at", "lon", "lat") else "wrong"
            yield Remark(f"name {name}", f"`{name}` is not read; it is called `{meant}` here", weight)
        else:
            yield Remark(f"name {name}", f"`{name}` is not read; to keep it, put it into `attributes`", HINT)
    for name in ("at", "lon", "lat"):
        if fix.get(name) is None and not any(MEANT.get(other.lower()) == name for other in fix):
            yield Remark(f"no {name}", f"`{name}` is missing: a fix needs at, lon and lat")


def examine_numbers(fix: dict[str, Any]) -> Iterator[Remark]:
    for name in NUMBERS:
        value = fix.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            comma = ", with a point and not a comma" if isinstance(value, str) and "," in value else ""
            yield Remark(f"{name} no number", f"`{name}` is {show(value)}: expected a number without quotes{comma}")
        elif name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
            expected = RANGES[name][2]
            yield Remark(f"{name} range", f"`{name}` {value} cannot be and is dropped; expected {expected}", LOST)


def examine_time(at: Any, now: int) -> Iterator[Remark]:
    if at is None:
        return
    if isinstance(at, int | float) and not isinstance(at, bool):
        unit = "milliseconds" if abs(at) > 1e11 else "seconds"
        yield Remark("at a number", f"`at` is a number, {unit} since 1970 perhaps: {expected_time(now)}")
        return
    try:
        read = parse(at)
    except (ValueError, OverflowError, AttributeError):
        lacks = is_without_offset(at)
        why = "has no offset, so nobody can tell the hour" if lacks else "is no time of RFC 3339"
        yield Remark("at unreadable", f"`at` {show(at)} {why}: {expected_time(now)}")
        return
    hours = round((read - now) / HOUR_MS * 2) / 2
    is_near = abs(read - now - hours * HOUR_MS) < 60_000
    if is_near and 0.5 <= abs(hours) <= 14:
        way = "ahead of" if hours > 0 else "behind"
        said = f"`at` is {abs(hours):g} hours {way} this machine's clock to the minute: local time sent as UTC?"
        yield Remark("at in local time", said, "wrong" if hours > 0 else HINT)
    elif read > now + 600_000:
        yield Remark("future", "quarantined as future: `at` is more than ten minutes ahead of this machine's clock")


def expected_time(now: int) -> str:
    moment = datetime.fromtimestamp(now // 1000).astimezone().isoformat()
    return f"expected text with an offset or Z, such as {moment}"


def is_without_offset(at: Any) -> bool:
    try:
        return isinstance(at, str) and datetime.fromisoformat(at).tzinfo is None
    except ValueError:
        return False


def examine_place(lon: Any, lat: Any) -> Iterator[Remark]:
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in (lon, lat)):
        return
    if lon == 0 and lat == 0:
        yield Remark("0, 0", "lon and lat are 0: the receiver had no fix yet; it is stored and moves no marker", LOST)
    elif abs(lat) > 90 or abs(lon) > 180:
        yield Remark("out of range", f"quarantined as out_of_range: lon {lon:g}, lat {lat:g}; {guess_place(lon, lat)}")


def guess_place(lon: float, lat: float) -> str:
    if abs(lat) > 1_000_000 or abs(lon) > 1_000_000:
        return "degrees as decimals are expected, not multiplied by ten million"
    if abs(lat) <= 180 and abs(lon) <= 90:
        return "lon and lat look swapped"
    if is_nmea(lat, 90) and is_nmea(lon, 180):
        return "this looks like NMEA's degrees and minutes (6010.194 is 60 degrees 10.194 minutes, so 60.1699)"
    return "expected degrees, lon -180 to 180 and lat -90 to 90"


def is_nmea(value: float, most: int) -> bool:
    return abs(value) // 100 <= most and abs(value) % 100 < 60


def show(value: Any) -> str:
    text = f'the text "{value}"' if isinstance(value, str) else f"{value!r}"
    return text if len(text) <= 80 else f"{text[:77]}..."
