"""What is a geofence and what is refused, with the reason and the place."""

import json
from typing import Any

import msgspec
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, corridor, feature, polygon, shared
from tests.laws import examples
from tracker.errors import Invalid, Malformed, TooLarge, TrackerError
from tracker.geofence.index.index import FenceIndex
from tracker.geofence.reading.feature import parse
from tracker.geofence.reading.geojson import MAX_VERTICES, PIECE, decode

SQUARE = [[24, 60], [25, 60], [25, 61], [24, 61], [24, 60]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}
POINT = {"type": "Point", "coordinates": [24.9, 60.2]}
LINE = {"type": "LineString", "coordinates": [[24, 60], [25, 60]]}


def ring(*positions: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [list(positions)]}


REFUSED: dict[str, tuple[bytes, type[TrackerError], str]] = {
    "no JSON": (b"{", Malformed, "no JSON"),
    "not UTF-8": (b'{"type":"\xff"}', Malformed, "not in UTF-8"),
    "a list": (b"[]", Invalid, "Expected `object`"),
    "no feature": (json.dumps(POLYGON).encode(), Invalid, "Invalid enum value 'Polygon'"),
    "no geometry": (b'{"type":"Feature","properties":{}}', Invalid, "geometry"),
    "null geometry": (b'{"type":"Feature","geometry":null,"properties":{}}', Invalid, "geometry"),
    "a collection": (feature({"type": "GeometryCollection", "geometries": []}), Invalid, "GeometryCollection"),
    "many points": (feature({"type": "MultiPoint", "coordinates": []}), Invalid, "a geofence is a Polygon"),
    "deep": (b'{"type":"Feature","properties":{"a":' + b"[" * 100_000, Malformed, "nested too deeply"),
    "deep unknown": (b'{"type":"Feature","x":' + b"[" * 100_000, Malformed, "nested too deeply"),
    "NaN": (b'{"type":"Feature","geometry":{"type":"Point","coordinates":[NaN,1]}}', Malformed, "no JSON"),
    "huge": (b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1e999,1]}}', Invalid, "out of range"),
    "text": (feature({"type": "Point", "coordinates": ["24", 60]}, radius=1), Invalid, "geometry.coordinates"),
    "true": (feature({"type": "Point", "coordinates": [True, 60]}, radius=1), Invalid, "geometry.coordinates"),
    "no polygon": (feature({"type": "Polygon", "coordinates": []}), Invalid, "no ring"),
    "no ring": (feature({"type": "MultiPolygon", "coordinates": []}), Invalid, "empty"),
    "empty ring": (feature(ring()), Invalid, "at least 3"),
    "two points": (feature(ring([24, 60], [25, 60])), Invalid, "at least 3 different points at 24, 60"),
    "one point thrice": (feature(ring([1, 2], [1, 2], [1, 2], [1, 2])), Invalid, "at least 3"),
    "a line": (feature(ring([24, 60], [25, 60], [26, 60])), Invalid, "geometry"),
    "latitude 91": (feature(ring([24, 60], [25, 91], [26, 60])), Invalid, r"coordinates\[0\]\[1\].*25, 91"),
    "longitude 541": (feature(ring([24, 60], [541, 61], [26, 60])), Invalid, r"coordinates\[0\]\[1\]"),
    "short position": (feature(ring([24, 60], [25], [26, 60])), Invalid, r"coordinates\[0\]\[1\]"),
    "bow-tie": (feature(ring([24, 60], [25, 61], [25, 60], [24, 61])), Invalid, r"self-intersection at 24.5, 60.5"),
    "hole outside": (
        feature({"type": "Polygon", "coordinates": [SQUARE, box(30, 60, 31, 61)]}),
        Invalid,
        "hole lies outside",
    ),
    "nested shells": (
        feature({"type": "MultiPolygon", "coordinates": [[SQUARE], [box(24.2, 60.2, 24.3, 60.3)]]}),
        Invalid,
        "nested shells at",
    ),
    "same shell twice": (feature({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}), Invalid, "geometry"),
    "round a pole": (feature(ring([-120, 80], [0, 80], [120, 80])), Invalid, "round a pole"),
    "the globe": (feature(ring(*box(-180, -90, 180, 90))), Invalid, "geometry"),
    "half the globe": (
        feature(ring([-170, -85], [0, -85], [170, -85], [170, 85], [0, 85], [-170, 85])),
        Invalid,
        "half the globe",
    ),
    "once round": (
        feature(ring([0, 0], [100, 0], [200, 0], [300, 0], [400, 0], [400, 9], [300, 9], [200, 9], [100, 9], [0, 9])),
        Invalid,
        "once round the globe",
    ),
    "no radius": (feature(POINT), Invalid, "radius: is needed"),
    "radius 0": (feature(POINT, radius=0), Invalid, "radius: 0 is not from"),
    "radius -5": (feature(POINT, radius=-5), Invalid, "radius"),
    "radius 1e7": (feature(POINT, radius=1e7), Invalid, "radius"),
    "radius text": (feature(POINT, radius="50"), Invalid, "properties.radius: Expected `float"),
    "no width": (feature(LINE), Invalid, "width: is needed"),
    "width 0": (feature(LINE, width=0), Invalid, "width"),
    "a point for a line": (
        feature({"type": "LineString", "coordinates": [[1, 1], [1, 1]]}, width=5),
        Invalid,
        "2 different",
    ),
    "an empty line": (feature({"type": "LineString", "coordinates": []}, width=5), Invalid, "empty"),
    "corridor to the pole": (
        feature({"type": "LineString", "coordinates": [[1, 80], [1, 89.99]]}, width=5000),
        Invalid,
        "reaches a pole",
    ),
    "preset": (feature(POLYGON, preset="lenient"), Invalid, "properties.preset"),
    "dwell 0": (feature(POLYGON, dwell=0), Invalid, "properties.dwell"),
    "name 5": (feature(POLYGON, name=5), Invalid, "properties.name"),
    "no name": (feature(POLYGON, name=""), Invalid, "properties.name"),
    "character 0": (feature(POLYGON, note="a\0b"), Invalid, "character 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    text, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        parse(text)


def test_taken_as_it_is() -> None:
    text = feature(POLYGON, name="Harbour", colour="red", preset="calm", dwell=60)
    fence = parse(text, id="harbour", key=7, revision=3)
    assert (fence.key, fence.id, fence.name, fence.revision) == (7, "harbour", "Harbour", 3)
    assert (fence.kind, fence.preset, fence.dwell, fence.reach) == ("polygon", "calm", 60.0, None)
    kept = json.loads(fence.feature)
    assert kept["id"] == "harbour"
    assert kept["geometry"] == POLYGON
    assert kept["properties"] == {"name": "Harbour", "colour": "red", "preset": "calm", "dwell": 60}


def test_stored_feature_reads_the_same() -> None:
    for fence in (polygon(box(0, 0, 1, 1)), circle(5, 5, 100), corridor([(0, 0), (1, 1)], 50)):
        again = parse(fence.feature)
        assert (again.id, again.feature, again.kind, again.reach) == (fence.id, fence.feature, fence.kind, fence.reach)
        assert shapely.equals_exact(again.shape, fence.shape)


def test_defaults() -> None:
    fence = parse(feature(POLYGON))
    assert fence.preset == "balanced"
    assert fence.name == fence.id
    assert parse(feature(POLYGON)).id != fence.id


@pytest.mark.parametrize("slug", ["", "-a", "a b", "a/b", "x" * 65, "å"])
def test_bad_id(slug: str) -> None:
    text = json.dumps({"type": "Feature", "id": slug, "geometry": POLYGON, "properties": {}}).encode()
    with pytest.raises(Invalid, match="id"):
        parse(text)


def test_unclosed_and_clockwise_are_accepted() -> None:
    closed, unclosed = polygon(box(0, 0, 1, 1)), polygon(box(0, 0, 1, 1)[::-1])
    assert shapely.equals(closed.shape, unclosed.shape)


def test_positions_with_altitude() -> None:
    fence = parse(feature(ring([24, 60, 5], [25, 60], [25, 61, 5])))
    assert fence.shape.bounds == (24, 60, 25, 61)


def test_too_many_vertices_says_what_simplifying_gives() -> None:
    wave = [[index / 20_000, 0.000001 * (index % 2)] for index in range(20_000)]
    with pytest.raises(TooLarge, match=r"20,002 vertices .* simplified to 1 m there are \d+") as refusal:
        parse(feature(ring(*wave, [1, 1], [0, 1])))
    assert str(MAX_VERTICES // 1000) in str(refusal.value)
    with pytest.raises(TooLarge, match="simplify it first"):
        parse(feature(ring(*[[index / 70_000, 0.0] for index in range(70_000)])))


def test_large_geometries_are_read_in_pieces_as_in_one() -> None:
    places = [[round(index / 1000, 3), 0.001 * (index % 7)] for index in range(9_000)]
    for geometry in (
        {"type": "LineString", "coordinates": places},
        {"type": "Polygon", "coordinates": [places, places[:100]]},
        {"type": "MultiPolygon", "coordinates": [[places], [places[:5], places[7:]]]},
    ):
        text = feature(geometry).replace(b"], [", b"]" + b" " * 30 + b"\n,\r [")
        assert len(text) > 2 * PIECE  # or it would be read in one
        assert msgspec.to_builtins(decode(text).geometry) == geometry


@pytest.mark.parametrize("wrong", ["[1, null]", '"], ["', "[[1, 2], [3, 4]]", "[]"])
def test_what_is_wrong_in_a_large_geometry_is_told_as_in_a_small_one(wrong: str) -> None:
    places = b"[0.123456789, 1.123456789], " * 20_000
    text = feature({"type": "Polygon", "coordinates": []}).replace(b"[]", b"[[%b%b]]" % (places, wrong.encode()))
    with pytest.raises(Invalid, match=r"geometry\.coordinates"):
        parse(text)


def test_too_much_is_refused_unread() -> None:
    with pytest.raises(TooLarge, match="over 60,000 vertices"):
        parse(feature({"type": "LineString", "coordinates": [[0, 0]] * 100_000}, width=5))
    with pytest.raises(TooLarge, match="properties: 128 kB"):
        parse(feature(POINT, radius=5, note="x" * 200_000))


def test_repair_shows_the_area_before_and_after() -> None:
    bow_tie = ring([24, 60], [24.2, 60.2], [24.2, 60], [24, 60.1])
    fence = parse(feature(bow_tie, repair=True))
    kept = json.loads(fence.feature)
    note = kept["properties"]["repaired"]
    assert "self-intersection" in note["reason"]
    assert 0 < note["area_before"] < note["area_after"]
    assert "repair" not in kept["properties"]
    assert fence.shape.is_valid
    assert parse(fence.feature).shape.equals(fence.shape)


def test_a_dropped_scrap_is_a_repair_too() -> None:
    """Or the stored feature would still have it, and be refused when it is read again."""
    scrap = [[24.5, 60.5], [24.5, 60.5], [24.6, 60.5], [24.5, 60.5]]
    fence = parse(feature({"type": "Polygon", "coordinates": [SQUARE, scrap]}, repair=True))
    note = json.loads(fence.feature)["properties"]["repaired"]
    assert "at least 3 different points" in note["reason"] and note["area_before"] == note["area_after"] > 0
    assert parse(fence.feature).shape.equals(fence.shape)


def test_repair_leaves_what_is_right() -> None:
    assert "repaired" not in json.loads(parse(feature(POLYGON, repair=True)).feature)["properties"]


def test_published_shapes_that_are_wrong() -> None:
    """All 49 are refused with a reason; a repair mends every one that encloses anything."""
    mended = 0
    for found in shared("data/geofences/real_invalid.geojson")["features"]:
        wrong: dict[str, Any] = {"type": "Feature", "geometry": found["geometry"], "properties": {}}
        with pytest.raises(Invalid) as refusal:
            parse(json.dumps(wrong).encode())
        assert refusal.value.field in ("geometry", "geometry.type")
        if "Polygon" not in wrong["geometry"]["type"]:
            continue
        wrong["properties"] = {"repair": True}
        try:
            mended += parse(json.dumps(wrong).encode()).shape.is_valid
        except Invalid as error:
            assert "covers no area" in str(error)
    assert mended >= 36


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("districts_hamburg", 103),
        ("districts_dublin", 23),
        ("districts_san-francisco", 34),
        ("districts_portland", 57),
        ("districts_copenhagen", 8),
        ("districts_brooklyn", 54),
        ("real_antimeridian", 4),
    ],
)
def test_published_shapes(name: str, taken: int) -> None:
    """As many as shapely itself finds valid."""
    count = 0
    for found in shared(f"data/geofences/{name}.geojson")["features"]:
        valid = shapely.is_valid(shapely.geometry.shape(found["geometry"]))
        try:
            fence = parse(json.dumps({"type": "Feature", "geometry": found["geometry"]}).encode())
        except Invalid:
            assert not valid
        else:
            assert valid
            assert fence.shape.is_valid
            count += 1
    assert count == taken


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=12,
)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([180, -180, 90, 25, 1e-300])
places = st.tuples(st.integers(-400, 400), st.integers(-90, 90)).map(list)
positions = places | st.lists(numbers, max_size=3)
coordinates = st.one_of(
    positions,
    st.lists(positions, max_size=8),
    st.lists(st.lists(positions, max_size=8), max_size=3),
    st.lists(st.lists(st.lists(positions, max_size=6), max_size=2), max_size=3),
    json_values,
)
properties = st.fixed_dictionaries(
    {},
    optional={
        "radius": numbers | json_values,
        "width": numbers | json_values,
        "repair": st.booleans(),
        "name": json_values,
        "dwell": numbers,
        "preset": st.sampled_from(["strict", "calm", "x"]),
    },
)
kinds = st.sampled_from(["Polygon", "MultiPolygon", "Point", "LineString"])


