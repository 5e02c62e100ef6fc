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


def along(count: int, step_m: float, **named: str) -> list[dict[str, Any]]:
    """Points to the north, `step_m` apart; `named`: properties with the number in them."""
    places = [[24.9, 60.1 + number * step_m / 111_195] for number in range(count)]
    properties = [{name: text.format(number) for name, text in named.items()} for number in range(count)]
    return [
        feature({"type": "Point", "coordinates": place}, **more) for place, more in zip(places, properties, strict=True)
    ]


TRAILS: dict[str, tuple[list[Any], int, str]] = {  # what is given, how many geofences come of it, what is said
    "a track at a car's pace": (along(990, 25), 0, "990 points that follow each other closely are taken for"),
    "a track whose points have one name": (along(990, 25, name="Morning run"), 0, "990 points that follow"),
    "a track whose points are counted": (along(990, 5, name="T-{}"), 0, "990 points that follow"),
    "with a line beside it": ([feature(LINE, name="Way"), *along(50, 5)], 1, "50 points that follow"),
    "as one feature": (
        [feature({"type": "MultiPoint", "coordinates": [[24.9, 60.1 + n / 1e4] for n in range(50)]}, name="Way")],
        0,
        "50 points that follow",
    ),
    "with a time in a column": (along(50, 5, time="2026-01-01T00:00:{}Z"), 0, "50 points that follow"),
    "places of a chain": (along(400, 900), 400, "400 points have no radius of their own: each is a circle of 20 m"),
    "places that have names": (along(40, 5, name="Bay {}", kind="x") + along(3, 5), 3, "40 points that follow"),
    "places that are counted, beside each other": (along(40, 30, name="Bay {}"), 40, "40 points have no radius"),
    "nine points": (along(9, 5), 9, ""),
}


@pytest.mark.parametrize("given, count, said", TRAILS.values(), ids=TRAILS)
def test_points_that_follow_each_other_become_no_circles_unsaid(given: list[Any], count: int, said: str) -> None:
    found = read(*given)
    assert len(found.drafts) == count and not found.bad
    notes = [each.note for each in found.said]
    assert any(said in note for note in notes) if said else notes == []
    assert count >= 10 or len(notes) <= 2, "one sentence, not one for each"


def test_places_with_names_stay_though_they_lie_close() -> None:
    shops = [feature(POINT, name=f"{letter} & Sons") for letter in "ABCDEFGHIJKLMNOP"]
    assert len(read(*shops).drafts) == 16
    own = [each | {"properties": {"radius": 5}} for each in along(20, 3)]
    assert len(read(*own).drafts) == 20
