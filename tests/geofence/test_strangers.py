"""Files of other programs: what they write otherwise than we would is read where it can be, and said."""

import json
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.geofence.shapes import box
from tracker.errors import Invalid, Malformed
from tracker.geofence.reading.claims import OURS as NAMES_OF_OURS
from tracker.geofence.reading.collection import Collection, Defaults, collect, read_features
from tracker.geofence.reading.feature import GeofenceProperties

AREA = {"type": "Polygon", "coordinates": [[list(place) for place in box(24, 60, 25, 61)]]}
POINT = {"type": "Point", "coordinates": [24.9, 60.1]}
SCHOOL = [{"devices": ["a"], "by": "08:15", "zone": "UTC"}]
LINE = {"type": "LineString", "coordinates": [[24, 60], [25, 60]]}


def feature(geometry: Any = AREA, id: Any = None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties} | ({} if id is None else {"id": id})


def body(*given: Any, **members: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": given} | members).encode()


def read(*given: Any, **members: Any) -> Collection:
    return collect(read_features(body(*given, **members)), Defaults(radius=20, width=30))


def one(given: Any) -> tuple[dict[str, Any], list[str]]:
    """The one that came of it, and what was said."""
    found = read(given)
    assert not found.bad, found.bad
    (draft,) = found.drafts
    return json.loads(draft.feature), [said.note for said in found.said]


ROWS: list[tuple[dict[str, Any], dict[str, Any], str | None]] = [  # given, kept, what is said
    ({"dwell": "300"}, {"dwell": 300}, None),
    ({"dwell": "5 min"}, {"dwell": 300}, "5 min is read as 300"),
    ({"dwell": 0}, {"source_dwell": 0}, "does not count"),
    ({"speed_limit": "1,5"}, {"speed_limit": 1.5}, "1,5 is read as 1.5"),
    ({"speed_limit": "50 km/h"}, {"speed_limit": 13.8889}, "13.8889"),
    ({"speed_limit": "1,500"}, {"source_speed_limit": "1,500"}, "decimal or a thousand"),
    ({"speed_limit": True}, {"source_speed_limit": True}, "kept as source_speed_limit"),
    ({"speed_limi": 13.9}, {"speed_limit": 13.9}, "speed_limi is read as speed_limit"),
    ({"categorie": "(1:bus)"}, {"categories": ["bus"]}, "categorie is read as categories"),
    ({"SPEED_LIMI": "13.9"}, {"speed_limit": 13.9}, "SPEED_LIMI"),
    ({"devices": "(2:t,gb)"}, {"devices": ["t", "gb"]}, "(2:t,gb) is read as"),
    ({"devices": "(3:t,gb)"}, {"source_devices": "(3:t,gb)"}, "has 2"),
    ({"devices": ""}, {}, None),
    ({"devices": None}, {}, None),
    ({"devices": '["t", "gb"]'}, {"devices": ["t", "gb"]}, None),
    ({"devices": "t,gb"}, {"devices": ["t", "gb"]}, "is read as"),
    ({"devices": [1, 2]}, {"devices": ["1", "2"]}, "is read as"),
    ({"devices": []}, {"source_devices": []}, "all or none"),
    ({"devices": "a b"}, {"source_devices": "a b"}, "not an id"),
    ({"devices": 3}, {"source_devices": 3}, "does not count"),
    ({"devices": "{t,gb}"}, {"devices": ["t", "gb"]}, "{t,gb} is read as"),
    ({"devices": '{"t","gb"}'}, {"devices": ["t", "gb"]}, "is read as"),
    ({"devices": "['t', 'gb']"}, {"devices": ["t", "gb"]}, "is read as"),
    ({"devices": "['t', \"gb\"]"}, {"source_devices": "['t', \"gb\"]"}, "is no JSON"),
    ({"devices": "{}"}, {}, None),
    ({"devices": "null"}, {}, "null is read as nothing"),
    ({"categories": "NULL"}, {}, "NULL is read as nothing"),
    ({"categories": "NaN", "dwell": "None"}, {}, "None is read as nothing"),
    ({"expires": "<Null>", "active": "null"}, {}, "is read as nothing"),
    ({"speed_limit": "1.39e+01"}, {"speed_limit": 13.9}, None),
    ({"dwell": "00:05:00"}, {"dwell": 300}, "00:05:00 is read as 300"),
    ({"dwell": "PT1H5M"}, {"dwell": 3900}, "PT1H5M is read as 3900"),
    ({"dwell": "PT"}, {"source_dwell": "PT"}, "does not count"),
    ({"expires": "2034/05/01 10:00:00+00"}, {"expires": "2034-05-01T10:00:00+00:00"}, "is read as"),
    ({"enabled": "TRUE"}, {"enabled": True}, None),
    ({"enabled": 0}, {"enabled": False}, None),
    ({"enabled": "true"}, {"enabled": True}, None),
    ({"enabled": "maybe"}, {"source_enabled": "maybe"}, "neither true nor false"),
    ({"expires": "2030/01/01 00:00:00+00"}, {"expires": "2030-01-01T00:00:00+00:00"}, "is read as"),
    ({"expires": "2030-01-01"}, {"expires": "2030-01-01T00:00:00Z"}, "is read as"),
    ({"expires": "never"}, {"source_expires": "never"}, "is no time"),
    ({"expires": "2030-13-01"}, {"source_expires": "2030-13-01"}, "does not count"),
    ({"active": "yes"}, {"source_active": "yes"}, "is no JSON"),
    ({"active": 1}, {"source_active": 1}, "does not count"),
    ({"preset": "Calm"}, {"preset": "calm"}, None),
    ({"preset": "default"}, {"source_preset": "default"}, "does not count"),
    ({"width": "3.5 m"}, {"width": "3.5 m"}, None),  # on an area it is somebody else's
    ({"radius": "big"}, {"radius": "big"}, None),
    ({"expect": "2 buses"}, {"source_expect": "2 buses"}, "does not count"),
    ({"expect": [{"devices": ["a"], "by": "8"}]}, {"source_expect": [{"devices": ["a"], "by": "8"}]}, "does not count"),
    ({"expect": json.dumps(SCHOOL)}, {"expect": SCHOOL}, None),
    ({"repair": "in 2019"}, {"source_repair": "in 2019"}, "does not count"),
    ({"revision": "B"}, {"source_revision": "B"}, "no number of ours"),
]


def test_each_property_of_ours_is_read_before_it_can_refuse() -> None:
    assert frozenset(GeofenceProperties.__struct_encode_fields__) == NAMES_OF_OURS


@pytest.mark.parametrize("given, kept, note", ROWS, ids=[str(row[0]) for row in ROWS])
def test_a_foreign_property_with_our_name_refuses_nothing(
    given: dict[str, Any], kept: dict[str, Any], note: str | None
) -> None:
    found, said = one(feature(name="A", **given))
    expected = {"name": "A", "preset": "balanced"} | kept
    assert found["properties"] == expected
    assert (said == []) if note is None else any(note in each for each in said), said


@pytest.mark.parametrize(
    "width, metres", [("2.5", 2.5), ("3.5 m", 3.5), ("16'3\"", 4.953), ("1,5", 1.5), (7, 7), (None, 30), ("", 30)]
)
def test_a_width_in_words(width: Any, metres: float) -> None:
    assert one(feature(LINE, width=width))[0]["properties"]["width"] == metres


def test_a_width_that_cannot_be_read_gives_way_to_the_lent_one() -> None:
    found, said = one(feature(LINE, width="narrow"))
    assert found["properties"]["width"] == 30 and found["properties"]["source_width"] == "narrow"
    assert "narrow does not count" in said[0] and "is no number" in said[0]
    missing = collect(read_features(body(feature(LINE, width="narrow"))), Defaults())
    assert "is needed" in missing.bad[0].reason and "is no number" in missing.bad[0].reason


NAMES: list[tuple[Any, str | None, str | None]] = [  # None: it is called by its id
    ("", None, None),
    (None, None, None),
    (1204, "1204", None),
    (["A", "B"], "A, B", "became A, B"),
    ({"en": "A"}, None, "is no name"),
    ("  \u200b\u3164 ", None, "is no name"),
    ("North\nYard", "North Yard", "became North Yard"),
    ("x" * 300, "x" * 199 + "…", "became xxx"),
    (True, None, "is no name"),
    (" A ", "A", "became A"),
    ("\u05d7\u05d9\u05e4\u05d4", "\u05d7\u05d9\u05e4\u05d4", None),
]


@pytest.mark.parametrize("given, name, note", NAMES, ids=[str(row[0])[:20] for row in NAMES])
def test_odd_names(given: Any, name: str | None, note: str | None) -> None:
    found, said = one(feature(id="yard", name=given))
    assert found["properties"]["name"] == (name or "yard")
    assert (said == []) if note is None else note in said[0], said


def test_the_name_in_capitals() -> None:
    assert one(feature(Name="Yard"))[0]["properties"] == {"name": "Yard", "preset": "balanced"}


IDS: list[tuple[Any, str, str | None]] = [
    ("way/90210001", "way-90210001", "way/90210001"),
    ("{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "6F9619FF-8B86-D011-B42D-00C04FC964FF", None),
    (17, "17", None),
    ("zone.1", "zone.1", None),
    (-5, "5-", "-5"),
    ("a b", "a-b-", "a b"),
    ("a/b", "a-b-", "a/b"),
    ("Å", "A-", "Å"),
    ("\u6771\u4eac", "fence-", "\u6771\u4eac"),
    ("x" * 65, "x" * 40 + "-", "x" * 65),
    ("export", "export-", "export"),
    ({"$oid": "507f1f77bcf86cd799439011"}, "oid-507f1f77bcf86cd799439011-", '{"$oid":"507f1f77bcf86cd799439011"}'),
    ("", "fence-", None),
]


@pytest.mark.parametrize("given, begin, source", IDS, ids=[str(row[0])[:20] for row in IDS])
@pytest.mark.parametrize("column", [False, True])
def test_ids_that_cannot_be_ours(given: Any, begin: str, source: str | None, column: bool) -> None:
    fence = feature() | {"properties": {"id": given}} if column else feature(id=given)
    found, said = one(fence)
    assert found["id"].startswith(begin) and (begin.endswith("-") or found["id"] == begin)
    assert found["id"] == one(fence)[0]["id"]  # the same file finds it again
    if source is not None:
        assert found["properties"]["source_id"] == source and source[:20] in said[0]
    assert "id" not in found["properties"]


def test_two_features_with_one_id_the_second_is_refused_by_name() -> None:
    for given in (
        (feature(id="a"), feature(id="a", name="B")),
        (feature() | {"properties": {"id": 5}}, feature(id="5", name="B")),
    ):
        found = read(*given)
        assert len(found.drafts) == 1
        (bad,) = found.bad
        assert (bad.index, bad.name, bad.field) == (1, "B", "id") and "number 0" in bad.reason


def test_an_id_of_its_own_wins_over_the_column() -> None:
    found, said = one({**feature(id="a"), "properties": {"id": "b"}})
    assert found["id"] == "a" and found["properties"]["source_id"] == "b" and "an id of its own" in said[0]


def test_features_alike_without_ids_are_each_found_again() -> None:
    first, again = ([draft.id for draft in read(feature(), feature(), feature(POINT)).drafts] for _ in range(2))
    assert first == again and len(set(first)) == 3


REFUSED: list[tuple[Any, str, str]] = [
    (feature(None), "geometry", "there is none"),
    ({"type": "Feature", "properties": {}}, "geometry", "there is none"),
    (feature({"type": "GeometryCollection", "geometries": []}), "geometry", "there is none"),
    (feature({"type": "MultiPoint", "coordinates": []}), "geometry", "there is none"),
    (feature({"type": "Point", "coordinates": [1.0] * 400_001}), "geometry", "400,001 numbers"),
    (feature({"type": "Polygon", "coordinates": [[[1, 1], [2, 1, 0, 2, 2, 0], [1, 1]]]}), "geometry", "6 numbers"),
    (feature({"type": "Point", "coordinates": [1552530, 8234680]}), "geometry", "metres of a map"),
    (feature(AREA) | {"crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}, "crs", "EPSG:3857"),
    (feature(AREA | {"crs": {"type": "name", "properties": {"name": "EPSG:2154"}}}), "crs", "EPSG:2154"),
    ({"geometry": AREA, "properties": {}}, "type", "is not Feature"),
    (7, "", "Expected `object`"),
]


@pytest.mark.parametrize("given, field, reason", REFUSED, ids=[row[2] for row in REFUSED])
def test_one_that_can_be_none_costs_no_neighbour(given: Any, field: str, reason: str) -> None:
    found = read(feature(id="a"), given, feature(id="b"))
    assert [draft.id for draft in found.drafts] == ["a", "b"]
    (bad,) = found.bad
    assert (bad.index, bad.field or "") == (1, field) and reason in bad.reason


def test_a_text_that_is_no_utf_8_costs_no_neighbour() -> None:
    whole = body(feature(id="a"), feature(id="b", name="A?"), feature(id="c")).replace(b"A?", b"\xc5\xe4")
    found = collect(read_features(whole), Defaults())
    assert [draft.id for draft in found.drafts] == ["a", "c"] and found.bad[0].index == 1


OURS = (
    "urn:ogc:def:crs:OGC:1.3:CRS84",
    "OGC:CRS84",
    "EPSG:4326",
    "urn:ogc:def:crs:EPSG::4326",
    "WGS 84",
    "CRS:84",
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "http://www.opengis.net/gml/srs/epsg.xml#4326",
    "epsg:4979",
)
FOREIGN = (
    "urn:ogc:def:crs:EPSG::3857",
    "EPSG:900913",
    "http://www.opengis.net/def/crs/EPSG/0/3067",
    "OGC:CRS27",
    "urn:ogc:def:crs:EPSG:6.18:3:3857",
    "ESRI:102100",
    "https://epsg.io/25832",
    "WGS 84 / UTM zone 35N",
)


def spelled(name: str) -> list[Any]:
    kinds = [{"type": kind, "properties": {"name": name}} for kind in ("name", "named")]
    return [
        name,
        *kinds,
        {"type": "link", "properties": {"href": name, "type": "ogcwkt"}},
        {"properties": {"urn": name}},
    ]


@pytest.mark.parametrize("name", OURS)
def test_longitude_and_latitude_in_every_spelling(name: str) -> None:
    for crs in (*spelled(name), None):
        found = read(feature(id="a"), crs=crs)
        assert len(found.drafts) == 1
        assert all("longitude first" in said.note for said in found.said)


@pytest.mark.parametrize("name", FOREIGN)
def test_another_system_is_refused_by_its_name(name: str) -> None:
    for crs in spelled(name):
        with pytest.raises(Invalid, match="crs: the coordinates are in") as refused:
            read(feature(id="a"), crs=crs)
        assert name in str(refused.value)
    with pytest.raises(Invalid, match="EPSG:3857"):
        read(feature(id="a"), crs={"type": "EPSG", "properties": {"code": 3857}})
    with pytest.raises(Invalid, match="names no system"):
        read(feature(id="a"), crs={"type": "name", "properties": {}})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_byte_order_marks_and_wide_letters(encoding: str) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature(name="Älv")]}, ensure_ascii=False)
    (draft,) = collect(read_features(text.encode(encoding)), Defaults()).drafts
    assert json.loads(draft.feature)["properties"]["name"] == "Älv"
    with pytest.raises(Malformed):
        collect(read_features(b"\xff\xfe{"), Defaults())


ALONE = feature(id="a", name="A")
SECOND = feature(id="b", name="B")
WITHOUT_A_COLLECTION: dict[str, tuple[str, int]] = {  # what is given, how many geofences come of it
    "a feature": (json.dumps(ALONE), 1),
    "a feature over lines": (json.dumps(ALONE, indent=1), 1),
    "a geometry": (json.dumps(AREA), 1),
    "a collection of geometries": (json.dumps({"type": "GeometryCollection", "geometries": [AREA, LINE]}), 2),
    "an array": (json.dumps([ALONE, SECOND]), 2),
    "one in each line": (json.dumps(ALONE) + "\n" + json.dumps(SECOND) + "\r\n\n", 2),
    "one line": (json.dumps(ALONE) + "\n", 1),
    "a sequence of RFC 8142": ("\x1e" + json.dumps(ALONE) + "\n\x1e" + json.dumps(SECOND, indent=1) + "\n", 2),
    "a sequence of one": ("\x1e" + json.dumps(ALONE) + "\n", 1),
    "a collection over lines": (json.dumps({"type": "FeatureCollection", "features": [ALONE, SECOND]}, indent=1), 2),
}


@pytest.mark.parametrize("text, count", WITHOUT_A_COLLECTION.values(), ids=WITHOUT_A_COLLECTION)
def test_what_means_a_collection_is_read_as_one(text: str, count: int) -> None:
    for body in (text.encode(), b"\xef\xbb\xbf" + text.encode()):
        found = collect(read_features(body), Defaults(width=30))
        assert len(found.drafts) == count and not found.bad


def test_a_broken_line_costs_no_neighbour_and_other_json_is_none() -> None:
    found = collect(
        read_features(f'{json.dumps(ALONE)}\n{{"type":"Feature"}}\n{json.dumps(SECOND)}'.encode()), Defaults()
    )
    assert [draft.id for draft in found.drafts] == ["a", "b"] and found.bad[0].index == 1
    for other in ('{"type":"Topology"}', '{"a":1}', "7", '"x"', "null", "{", "", "[]", "[ ]"):
        with pytest.raises((Invalid, Malformed)):
            collect(read_features(other.encode()), Defaults())


def test_several_geometries_are_parted_as_those_of_kml_are() -> None:
    several = {
        "type": "GeometryCollection",
        "geometries": [POINT, AREA, {"type": "GeometryCollection", "geometries": [LINE]}],
    }
    found = read(feature(several, id="a", name="A"))
    assert [json.loads(draft.feature)["geometry"]["type"] for draft in found.drafts] == ["Polygon", "LineString"]
    assert [draft.id for draft in found.drafts] == ["a", "a-2"] and found.indices == [0, 0]
    assert "a point beside the area" in found.said[0].note
    points = read(feature({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, id="p"))
    assert [draft.id for draft in points.drafts] == ["p", "p-2"]


def test_a_line_that_was_cut_at_180_is_one_again() -> None:
    lines = [[[179, 1], [180, 1.5]], [[-180, 1.5], [-179, 2]], [[0, 0], [1, 1]]]
    found = read(feature({"type": "MultiLineString", "coordinates": lines}))
    assert [len(json.loads(draft.feature)["geometry"]["coordinates"]) for draft in found.drafts] == [3, 2]


def test_heights_in_some_places_only() -> None:
    mixed = [[[24, 60], [25, 60, 7], [25, 61, 7, 3], [24, 60]]]
    assert one(feature({"type": "Polygon", "coordinates": mixed}))[0]["geometry"]["coordinates"] == mixed


def test_a_mended_geometry_is_said() -> None:
    tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    assert "repaired, from" in one(feature(tie, repair=True))[1][0]


def test_the_same_note_is_told_once() -> None:
    found = read(*(feature(id=f"f{number}", preset="default") for number in range(300)))
    assert [(said.index, said.times) for said in found.said] == [(0, 300)]
    found = read(*(feature(id=f"f{number}", devices=f"a,b{number}") for number in range(300)))
    assert len(found.said) == 101 and found.said[-1].note == "and 200 other notes"


odd = st.sampled_from((2**70, -(2**70), 1e308, -0.0, "(1:", "(9:a)", "[", "{}", "0x5", "5e5", "NaN", "9999-99-99"))
values: st.SearchStrategy[Any] = st.recursive(
    odd | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
named = st.sampled_from(
    (*sorted(NAMES_OF_OURS), "id", "Name", "SPEED_LIMI", "revision", "repaired", "source_id", "tessellate")
)


@drawn(st.dictionaries(named, values), values, st.sampled_from((AREA, POINT, LINE)))
def test_whatever_stands_in_our_properties_refuses_no_feature(properties: Any, id: Any, geometry: Any) -> None:
    given = {"type": "Feature", "id": id, "geometry": geometry, "properties": properties}
    found = read(given, given)
    assert not [bad for bad in found.bad if bad.field != "id" and "64-bit" not in bad.reason], found.bad
    assert len(found.drafts) >= 1 or found.bad


def test_holes_and_parts_without_a_place_are_left_out() -> None:
    rings = AREA["coordinates"]
    for given in (
        {"type": "Polygon", "coordinates": [*rings, []]},
        {"type": "MultiPolygon", "coordinates": [[], [*rings, []], [[]]]},
    ):
        found, notes = one(feature(given))
        whole = rings if given["type"] == "Polygon" else [rings]
        assert (found["geometry"]["coordinates"], notes) == (whole, ["geometry: rings without places are left out"])
    assert read(feature({"type": "Polygon", "coordinates": [[]]})).bad[0].field == "geometry"
    held = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [*rings, []]}]}
    found, notes = one(feature(held))
    assert (found["geometry"]["coordinates"], notes) == (rings, ["geometry: rings without places are left out"])
    hole_of_nothing = {"type": "MultiPolygon", "coordinates": [rings, [[], *rings]]}
    assert read(feature(hole_of_nothing)).bad[0].field == "geometry", "places may not go with it"


