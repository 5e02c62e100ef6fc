"""GPX: a waypoint is a circle, a route and each segment of a track a corridor; radius and width come from elsewhere."""

from collections.abc import Iterator
from typing import Any, Final

from tracker.errors import Invalid
from tracker.geofence.reading.collection import Found
from tracker.geofence.reading.geojson import Feature, Geometry, LineString, Point, Ring
from tracker.geofence.reading.markup import Element, elements, place_of

WANTED: Final = frozenset({"wpt", "rte", "trk"})
KEPT: Final = frozenset({"name", "desc", "rtept", "trkseg", "trkpt"})


def waypoints_and_lines(body: bytes) -> Iterator[Found]:
    """In the order of the file. Raises as `elements` does."""
    for index, element in enumerate(elements(body, "gpx", WANTED, KEPT)):
        try:
            geometries = _geometries(element)
        except Invalid as error:
            yield Found(index, None, error)
            continue
        texts: dict[str, Any] = {"name": element.text_of("name"), "description": element.text_of("desc")}
        properties = {name: text for name, text in texts.items() if text is not None}
        for geometry in geometries:
            yield Found(index, None, Feature(geometry, properties))


def _geometries(element: Element) -> list[Geometry]:
    """None of an empty track: recorders begin some that they never fill, and nothing is lost by leaving them out."""
    if element.tag == "wpt":
        return [Point(_place(element, "wpt"))]
    if element.tag == "rte":
        lines = [_line(element, "rtept")]
    else:
        lines = [_line(segment, "trkpt") for segment in element.all("trkseg")]
    return [LineString(line) for line in lines if line]


def _line(element: Element, tag: str) -> Ring:
    return [_place(point, f"{tag}[{number}]") for number, point in enumerate(element.all(tag))]


def _place(element: Element, where: str) -> list[float]:
    return place_of(element.attributes.get("lon", ""), element.attributes.get("lat", ""), where)
