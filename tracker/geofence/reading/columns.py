"""Values as other programs write them: what a table, a map program or a survey made of our properties is read back."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

NUMBER: Final = re.compile(r"([+-]?\d+)(?:([.,])(\d+))?\s*(\D*)")
SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:\.\d+)?e[+-]?\d{1,2}")
SPAN: Final = re.compile(r"(?:(\d+):)?(\d\d?):(\d\d)|pt(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")  # a clock's, or ISO 8601's
FEET: Final = re.compile(r"""(\d+)\s*'\s*(?:(\d+(?:\.\d+)?)\s*"?)?""")
FOOT: Final = 0.3048
METRES: Final = {
    "": 1.0,
    "m": 1.0,
    "metre": 1.0,
    "metres": 1.0,
    "meter": 1.0,
    "meters": 1.0,
    "km": 1000.0,
    "cm": 0.01,
    "ft": FOOT,
    "feet": FOOT,
    "foot": FOOT,
    "in": FOOT / 12,
    "mi": 1609.344,
    "yd": 0.9144,
}
SECONDS: Final = {
    "": 1.0,
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "minutes": 60.0,
    "h": 3600.0,
    "hours": 3600.0,
}
SPEEDS: Final = {
    "": 1.0,
    "m/s": 1.0,
    "km/h": 1 / 3.6,
    "kmh": 1 / 3.6,
    "kph": 1 / 3.6,
    "mph": 0.44704,
    "knots": 0.514444,
}
TRUE: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
FALSE: Final = frozenset({"0", "false", "f", "no", "n", "off"})
NOTHING: Final = frozenset({"null", "<null>", "none", "nan", "nil"})  # what programs write where there is nothing
COUNTED: Final = re.compile(r"\((\d+):(.*)\)", re.DOTALL)  # OGR's StringList in a column of text
ARRAY: Final = re.compile(r"\{(.*)\}|\[(\s*'[^'\"]*'\s*(?:,\s*'[^'\"]*'\s*)*)\]", re.DOTALL)  # PostgreSQL's; Python's
TIME: Final = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)(?:[ Tt](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(.*))?")
OFFSET: Final = re.compile(r"([+-]\d\d):?(\d\d)?")

Read = Callable[[Any], Any]  # raises ValueError for what cannot be read, and gives None for what is empty


def read_metres(value: Any) -> Any:
    return _read_measure(value, METRES)


def read_seconds(value: Any) -> Any:
    return _read_measure(value, SECONDS)


def read_speed(value: Any) -> Any:
    return _read_measure(value, SPEEDS)


def _read_measure(value: Any, units: dict[str, float]) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if units is METRES and (feet := FEET.fullmatch(text)):
        return round(int(feet[1]) * FOOT + float(feet[2] or 0) * FOOT / 12, 4)
    if SCIENTIFIC.fullmatch(text):
        return float(text)
    if units is SECONDS and (span := SPAN.fullmatch(text)) and any(span.groups()):
        hours, minutes, seconds = (int(a or b or 0) for a, b in zip(span.groups()[:3], span.groups()[3:], strict=True))
        return 3600 * hours + 60 * minutes + seconds
    found = NUMBER.fullmatch(text)
    if found is None or found[4].strip() not in units:
        raise ValueError("is no number with a unit that is known here")
    if found[2] == "," and len(found[3]) == 3:
        raise ValueError("may be a decimal or a thousand")
    factor = units[found[4].strip()]
    number = float(f"{found[1]}.{found[3] or 0}")
    return number if factor == 1.0 else round(number * factor, 4)


def read_flag(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower().removesuffix(".0")
    if text in TRUE or text in FALSE:
        return text in TRUE
    raise ValueError("is neither true nor false")


def read_texts(value: Any) -> Any:
    """A list; of a text: JSON, OGR's `(2:a,b)`, PostgreSQL's `{a,b}`, or commas between."""
    if isinstance(value, str):
        value = _split_texts(value.strip())
    if value is None or not isinstance(value, list):
        return value
    if not value:
        raise ValueError("is an empty list, which could mean all or none")
    return [str(each) if isinstance(each, int) and not isinstance(each, bool) else each for each in value]


def _split_texts(text: str) -> Any:
    if array := ARRAY.fullmatch(text):
        return [part.strip().strip("\"'") for part in (array[1] or array[2] or "").split(",") if part.strip()] or None
    if text.startswith("["):
        return read_json(text)
    counted = COUNTED.fullmatch(text)
    inside = counted[2] if counted else text
    parts = [part.strip() for part in re.split(r"[,;]" if counted is None else ",", inside)] if inside else []
    if counted and len(parts) != int(counted[1]):
        raise ValueError(f"says that it has {counted[1]} and has {len(parts)}")
    return parts or None


def read_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("is no JSON") from None


def read_time(value: Any) -> Any:
    """RFC 3339 out of OGR's `2030/01/01 00:00:00+00`, or a date; where it has no offset UTC is meant."""
    if not isinstance(value, str):
        raise ValueError("is no time")
    found = TIME.fullmatch(value.strip())
    if found is None:
        raise ValueError("is no time")
    offset = (found[5] or "").strip().upper()
    zone = OFFSET.fullmatch(offset)
    if zone is None and offset not in ("", "Z", "UTC", "GMT"):
        raise ValueError("is a time with an offset that cannot be read")
    clock = found[4] or "00:00:00"
    return f"{found[1]}-{found[2]}-{found[3]}T{clock if len(clock) > 5 else clock + ':00'}" + (
        f"{zone[1]}:{zone[2] or '00'}" if zone else "Z"
    )


def read_word(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


READERS: Final[dict[str, Read]] = {
    "preset": read_word,
    "dwell": read_seconds,
    "speed_limit": read_speed,
    "radius": read_metres,
    "width": read_metres,
    "repair": read_flag,
    "enabled": read_flag,
    "active": read_json,
    "expect": read_json,
    "expires": read_time,
    "devices": read_texts,
    "categories": read_texts,
    "already_inside": read_word,
}
