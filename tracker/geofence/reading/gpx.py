"""GPX: a waypoint is a circle, a route and each segment of a track a corridor; radius and width come from elsewhere."""

from collections.abc import Iterator
from typing import Any, Final

from tracker.errors import Invalid
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.geojson import Feature, LineString, Point, Ring
from tracker.geofence.reading.markup import Element, elements, place_of
from tracker.geofence.reading.notes import FeatureNote
from tracker.xml import mend

WANTED: Final = frozenset({"wpt", "rte", "trk"})
KEPT: Final = frozenset({"name", "desc", "rtept", "trkseg", "trkpt"})


def waypoints_and_lines(body: bytes) -> Iterator[Found | FeatureNote]:
    """In the order of the file. Raises as `elements` does."""
    text, mended = mend(body)
    yield from (FeatureNote(None, note) for note in mended)
    for index, element in enumerate(elements(text, "gpx", WANTED, KEPT)):
        texts: dict[str, Any] = {"name": element.text_of("name"), "description": element.text_of("desc")}
        properties = {name: text for name, text in texts.items() if text is not None}
        if element.tag == "wpt":
            yield _waypoint(index, element, properties)
        else:
            yield from _lines(index, element, properties)


def _waypoint(index: int, element: Element, properties: dict[str, Any]) -> Found:
    try:
        return Found(index, None, Feature(Point(_place(element, "wpt")), properties))
    except Invalid as error:
        return Found(index, None, error, name=properties.get("name"))


def _lines(index: int, element: Element, properties: dict[str, Any]) -> Iterator[Found | FeatureNote]:
    """Recorders begin segments that they never fill, or put one point into: nothing is lost by passing them over."""
    segments = [(element, "rtept")] if element.tag == "rte" else [(each, "trkpt") for each in element.all("trkseg")]
    part = single = empty = 0
    for segment, tag in segments or [(element, "trkpt")]:
        try:
            line = _line(segment, tag)
        except Invalid as error:
            yield Found(index, None, error, name=properties.get("name"))
            continue
        if len(set(map(tuple, line))) > 1:
            yield Found(index, None, Feature(LineString(line), properties), part)
            part += 1
        elif line:
            single += 1
        else:
            empty += 1
    called = properties.get("name") or element.tag
    if single:
        yield FeatureNote(index, f"{called}: {tell_single(single)}")
    if empty:
        yield FeatureNote(index, f"{called}: {tell_empty(empty)}")


def tell_single(count: int) -> str:
    return "a line of one place is passed over" if count == 1 else f"{count:,} lines of one place each are passed over"


def tell_empty(count: int) -> str:
    return "a line without a place is passed over" if count == 1 else f"{count:,} lines without a place are passed over"


def _line(element: Element, tag: str) -> Ring:
    return [_place(point, f"{tag}[{number}]") for number, point in enumerate(element.all(tag))]


def _place(element: Element, where: str) -> list[float]:
    return place_of(element.attributes.get("lon", ""), element.attributes.get("lat", ""), where)