@settings(max_examples=examples(200))
@given(kinds, coordinates, properties | json_values)
def test_whatever_comes_is_a_geofence_or_refused(kind: str, coordinates: Any, properties: Any) -> None:
    wild = {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
    try:
        fence = parse(json.dumps(wild).encode())
    except TrackerError as error:
        assert isinstance(error, Invalid | Malformed | TooLarge)
        assert str(error)
    else:
        assert fence.shape.is_valid
        assert not fence.shape.is_empty
        assert FenceIndex.build([fence]).fence(fence.key) is fence


@settings(max_examples=examples(100))
@given(st.binary(max_size=60))
def test_any_bytes(text: bytes) -> None:
    with pytest.raises(TrackerError):
        parse(text)


longitudes = st.integers(165, 195) | st.sampled_from((-179, -175, -120, 0, 100, 180.5))
corners = st.tuples(longitudes, st.integers(-89, 89)).map(list)
any_rings = st.lists(st.lists(corners, max_size=7), min_size=1, max_size=3)
areas = st.one_of(
    any_rings.map(lambda rings: {"type": "Polygon", "coordinates": rings}),
    st.lists(any_rings, max_size=3).map(lambda parts: {"type": "MultiPolygon", "coordinates": parts}),
)


@given(areas, st.booleans())
def test_what_is_stored_is_read_again_as_it_was(geometry: dict[str, Any], repair: bool) -> None:
    """Mended or not: the writer reads what the API stored, and may refuse nothing of it."""
    try:
        fence = parse(feature(geometry, repair=repair))
    except (Invalid, TooLarge):
        return
    again = parse(fence.feature)
    assert shapely.equals_exact(again.shape, fence.shape) and again.feature == fence.feature
