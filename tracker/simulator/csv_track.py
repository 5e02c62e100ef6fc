"""CSV recordings: one fix a row; the first row names the columns, in any order."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import BinaryIO

import msgspec

from tracker.errors import Invalid, Malformed
from tracker.model.fix import Fix
from tracker.model.moment import parse
from tracker.simulator.recorded import RecordedFix, number, place_e7, slug, stem

# Ours, and those of the server's own CSV export: what it gave can be played again.
COLUMNS = {
    "device": ("device",),
    "at": ("t", "at", "time", "timestamp"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "longitude"),
    "altitude": ("alt_m", "altitude"),
    "speed": ("speed_mps", "speed"),
    "heading": ("course", "heading"),
    "accuracy": ("accuracy_m", "accuracy"),
    "battery": ("battery",),
    "extra": ("extra",),
}
REQUIRED = ("at", "lat", "lon")
PLACE = ("lat", "lon")
NUMBERS = (*PLACE, "altitude", "speed", "heading", "accuracy", "battery")
SEPARATORS = ",;\t"  # a table of a system whose decimal sign is the comma has semicolons
DECIMAL = re.compile(r"\s*[+-]?\d{1,3},\d+\s*")


def read_csv(file: BinaryIO, name: str, unreadable: Counter[str]) -> Iterator[RecordedFix]:
    """Columns t, lat, lon [device, alt_m, speed_mps, course, accuracy_m, battery, extra], between them commas,
    semicolons or tabs; without `device` all rows are of one, named like the file."""
    with io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
        line = 0
        try:
            first = text.readline()
            separator = max(SEPARATORS, key=first.count)
            rows = csv.reader(chain((first,), text), delimiter=separator)
            places = _places(next(rows, []), name)
            for row in rows:
                line = rows.line_num
                cells = {column: row[n].strip() if n < len(row) else "" for column, n in places}
                cells |= {column: _with_point(cells[column]) for column in _find_commas(cells, separator)}
                fix = _read_fix(cells.get, unreadable) if row else None
                if fix is not None:
                    yield RecordedFix(slug(cells["device"]) if cells.get("device") else stem(name), fix)
        except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
            raise Malformed(f"{name}: behind line {line}: {error}") from error


def _find_commas(cells: Mapping[str, str], separator: str) -> list[str]:
    """The columns in which a comma is the decimal sign. Beside places with points it may be that of thousands."""
    is_foreign = separator != "," and not all("." in cells.get(column, "") for column in PLACE)
    return [column for column in (NUMBERS if is_foreign else PLACE) if column in cells]


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if DECIMAL.fullmatch(cell) else cell


def _places(header: list[str], name: str) -> list[tuple[str, int]]:
    given = {column.strip().lower(): n for n, column in reversed(list(enumerate(header)))}
    named = (
        (column, next((alias for alias in aliases if alias in given), None)) for column, aliases in COLUMNS.items()
    )
    found = [(column, given[alias]) for column, alias in named if alias is not None]
    missing = set(REQUIRED) - {column for column, _ in found}
    if missing:
        raise Invalid(f"{name}: no column {' and no '.join(sorted(missing))} in the first row")
    return found


def _read_fix(cell: Callable[[str, str], str], unreadable: Counter[str]) -> Fix | None:
    try:
        at = parse(cell("at", ""))
    except ValueError:
        unreadable["bad_time"] += 1
        return None
    place = place_e7(cell("lon", ""), cell("lat", ""))
    if place is None:
        unreadable["bad_place"] += 1
        return None
    return Fix(
        at,
        *place,
        speed=number(cell("speed", "")),
        heading=number(cell("heading", "")),
        accuracy=number(cell("accuracy", "")),
        altitude=number(cell("altitude", "")),
        battery=number(cell("battery", "")),
        attributes=_attributes(cell("extra", "")),
    )


def _attributes(extra: str) -> bytes | None:
    return msgspec.json.encode({"extra": extra}) if extra else None
