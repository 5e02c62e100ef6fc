"""Shapefiles in a zip: each feature of each layer is a geofence, its columns are the properties. What the .prj says
is turned into longitude and latitude."""

import re
import warnings
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from itertools import chain, repeat
from pathlib import PurePosixPath
from struct import error as StructError
from typing import Any, Final
from zipfile import ZipFile, ZipInfo

import msgspec
import shapefile
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from tracker.errors import Invalid, Malformed, TooLarge
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.geojson import Feature, check_geometry
from tracker.geofence.reading.kml import placemarks
from tracker.geofence.reading.notes import FeatureNote
from tracker.geofence.reading.packed import SPOILT, ZIP, is_beside, list_files, read_one
from tracker.geofence.reading.parts import read_geometries

BROKEN: Final = (
    shapefile.ShapefileException,
    shapefile.GeoJSON_Error,  # neither this nor the next is one of its exceptions
    shapefile.RingSamplingError,
    StructError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
)
DIGITS: Final = 9  # of degrees that were computed: a tenth of a millimetre
LONGEST: Final = 100  # characters of a name that are said
LANGUAGES: Final = {  # the byte by which a .dbf says its encoding; ISO 8859-1 is mostly the one of Windows
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x13: "cp932",
    0x4D: "gbk",
    0x4E: "cp949",
    0x4F: "big5",
    0x57: "cp1252",
    0x64: "cp852",
    0x65: "cp866",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
}

Place = Callable[[Any], Any]  # coordinates, however deep, as longitude and latitude


class Layer(msgspec.Struct, frozen=True):
    """The parts of a Shapefile by their endings, in small letters; one that is missing is empty."""

    name: str
    parts: dict[str, bytes]


def layers(body: bytes) -> Iterator[Found | FeatureNote]:
    """All features of all layers of a zip. One that has a KML in it instead is read as a KMZ. Raises Invalid,
    Malformed, TooLarge."""
    if not body.startswith(ZIP):
        raise Invalid("this is no zip: a Shapefile is sent as a zip of its .shp, .dbf and .prj")
    try:
        with ZipFile(BytesIO(body)) as files:
            names = _find(files)
            if names:
                yield from _read_layers(files, names)
                return
    except SPOILT as error:
        raise Malformed(f"this is a zip and cannot be unpacked: {error}") from None
    yield from placemarks(body)


def _find(files: ZipFile) -> dict[str, dict[str, ZipInfo]]:
    """By the path without its ending."""
    found: dict[str, dict[str, ZipInfo]] = {}
    for each in list_files(files):
        path = PurePosixPath(each.filename)
        if not is_beside(each) and path.suffix:
            found.setdefault(str(path.with_suffix("")).lower(), {})[path.suffix.lower()] = each
    return {stem: parts for stem, parts in found.items() if ".shp" in parts}


def _read_layers(files: ZipFile, names: dict[str, dict[str, ZipInfo]]) -> Iterator[Found | FeatureNote]:
    begin = 0
    for stem in sorted(names):
        parts = {ending: read_one(files, names[stem][ending]) for ending in names[stem] if ending in ENDINGS}
        layer = Layer(PurePosixPath(stem).name[:LONGEST], parts)
        count = 0
        for each in read_layer(layer, begin):
            if isinstance(each, Found):
                count = max(count, each.index + 1 - begin)
            yield each
        begin += count


ENDINGS: Final = frozenset({".shp", ".dbf", ".prj", ".cpg"})


def read_layer(layer: Layer, begin: int) -> Iterator[Found | FeatureNote]:
    """`begin`: the number of its first feature."""
    place, notes = _find_place(layer)
    encoding, more = _find_encoding(layer)
    yield from (FeatureNote(None, f"{layer.name}: {note}") for note in (*notes, *more))
    rows = _rows(layer, encoding)
    index = begin
    try:
        for shape, properties in rows:
            yield from _read_feature(index, shape, properties, place)
            index += 1
    except BROKEN as error:
        yield Found(index, None, Malformed(f"{layer.name}.shp cannot be read from here on: {error}"))


