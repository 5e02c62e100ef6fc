"""Positions of strangers, as programs write them that have no height for a place, or write numbers as texts."""

import re
from typing import Any, Final

import msgspec

from tracker.geofence.reading.geojson import decode_as

DEEPEST: Final = 24  # arrays in arrays: far more than any geometry has, far fewer than Python stands
NUMBER: Final = re.compile(r"\s*[+-]?\d{1,17}(\.\d*)?([eE][+-]?\d{1,3})?\s*")  # a decimal comma would be a guess
HEIGHTS: Final = "geometry: heights that are no numbers are left out"
TEXTS: Final = "geometry: numbers that stand as texts are read as numbers"


def mend_positions(text: bytes) -> tuple[bytes, list[str]]:
    """A GeoJSON geometry that could not be read as it stands, with what can be meant in one way only written as it
    should be, and what was done; no notes: nothing. Raises as `decode_as` does."""
    notes = dict[str, None]()
    mended = _mend(decode_as(text, Any, "geometry"), notes, 0)
    return (msgspec.json.encode(mended), list(notes)) if notes else (text, [])


def _mend(value: Any, notes: dict[str, None], depth: int) -> Any:
    if depth > DEEPEST:
        return value
    match value:
        case {"geometries": [*geometries]}:
            return value | {"geometries": [_mend(each, notes, depth + 1) for each in geometries]}
        case {"coordinates": coordinates}:
            return value | {"coordinates": _mend(coordinates, notes, depth + 1)}
        case [[*_], *_]:
            return [_mend(each, notes, depth + 1) for each in value]
        case [lon, lat, *rest]:
            return _mend_position([lon, lat], rest, notes)
    return value


def _mend_position(place: list[Any], rest: list[Any], notes: dict[str, None]) -> list[Any]:
    read = [float(each) if isinstance(each, str) and NUMBER.fullmatch(each) else each for each in place]
    if read != place:
        notes[TEXTS] = None
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in rest):
        return [*read, *rest]
    notes[HEIGHTS] = None
    return read
