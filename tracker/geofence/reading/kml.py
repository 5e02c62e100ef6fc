"""KML: each Placemark is a geofence. Its ExtendedData are the properties."""

import re
from collections.abc import Iterator
from typing import Any, Final

from tracker.errors import Invalid
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.geojson import Feature, Geometry, LineString, Point, Polygon, Ring
from tracker.geofence.reading.ids import is_row_number
from tracker.geofence.reading.markup import Element, elements, place_of
from tracker.geofence.reading.notes import FeatureNote
from tracker.geofence.reading.packed import unpack
from tracker.geofence.reading.parts import assemble
from tracker.xml import mend

PLACEMARK: Final = frozenset({"Placemark"})
EMPTY: Final = frozenset({"Point", "LineString", "Polygon"})
SHAPES: Final = frozenset(
    {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Model", "Track", "MultiTrack"}
)
HEIGHTS: Final = "geometry: its heights are left out"
COMMAS: Final = "geometry: commas are read as decimal ones where they can be nothing else"
LINKS: Final = frozenset({"NetworkLink"})
ROW: Final = re.compile(r".*\.\d+")  # LIBKML numbers by layer what has no id: of another file it says nothing
SCHEMA: Final = re.compile(r"#(?P<layer>.*)\.schema")  # how LIBKML names the layer of a Placemark
UNSEEN: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
MOST_LATITUDE: Final = 90
COMMA: Final = re.compile(r"\s*,\s*")


def placemarks(body: bytes) -> Iterator[Found | FeatureNote]:
    """All polygons of a Placemark are one geofence; of points and lines each is one. Of KML or KMZ. Raises as `unpack`
    and `elements` do."""
    index = links = 0
    text, mended = mend(unpack(body))
    yield from (FeatureNote(None, note) for note in mended)
    for element in elements(text, "kml", PLACEMARK | LINKS):
        if element.tag in LINKS:
            links += 1
        else:
            yield from _placemark(index, element)
            index += 1
    if links:
        yield FeatureNote(None, tell_links(links))


def tell_links(count: int) -> str:
    if count == 1:
        return "a link to another file is passed over; nothing is fetched"
    return f"{count:,} links to other files are passed over; nothing is fetched"


def _placemark(index: int, placemark: Element) -> Iterator[Found | FeatureNote]:
    id = placemark.attributes.get("id")
    if id is not None and _is_number(id, placemark):
        id = None
    properties = _properties(placemark)
    try:
        notes = list[str]()
        found, beside = assemble(_geometries(placemark, notes))
    except Invalid as error:
        yield Found(index, id, error, name=properties.get("name"))
        return
    yield from (FeatureNote(index, note) for note in (*notes, *beside))
    is_timed = any(stamp.text_of("when") for stamp in placemark.all("TimeStamp"))
    for part, geometry in enumerate(found):
        yield Found(index, id, Feature(geometry, properties), part, is_timed=is_timed)


def _is_number(id: str, placemark: Element) -> bool:
    """Older LIBKMLs number every Placemark, newer ones write the ids that there are: `zone.1` is an id of ours then,
    for the layer is called otherwise."""
    schemas = [schema for extended in placemark.all("ExtendedData") for schema in extended.all("SchemaData")]
    urls = [SCHEMA.fullmatch(schema.attributes.get("schemaUrl", "")) for schema in schemas]
    layers = [url["layer"] for url in urls if url is not None]
    return any(is_row_number(id, layer) for layer in layers) if layers else ROW.fullmatch(id) is not None


def _geometries(placemark: Element, notes: list[str]) -> list[Geometry]:
    """What is beside others and has no places is passed over, with a note."""
    found, empty = list[Geometry](), list[str]()
    for shape in _shapes(placemark):
        if shape.tag in EMPTY and not _has_places(shape):
            empty.append(shape.tag)
        else:
            found.append(_geometry(shape, notes))
    if empty and not found:
        raise Invalid(f"geometry: a {empty[0]} without coordinates", field="geometry")
    notes += [f"a {tag} without coordinates is passed over" for tag in empty]
    return found


def _geometry(shape: Element, notes: list[str]) -> Geometry:
    match shape.tag:
        case "Polygon":
            return Polygon(_rings(shape, notes))
        case "LineString":
            return LineString(_places(shape, notes))
        case "Point":
            places = _places(shape, notes)
            if len(places) != 1:
                raise Invalid("geometry: a Point needs one longitude and latitude", field="geometry")
            return Point(places[0])
        case tag:
            raise Invalid(f"geometry: a {tag} is no geofence", field="geometry")


def _has_places(shape: Element) -> bool:
    return any(child.text if child.tag == "coordinates" else _has_places(child) for child in shape.children)


def _shapes(element: Element) -> Iterator[Element]:
    for child in element.children:
        if child.tag == "MultiGeometry":
            yield from _shapes(child)
        elif child.tag in SHAPES:
            yield child


def _rings(polygon: Element, notes: list[str]) -> list[Ring]:
    outer, inner = (
        [ring for boundary in polygon.all(side) for ring in boundary.all("LinearRing")]
        for side in ("outerBoundaryIs", "innerBoundaryIs")
    )
    if len(outer) != 1:
        raise Invalid("geometry: a Polygon needs one outerBoundaryIs with a LinearRing", field="geometry")
    return [_places(ring, notes) for ring in outer + [ring for ring in inner if _has_places(ring)]]


def _places(shape: Element, notes: list[str]) -> Ring:
    """Two or three numbers each. Where a space between two places was lost there are as many again in one."""
    tokens = _with_points([token.split(",") for token in COMMA.sub(",", _coordinates(shape)).split()], notes)
    found: Ring = []
    high = False
    for number, numbers in enumerate(tokens):
        numbers = numbers[:-1] if len(numbers) in (3, 4) and not numbers[-1] else numbers  # "24,60," has no height
        size = len(numbers)
        if size > 3:
            size = _usual(tokens)
            if len(numbers) % size:
                raise Invalid(
                    f"geometry: {shape.tag}[{number}] has {len(numbers)} numbers; "
                    "a space between two places is missing",
                    field="geometry",
                )
            notes.append(f"geometry: a space is missing in {','.join(numbers)[:100]}; it is read as two places")
        for begin in range(0, len(numbers), size):
            lon, lat, height = [*numbers[begin : begin + size], "", ""][:3]
            found.append(place_of(lon, lat, f"{shape.tag}[{len(found)}]"))
            high = high or height.strip("0.") != ""
    if high and HEIGHTS not in notes:
        notes.append(HEIGHTS)
    return found


def _with_points(tokens: list[list[str]], notes: list[str]) -> list[list[str]]:
    """`21,118,52,085` is one place of a program that follows the system's language. Only where the numbers as they
    stand are none: what is behind the first comma of one of them is no latitude."""
    sizes = {len(numbers) for numbers in tokens}
    if len(sizes) != 1 or not sizes <= {4, 5, 6} or any("." in number for numbers in tokens for number in numbers):
        return tokens
    if not all(numbers[at].isdecimal() for numbers in tokens for at in (1, 3)):
        return tokens
    if all(float(numbers[1]) <= MOST_LATITUDE for numbers in tokens):  # an int of too many digits is an error
        return tokens
    notes.append(COMMAS)
    return [[".".join(numbers[:2]), ".".join(numbers[2:4]), ".".join(numbers[4:])] for numbers in tokens]


def _coordinates(shape: Element) -> str:
    """Without what cannot be seen, as the byte order marks that are left where files were put together."""
    return " ".join(each.text for each in shape.all("coordinates")).translate(UNSEEN)


def _usual(tokens: list[list[str]]) -> int:
    """Of how many numbers the places of a line are; what cannot divide them where none says it."""
    sizes = {len(numbers) for numbers in tokens} & {2, 3}
    return sizes.pop() if len(sizes) == 1 else 1_000_000


def _properties(placemark: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"name": placemark.text_of("name"), "description": placemark.text_of("description")}
    for extended in placemark.all("ExtendedData"):
        for name, text in _extended(extended):
            found[name] = text
    return {name: value for name, value in found.items() if value is not None}


def _extended(extended: Element) -> Iterator[tuple[str, str | None]]:
    for data in extended.all("Data"):
        yield data.attributes.get("name", ""), data.text_of("value")
    for schema in extended.all("SchemaData"):
        for data in schema.all("SimpleData"):
            yield data.attributes.get("name", ""), data.text or None