def _rows(layer: Layer, encoding: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Without those that are deleted, whose shapes are there still."""
    dbf = layer.parts.get(".dbf")
    # Else it writes a warning of each area whose rings are the wrong way round, and nobody reads that before the end: a
    # full pipe would hold the reader. What is to be said of a geometry is in the notes.
    shapefile.VERBOSE = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length that is not so in the header says nothing of what follows
        reader = shapefile.Reader(
            shp=BytesIO(layer.parts[".shp"]),
            dbf=BytesIO(dbf) if dbf else None,
            encoding=encoding,
            encodingErrors="replace",
        )
    records = reader.iterRecords(deleted_as_None=True) if dbf else repeat({})
    for shape, record in zip(reader.iterShapes(), chain(records, repeat({})), strict=False):
        if record is not None:
            yield shape, (_tell_plainly(record.as_dict()) if record else {})


def _read_feature(index: int, shape: Any, properties: dict[str, Any], place: Place) -> Iterator[Found | FeatureNote]:
    try:
        geometry = None if shape.shapeType == shapefile.NULL else shape.__geo_interface__
        if geometry is not None:
            geometry = {"type": geometry["type"], "coordinates": place(geometry["coordinates"])}
        parts, notes = read_geometries(check_geometry(msgspec.Raw(msgspec.json.encode(geometry))))
    except (Invalid, TooLarge, Malformed) as error:
        yield Found(index, None, error, name=_find_name(properties))
        return
    except (*BROKEN, AttributeError) as error:
        fault = Invalid(f"geometry: is no area, line or point ({error})", field="geometry")
        yield Found(index, None, fault, name=_find_name(properties))
        return
    yield from (FeatureNote(index, note) for note in notes)
    for part, each in enumerate(parts):
        yield Found(index, None, Feature(each, properties), part)


def _find_name(properties: dict[str, Any]) -> str | None:
    named = (str(each)[:LONGEST] for name, each in properties.items() if name.lower() == "name" and each is not None)
    return next((each for each in named if each), None)


def _tell_plainly(record: dict[str, Any]) -> dict[str, Any]:
    """A .dbf writes a text that is not set as an empty one: none of them is a value."""
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in record.items()}
    return {name: None if value == "" else value for name, value in plain.items()}


def _find_place(layer: Layer) -> tuple[Place, list[str]]:
    """What makes longitude and latitude on WGS 84 of coordinates, and what is to be said of it."""
    text = layer.parts.get(".prj", b"").decode("utf-8", "replace").strip("\0\ufeff \r\n\t")
    if not text:
        return _take_flat, ["no .prj says in which system it is: it is read as longitude and latitude"]
    try:
        system = CRS.from_user_input(text)
        if system.is_geographic and system.to_epsg() in (4326, 4979):
            return _take_flat, []
        turn = Transformer.from_crs(system, 4326, always_xy=True, allow_ballpark=False)
    except ProjError as error:
        name = re.search(r'"([^"]*)"', text)
        told = name[1][:LONGEST] if name else text[:LONGEST]
        why = str(error)[:200]
        raise Invalid(f"{layer.name}.prj: {told} cannot be turned into longitude and latitude: {why}") from None
    note = f"its coordinates are turned from {system.name[:LONGEST]} into longitude and latitude"
    return lambda coordinates: _turn(coordinates, turn), [note]


def _take_flat(coordinates: Any) -> Any:
    """Without heights and measures."""
    if coordinates and isinstance(coordinates[0], int | float):
        return coordinates[:2]
    return [_take_flat(each) for each in coordinates]


def _turn(coordinates: Any, turn: Transformer) -> Any:
    """A ring at a time. Invalid for a place that is none in the system of the file."""
    if not coordinates:
        return coordinates
    if isinstance(coordinates[0], int | float):
        return _turn([coordinates], turn)[0]
    if not isinstance(coordinates[0][0], int | float):
        return [_turn(each, turn) for each in coordinates]
    lon, lat = turn.transform([each[0] for each in coordinates], [each[1] for each in coordinates])
    if not all(abs(each) < 1e9 for each in (*lon, *lat)):
        raise Invalid("geometry: a place lies outside of what the system of the .prj covers", field="geometry")
    return [[round(x, DIGITS), round(y, DIGITS)] for x, y in zip(lon, lat, strict=True)]


def _find_encoding(layer: Layer) -> tuple[str, list[str]]:
    """Of the .cpg, or of the .dbf itself; where neither says it, UTF-8 if all of it is, or that of Windows."""
    said = layer.parts.get(".cpg", b"").decode("ascii", "replace").strip("\0\ufeff \r\n\t")
    for name in (said, *(f"{before}{digits}" for digits in re.findall(r"\d+", said)[:1] for before in ("cp", "iso"))):
        if name and (known := _know(name)):
            return known, []
    dbf = layer.parts.get(".dbf", b"")
    notes = [f"the encoding {said[:LONGEST]} of its .cpg is none that is known"] if said else []
    if len(dbf) > 32 and (known := LANGUAGES.get(dbf[29])):
        return known, notes
    try:
        dbf[int.from_bytes(dbf[8:10], "little") :].decode()
        return "utf-8", notes
    except UnicodeDecodeError:
        return "cp1252", [*notes, "no .cpg says in which encoding its texts are: they are read as Windows-1252"]


def _know(name: str) -> str | None:
    name = {"65001": "utf-8", "cp65001": "utf-8"}.get(name.lower(), name)
    try:
        return name if "ä".encode(name, "replace").decode(name) and name.isascii() else None
    except (LookupError, ValueError, TypeError):
        return None
