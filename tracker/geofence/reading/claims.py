"""Properties of an imported feature that have our names: read where they can be, else kept beside under another name,
and either is said. What is nobody's rule refuses no feature, and no rule is lost in silence."""

import re
from typing import Any, Final

import msgspec

from tracker.errors import Invalid
from tracker.geofence.reading.columns import NOTHING, READERS
from tracker.geofence.reading.feature import MAX_RADIUS, MAX_WIDTH, GeofenceProperties, check_metres
from tracker.geofence.reading.geojson import Geometry, LineString, Point
from tracker.geofence.reading.scope import ScopeProperties, expectations_of, scope_of
from tracker.model.names import LONGEST_NAME, fault_of_name

OURS: Final = frozenset(READERS) | {"name"}
SHORTEST_CUT: Final = 8  # letters of `speed_limit` that a Shapefile leaves, which has room for ten
LIBKML: Final = frozenset({"tessellate", "extrude", "visibility"})  # all three in everything it reads
SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
SHOWN: Final = 60  # characters of a value in a note
SIZES: Final = {"radius": (Point, MAX_RADIUS), "width": (LineString, MAX_WIDTH)}


class Claims:
    """The properties of one feature while they are read: `properties` is what it keeps, `notes` what was done."""

    def __init__(self, properties: dict[str, Any], geometry: Geometry) -> None:
        self.properties = properties.copy()
        self.notes: list[str] = []
        self._geometry = geometry
        self._rename()
        if self.properties.keys() >= LIBKML and all(self.properties[name] in (-1, 0, 1) for name in LIBKML):
            self.properties = {name: value for name, value in self.properties.items() if name not in LIBKML}
        for name in [name for name in READERS if name in self.properties]:
            self._read(name)
        if not str(self.properties.get("revision") or 0).removesuffix(".0").isdecimal():
            self._put_aside("revision", "is no number of ours")
        self._name()

    def _rename(self) -> None:
        for key in tuple(self.properties):
            name = find_own_name(key)
            if name is None or name == key or self.properties.get(name) not in (None, ""):
                continue
            value = self.properties.pop(key)
            if value is None:
                continue
            self.properties[name] = value
            if key.lower() != "name":
                self.notes.append(f"{key} is read as {name}")

    def _read(self, name: str) -> None:
        value = self.properties[name]
        if value is None or value == "":
            del self.properties[name]  # an empty cell of a table
            return
        if isinstance(value, str) and value.strip().lower() in NOTHING:
            del self.properties[name]
            self.notes.append(f"{name}: {show(value)} is read as nothing")
            return
        kind = SIZES.get(name)
        if kind is not None and not isinstance(self._geometry, kind[0]):
            return  # means nothing here
        try:
            read = READERS[name](value)
            if read is not None:
                _check(name, read)
        except (ValueError, Invalid) as error:  # of the first msgspec's ValidationError is one
            self._put_aside(name, _find_reason(error).removeprefix(f"properties.{name}: "))
            return
        if read is None:
            del self.properties[name]
        elif read != value or type(read) is not type(value):
            self.properties[name] = read
            if not is_same(value, read):
                self.notes.append(f"{name}: {show(value)} is read as {show(read)}")

    def _put_aside(self, name: str, reason: str) -> None:
        aside = f"source_{name}"
        while aside in self.properties:
            aside += "_"
        value = self.properties[aside] = self.properties.pop(name)
        self.notes.append(f"{name}: {show(value)} does not count, and is kept as {aside}: {reason}")

    def _name(self) -> None:
        value = self.properties.pop("name", None)
        name = _text_of_name(value)
        if name is None:
            if value not in (None, "", []):
                self.properties["source_name"] = value
                self.notes.append(f"name: {show(value)} is no name; it is called by its id")
            return
        if name != value and not (isinstance(value, int) and not isinstance(value, bool)):
            self.properties.setdefault("source_name", value)
            self.notes.append(f"name: {show(value)} became {show(name)}")
        self.properties["name"] = name


def _find_reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"is not what it may be ({str(error).partition(' - at `$')[0]})"
    return str(error)


def drop_nul(value: Any) -> Any:
    """PostgreSQL's text takes no character 0."""
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [drop_nul(each) for each in value]
        case dict():
            return {drop_nul(name): drop_nul(each) for name, each in value.items()}
    return value


def find_own_name(key: str) -> str | None:
    """The property of ours that a key means: also in capitals, and cut to ten letters."""
    lower = key.lower()
    if lower in OURS:
        return lower
    if len(lower) < SHORTEST_CUT:
        return None
    return next((name for name in OURS if name.startswith(lower)), None)


def is_same(value: Any, read: Any) -> bool:
    """Whether a text, or a 1, says exactly that, so that there is nothing to be told."""
    if isinstance(read, bool):
        return str(value).strip().lower() in ("0", "1", "true", "false")
    if not isinstance(value, str):
        return False
    try:
        return bool(msgspec.json.decode(value) == read)
    except (msgspec.DecodeError, RecursionError):
        return bool(value.strip().lower() == read)


def show(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _check(name: str, value: Any) -> None:
    """By the types that decide when it is stored. Invalid, ValidationError."""
    if name in SIZES:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Invalid("is no number")
        check_metres(value, name, SIZES[name][1])
        return
    known = msgspec.convert({name: value}, GeofenceProperties)
    if name in ScopeProperties.__struct_encode_fields__:
        scope_of(known)
    expectations_of(known.expect)


def _text_of_name(value: Any) -> str | None:
    if isinstance(value, list) and value and all(isinstance(each, str | int) for each in value):
        value = ", ".join(map(str, value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = msgspec.json.encode(int(value) if float(value).is_integer() else value).decode()
    if not isinstance(value, str):
        return None
    text = SPACE.sub(" ", value).strip()
    if len(text) > LONGEST_NAME:
        text = text[: LONGEST_NAME - 1] + "…"
    return None if fault_of_name(text) else text
