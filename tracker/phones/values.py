"""Values as apps write them: numbers that may be texts, times of every kind. Nothing in here raises."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, Final

import msgspec

from tracker.model.moment import from_datetime, parse
from tracker.model.storable import make_storable
from tracker.phones.commas import EITHER

KNOT: Final = 1852 / 3600  # m/s
KMH: Final = 1 / 3.6  # m/s
COMMA: Final = re.compile(r"\s*[+-]?\d+,\d+\s*")  # one comma, no dot
# The minus of word processors, and the point of decimals beside Arabic digits, which Python reads as they are.
SIGNS: Final = {0x2212: "-", 0x066B: "."}
LAST_MS: Final = 253_402_300_799_999  # 9999-12-31
SPACED_OFFSET: Final = re.compile(r"(.*:\d\d(?:[.,]\d+)?) (\d\d:?\d\d)$")  # a plus that became a space
NAMED_UTC: Final = re.compile(r"(?<=\d) ?(?:UTC|GMT)$")
LETTER: Final = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ?(?:Z|GMT|UTC|[+-]0000)")
SHOWN: Final = 2_000  # characters of what came, to look at
MOST_ATTRIBUTES: Final = 32
MOST_BYTES: Final = 2_000  # of attributes as JSON
LONGEST_TEXT: Final = 200  # characters of one attribute

Scalar = str | bool | int | float


def degrees(value: Any) -> float | None:
    """Half of a place: no thousands stand in one, so a comma is that of decimals whatever follows it."""
    return number(value.replace(",", ".") if isinstance(value, str) and COMMA.fullmatch(value) else value)


def number(value: Any) -> float | None:
    """None for what is no finite number, and for what may be two (`1,234`). A bool is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        if "_" in value:  # which Python reads as nothing
            return None
        value = value.translate(SIGNS)
        value = value.replace(",", ".") if COMMA.fullmatch(value) and not EITHER.fullmatch(value) else value
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def scaled(value: Any, factor: float) -> float | None:
    found = number(value)
    return None if found is None else found * factor


def measured(value: Any, factor: float = 1.0) -> float | None:
    """For apps that write 0.0 for what they do not know."""
    found = scaled(value, factor)
    return found or None


def percent(value: Any) -> float | None:
    return scaled(value, 0.01)


def moment(value: Any) -> int | None:
    """Milliseconds, from seconds, milliseconds, microseconds or nanoseconds since 1970, which their size tells apart,
    or from a written time. One without an offset is UTC, as the apps that write so mean it."""
    count = number(value)
    if count is not None:
        return from_count(count)
    return from_text(value) if isinstance(value, str) else None


def from_count(count: float) -> int | None:
    size = abs(count)
    # 1e11 s is the year 5138, and 1e11 ms is 1973.
    factor = 1e3 if size < 1e11 else 1.0 if size < 1e14 else 1e-3 if size < 1e17 else 1e-6
    at = round(count * factor)
    return at if abs(at) <= LAST_MS else None


def from_text(text: str) -> int | None:
    if len(text) > 64:
        return None
    text = NAMED_UTC.sub("Z", SPACED_OFFSET.sub(r"\1+\2", text.strip()))
    try:
        return parse(text)
    except (ValueError, OverflowError):
        pass
    try:
        naive = datetime.fromisoformat(text)
    except ValueError:
        return from_letter(text)
    if naive.tzinfo is not None:
        return from_datetime(naive)
    # A date alone is no time: midnight would put the device where it was hours ago.
    return from_datetime(naive.replace(tzinfo=UTC)) if len(text) > 10 else None


def from_letter(text: str) -> int | None:
    """As letters and HTTP write it: Fri, 27 Nov 2026 20:34:20 GMT."""
    try:
        return (
            from_datetime(parsedate_to_datetime(text.removesuffix("Z")).replace(tzinfo=UTC))
            if LETTER.fullmatch(text)
            else None
        )
    except (ValueError, OverflowError):
        return None


def is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in ("true", "1", "yes"))


def text_of(value: Any) -> str:
    """As JSON, cut, to look at."""
    try:
        return msgspec.json.encode(value).decode("utf-8", "replace")[:SHOWN]
    except (ValueError, TypeError, OverflowError):
        return repr(value)[:SHOWN]
    except RecursionError:  # of which repr would make another
        return "too deep to be shown"


def keep(**values: Any) -> dict[str, Scalar]:
    """Attributes that the log can hold: plain values, as many as it takes. What is too much is left out, for no fix
    may be lost by what is beside it."""
    kept: dict[str, Scalar] = {}
    size = 2
    for name, value in values.items():
        value, name = plain_value(value), make_storable(name)[:LONGEST_TEXT]
        if value is None or len(kept) >= MOST_ATTRIBUTES:
            continue
        size += len(msgspec.json.encode({name: value}))
        if size > MOST_BYTES:
            break
        kept[name] = value
    return kept


def plain_value(value: Any) -> Scalar | None:
    if isinstance(value, str):
        text = make_storable(value)[:LONGEST_TEXT]
        return text or None
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return plain_value(", ".join(value))
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    return value if isinstance(value, float) and isfinite(value) else None
