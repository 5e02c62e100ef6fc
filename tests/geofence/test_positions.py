"""Places of other programs: heights that are none, numbers as texts, points that only belong to a recording."""

import json
from typing import Any

import pytest

from tests.geofence.test_strangers import LINE, POINT, feature, read

HEIGHTLESS: list[tuple[Any, Any, str | None]] = [  # coordinates of a Point given, kept (None: refused), what is said
    ([24.9, 60.1, None], [24.9, 60.1], "heights"),
    ([24.9, 60.1, "12 m"], [24.9, 60.1], "heights"),
    ([24.9, 60.1, True, 7], [24.9, 60.1], "heights"),
    ([24.9, 60.1, [3]], [24.9, 60.1], "heights"),
    (["24.9", "60.1"], [24.9, 60.1], "texts"),
    (["24.9", "+6.01e1", 3], [24.9, 60.1, 3], "texts"),
    ([24.9, 60.1, 3], [24.9, 60.1, 3], None),
    (["24,9", "60,1"], None, None),
    ([None, None], None, None),
    ([24.9, "60.1 N"], None, None),
    (["0x10", 60], None, None),
    ([True, 60], None, None),
    ([[24.9, 60.1]], None, None),
    ({}, None, None),
]


@pytest.mark.parametrize("given, kept, note", HEIGHTLESS, ids=[str(row[0]) for row in HEIGHTLESS])
def test_a_place_without_a_height_is_a_place(given: Any, kept: Any, note: str | None) -> None:
    found = read(feature({"type": "Point", "coordinates": given}))
    assert [json.loads(draft.feature)["geometry"]["coordinates"] for draft in found.drafts] == ([kept] if kept else [])
    assert len(found.bad) == (not kept)
    assert (found.said == []) if note is None else note in found.said[0].note


def test_heights_that_are_none_in_every_kind_of_geometry() -> None:
    ring = [[24, 60, None], [25, 60, 7], [25, 61, "x"], [24, 60, None]]
    kinds = {
        "LineString": ring,
        "Polygon": [ring],
        "MultiPolygon": [[ring]],
        "MultiPoint": ring[:3],
        "MultiLineString": [ring],
    }
    geometries = [{"type": type, "coordinates": coordinates} for type, coordinates in kinds.items()]
    several = {"type": "GeometryCollection", "geometries": [each for each in geometries if each["type"] != "Polygon"]}
    for geometry in (*geometries, several):
        found = read(feature(geometry))
        assert found.drafts and not found.bad, geometry
        assert sum("heights that are no numbers" in said.note for said in found.said) == 1
    assert read(feature({"type": "Point", "coordinates": [[[[[[[]]]]]]] * 3})).bad


def test_rows_of_a_recording_are_no_geofences() -> None:
    """GDAL's `track_points` of a GPX, converted."""
    rows = [feature(POINT, track_fid=0, track_seg_id=0, track_seg_point_id=number) for number in range(5)]
    found = read(*rows, feature(LINE, name="Track"))
    assert len(found.drafts) == 1 and "5 points of a recording" in found.said[0].note
    assert len(read(feature(POINT, track_seg_point_id=3, radius=30)).drafts) == 1
