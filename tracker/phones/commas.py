"""A comma before three digits: `1,234` is 1.234 to some and 1234 to others. The same message says which, by how it
writes its other numbers; where it does not, such a number is not known. A place never has a thousand degrees, so of a
place a comma is always that of decimals."""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeVar

T = TypeVar("T")

EITHER: Final = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")
DECIMAL: Final = re.compile(r"\s*[+-]?(?:0\d*,\d+|\d+,\d{1,2}|\d+,\d{4,}|\d{4,},\d+)\s*")
POINT: Final = re.compile(r"\s*[+-]?\d+\.\d+\s*")
DEEP: Final = 8  # a message of an app is three deep
PLACES: Final = frozenset(("lat", "latitude", "lon", "lng", "long", "longitude", "coordinates", "gps"))
MEASURES: Final = frozenset(
    ("speed", "spd", "spd_kph", "vel", "altitude", "alt", "accuracy", "acc", "hacc", "gps_accuracy")
) | frozenset(("horizontal_accuracy", "heading", "bearing", "bear", "course", "cog", "dir", "direction"))

IN_JSON: Final = re.compile(r'"\s*[+-]?[1-9]\d{0,2},\d{3}\s*"')

Text = tuple[str, str]  # below which name, and what stands there


def settle_json(message: T, text: str) -> T:
    """Of most messages nothing has to be looked at: no such number stands in their text."""
    return settle(message) if IN_JSON.search(text) else message


def settle(message: T) -> T:
    """The same, with numbers of that kind as they are meant where that is known."""
    texts = list(list_texts(message, "", 0))
    if not any(name in MEASURES and EITHER.fullmatch(text) for name, text in texts):
        return message
    is_decimal = any(DECIMAL.fullmatch(text) or (name in PLACES and EITHER.fullmatch(text)) for name, text in texts)
    is_point = any(POINT.fullmatch(text) for _, text in texts)
    if is_decimal == is_point:
        return message
    settled: T = rewrite(message, "." if is_decimal else "", "", 0)
    return settled


def list_texts(value: Any, name: str, depth: int) -> Iterator[Text]:
    """Those that may be a number."""
    if isinstance(value, str):
        if len(value) <= 40 and (name in PLACES or name in MEASURES):
            yield name, value
    elif isinstance(value, dict) and depth < DEEP:
        for key, each in value.items():
            yield from list_texts(each, key.lower(), depth + 1)
    elif isinstance(value, list) and depth < DEEP:
        for each in value:
            yield from list_texts(each, name, depth + 1)


def rewrite(value: Any, comma: str, name: str, depth: int) -> Any:
    if isinstance(value, str):
        return value.replace(",", comma) if name in MEASURES and EITHER.fullmatch(value) else value
    if isinstance(value, dict) and depth < DEEP:
        return {key: rewrite(each, comma, key.lower(), depth + 1) for key, each in value.items()}
    if isinstance(value, list) and depth < DEEP:
        return [rewrite(each, comma, name, depth + 1) for each in value]
    return value
