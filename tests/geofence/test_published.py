"""What leaves as GeoJSON is RFC 7946's: closed, counterclockwise outside, cut at 180, and still the same area."""

import json
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.geofence.shapes import feature
from tracker.geofence.published import publish
from tracker.geofence.reading.collection import Defaults, collect, read_features
from tracker.geofence.reading.feature import parse

HOLE = [[24.2, 60.2], [24.4, 60.2], [24.4, 60.4]]
POLYGONS: dict[str, Any] = {
    "unclosed, clockwise, its hole counterclockwise": [[[24, 60], [24, 61], [25, 61], [25, 60]], HOLE],
    "past 180": [[[170, -10], [190, -10], [190, 10], [170, 10], [170, -10]]],
    "with a jump": [[[170, 10], [-170, 10], [-170, -10], [170, -10]], [[175, 0], [176, 0], [176, 1]]],
    "on another copy": [[[470, 0], [471, 0], [471, 1]]],
}


def outcome(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(publish(parse(feature(geometry, **properties)).feature))
    return made


@pytest.mark.parametrize("case", POLYGONS)
def test_polygons(case: str) -> None:
    given = {"type": "Polygon", "coordinates": POLYGONS[case]}
    whole = outcome(given)
    made = whole["geometry"]
    parts = made["coordinates"] if made["type"] == "MultiPolygon" else [made["coordinates"]]
    for part in parts:
        for number, ring in enumerate(part):
            assert ring[0] == ring[-1] and all(-180 <= lon <= 180 for lon, _ in ring)
            assert shapely.is_ccw(shapely.LinearRing(ring)) == (number == 0)
    before, after = (parse(feature(geometry)).shape for geometry in (given, made))
    assert shapely.area(shapely.symmetric_difference(before, after)) < 1e-9
    assert publish(json.dumps(whole).encode()) == json.dumps(whole).encode()  # nothing more to do


def test_what_is_right_is_left_with_its_heights() -> None:
    right = feature({"type": "Polygon", "coordinates": [[[1, 1, 7], [2, 1, 7], [2, 2, 7], [1, 1, 7]]]})
    assert publish(right) is right
    past = feature({"type": "Polygon", "coordinates": [[[179, 1, 7], [181, 1, 7], [181, 2, 7]]]})
    assert json.loads(publish(past, cut=False))["geometry"]["coordinates"][0][3] == [179, 1, 7]


def test_points_and_lines() -> None:
    assert outcome({"type": "Point", "coordinates": [190, 5]}, radius=5)["geometry"]["coordinates"] == [-170, 5]
    for line in ([[179, 1], [-179, 2]], [[179, 1], [181, 2]], [[-181, 1], [-179, 2]]):
        made = outcome({"type": "LineString", "coordinates": line}, width=5)
        assert made["geometry"] == {
            "type": "MultiLineString",
            "coordinates": [[[179, 1], [180, 1.5]], [[-180, 1.5], [-179, 2]]],
        }
        body = json.dumps({"type": "FeatureCollection", "features": [made]}).encode()
        (draft,) = collect(read_features(body), Defaults()).drafts  # and comes in again as one
        assert len(json.loads(draft.feature)["geometry"]["coordinates"]) == 4 - 1


@given(st.lists(st.tuples(st.floats(-540, 540), st.floats(-80, 80)), min_size=2, max_size=6, unique=True))
def test_no_line_leaves_the_world(line: list[tuple[float, float]]) -> None:
    text = json.dumps({"type": "Feature", "geometry": {"type": "LineString", "coordinates": line}, "properties": {}})
    made = json.loads(publish(text.encode()))["geometry"]
    parts = made["coordinates"] if made["type"] == "MultiLineString" else [made["coordinates"]]
    assert all(-180 <= lon <= 180 for part in parts for lon, _ in part)
