"""KML: each Placemark is a geofence. Its ExtendedData are the properties."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from tracker.errors import Invalid
from tracker.geofence.reading.collection import Found
from tracker.geofence.reading.geojson import Feature, Geometry, LineString, MultiPolygon, Point, Polygon, Ring
from tracker.geofence.reading.markup import Element, elements, place_of
from tracker.model.device import is_slug

PLACEMARK: Final = frozenset({"Placemark"})
SHAPES: Final = frozenset(
    {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Model", "Track", "MultiTrack"}
)
# ExtendedData are text; in these it is JSON: 50, true, ["van-1"].
JSON: Final = frozenset(
    {"radius", "width", "dwell", "speed_limit", "enabled", "repair", "active", "devices", "categories"}
)


def placemarks(body: bytes) -> Iterator[Found]:
    """All polygons of a Placemark are one geofence; of points and lines each is one. Raises as `elements` does."""
    for index, placemark in enumerate(elements(body, "kml", PLACEMARK)):
        id = placemark.attributes.get("id")
        try:
            geometries = _geometries(placemark)
        except Invalid as error:
            yield Found(index, id, error)
            continue
        slug = id if id is not None and is_slug(id) else None
        properties = _properties(placemark)
        for number, geometry in enumerate(geometries):
            yield Found(index, id, Feature(geometry, properties, slug if number == 0 else None))


def _geometries(placemark: Element) -> list[Geometry]:
    polygons, others = list[list[Ring]](), list[Geometry]()
    for shape in _shapes(placemark):
        match shape.tag:
            case "Polygon":
                polygons.append(_rings(shape))
            case "LineString":
                others.append(LineString(_places(shape)))
            case "Point":
                places = _places(shape)
                if len(places) != 1:
                    raise Invalid("geometry: a Point needs one longitude and latitude", field="geometry")
                others.append(Point(places[0]))
            case tag:
                raise Invalid(f"geometry: a {tag} is no geofence", field="geometry")
    if not polygons and not others:
        raise Invalid("geometry: there is none", field="geometry")
    area: list[Geometry] = []
    if polygons:
        area.append(Polygon(polygons[0]) if len(polygons) == 1 else MultiPolygon(polygons))
    return area + others


def _shapes(element: Element) -> Iterator[Element]:
    for child in element.children:
        if child.tag == "MultiGeometry":
            yield from _shapes(child)
        elif child.tag in SHAPES:
            yield child


def _rings(polygon: Element) -> list[Ring]:
    outer, inner = (
        [ring for boundary in polygon.all(side) for ring in boundary.all("LinearRing")]
        for side in ("outerBoundaryIs", "innerBoundaryIs")
    )
    if len(outer) != 1:
        raise Invalid("geometry: a Polygon needs one outerBoundaryIs with a LinearRing", field="geometry")
    return [_places(ring) for ring in outer + inner]


def _places(shape: Element) -> Ring:
    found: Ring = []
    for text in (shape.text_of("coordinates") or "").split():
        lon, _, rest = text.partition(",")
        found.append(place_of(lon, rest.partition(",")[0], f"{shape.tag}[{len(found)}]"))
    return found


def _properties(placemark: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"name": placemark.text_of("name"), "description": placemark.text_of("description")}
    for extended in placemark.all("ExtendedData"):
        for name, text in _extended(extended):
            found[name] = _value(name, text)
    return {name: value for name, value in found.items() if value is not None}


def _extended(extended: Element) -> Iterator[tuple[str, str | None]]:
    for data in extended.all("Data"):
        yield data.attributes.get("name", ""), data.text_of("value")
    for schema in extended.all("SchemaData"):
        for data in schema.all("SimpleData"):
            yield data.attributes.get("name", ""), data.text or None


def _value(name: str, text: str | None) -> Any:
    if text is None or name not in JSON:
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text  # refused with its field, where the properties are read