def comb(teeth: int, *, lying: bool) -> list[list[float]]:
    """A ring of as many teeth. Of two, one standing and one lying, each tooth crosses each."""
    step = 1 / (2 * teeth)
    edge = [[0.0, -1.0]]
    for n in range(teeth):
        edge += [[2 * n * step, 0.0], [2 * n * step, 1.0], [(2 * n + 1) * step, 1.0], [(2 * n + 1) * step, 0.0]]
    ring = [*edge, [1.0, -1.0], edge[0]]
    return [[y, x] for x, y in ring] if lying else ring


def test_areas_that_cross_too_often_are_not_joined_and_cost_no_neighbour() -> None:
    def laid(teeth: int) -> dict[str, Any]:
        areas = [{"type": "Polygon", "coordinates": [comb(teeth, lying=lying)]} for lying in (False, True)]
        return feature({"type": "GeometryCollection", "geometries": areas})

    assert len(read(laid(10)).drafts) == 1
    found = read(laid(80), feature(AREA))
    assert len(found.drafts) == 1 and found.bad[0].field == "geometry"


def test_places_that_became_one_are_refused_also_where_areas_are_joined() -> None:
    ring = AREA["coordinates"][0]
    odd = [[*place, 0, 1, 2] for place in ring]
    areas = [{"type": "Polygon", "coordinates": [each]} for each in (odd, ring)]
    assert "5 numbers" in read(feature({"type": "GeometryCollection", "geometries": areas})).bad[0].reason
