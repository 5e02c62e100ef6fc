"""Ways through geofences against places tried densely along them."""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, corridor, polygon
from tests.geofence.test_index import rings, taken
from tests.laws import examples
from tracker.geofence.border.depth import measure_depth
from tracker.geofence.border.passing import Passages, find_chord, find_crossing
from tracker.geofence.border.stretches import find_reach_stretches, find_stretches, measure_depths
from tracker.geofence.shape.way import Way
from tracker.model.geofence import Geofence

Place = tuple[float, float]
SAMPLES = 100


def near_enough(way: Way) -> float:
    """Metres of depth that a place between two samples may have, and a chord may miss."""
    return way.metres / SAMPLES


def holds(fence: Geofence, a: Place, b: Place) -> None:
    """Every sample is where the stretches say, but for those within a hand's breadth of the border."""
    way = Way.of(a, b)
    found = find_stretches(fence, way)
    assert all(begin <= end for begin, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    depths = [(t, measure_depth(fence, *way.at(t))) for t in np.linspace(0, 1, SAMPLES + 1).tolist()]
    slack = 0.02 if fence.reach is None else 0.02 + way.metres * 1e-3
    for t, metres in depths:
        within = any(begin <= t <= end for begin, end in found)
        assert within == (metres >= 0) or abs(metres) <= slack, (t, metres, found)
    deepest = max(metres for _, metres in depths)
    if (through := find_chord(fence, a, b)) is not None:
        assert (through.enter, through.exit) in found
        assert deepest - 0.1 - 0.01 * abs(deepest) <= through.depth <= deepest + near_enough(way)
    else:
        assert deepest < slack


@settings(max_examples=examples(40))
@given(rings(), st.integers(0, 2**32 - 1))
def test_polygons(ring: list[Place], seed: int) -> None:
    """From a corner, and through places on a coarse grid, so that ways meet corners and run along edges."""
    fence = taken(ring, 1)
    if fence is None:
        return
    rng = np.random.default_rng(seed)
    (west, south), (east, north) = np.min(ring, axis=0), np.max(ring, axis=0)
    lon = np.linspace(2 * west - east, 2 * east - west, 13)[rng.integers(13, size=4)]
    lat = np.clip(np.linspace(2 * south - north, 2 * north - south, 13), -90, 90)[rng.integers(13, size=4)]
    places = [*zip(((lon + 180) % 360 - 180).tolist(), lat.tolist(), strict=True), turned(ring[0]), turned(ring[1])]
    for a, b in pairwise(places):
        if abs(a[0] - b[0]) < 170 or abs(a[0] - b[0]) > 190:
            holds(fence, a, b)


def turned(place: Place) -> Place:
    return (place[0] + 180) % 360 - 180, place[1]


def around(lon: float, lat: float, metres: float, azimuth: float) -> Place:
    north = min(89.9, max(-89.9, lat + metres * math.cos(azimuth) / 111_000))
    return turned((lon + metres * math.sin(azimuth) / 111_000 / math.cos(math.radians(lat)), north))


@settings(max_examples=examples(40))
@given(
    st.sampled_from([-180.0, 179.9999, 0.0, 24.9]),
    st.sampled_from([-60.0, 0.0, 33.3, 80.0]),
    st.sampled_from([5.0, 100.0, 3_000.0, 200_000.0]),
    st.floats(0, 7),
    st.floats(0, 7),
    st.floats(0.5, 3),
)
def test_circles(lon: float, lat: float, radius: float, one: float, other: float, far: float) -> None:
    holds(circle(lon, lat, radius), around(lon, lat, far * radius, one), around(lon, lat, 1.5 * radius, other))


@settings(max_examples=examples(15))
@given(st.sampled_from([0.0, 179.995]), st.sampled_from([0.0, 60.0]), st.integers(0, 2**32 - 1))
def test_corridors(lon: float, lat: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    line = np.array((lon, lat)) + rng.uniform(-0.01, 0.01, (4, 2))
    fence = corridor([(x, y) for x, y in line.tolist()], float(rng.choice([10.0, 300.0])))
    places = [turned((x, y)) for x, y in (np.array((lon, lat)) + rng.uniform(-0.01, 0.01, (3, 2))).tolist()]
    for a, b in pairwise(places):
        holds(fence, a, b)


SQUARE = polygon(box(10, 50, 10.01, 50.01))


def test_a_way_through_a_square() -> None:
    through = find_chord(SQUARE, (9.99, 50.005), (10.03, 50.005))
    assert through is not None
    assert (through.enter, through.exit) == pytest.approx((0.25, 0.5))
    assert through.depth == pytest.approx(358.5, abs=3.6)
    assert find_chord(SQUARE, (9.99, 50.02), (10.03, 50.02)) is None


def test_a_way_that_ends_inside_or_never_leaves() -> None:
    ends = find_chord(SQUARE, (9.99, 50.005), (10.005, 50.005))
    stays = find_chord(SQUARE, (10.001, 50.001), (10.009, 50.009))
    assert ends is not None
    assert stays is not None
    assert (ends.enter, ends.exit) == pytest.approx((2 / 3, 1.0))
    assert (stays.enter, stays.exit) == (0.0, 1.0)


def test_a_corner_touched_is_a_chord_of_no_length() -> None:
    touched = find_chord(SQUARE, (9.99, 50.0), (10.01, 49.99)) or find_chord(SQUARE, (9.99, 50.01), (10.01, 49.99))
    assert touched is not None
    assert touched.enter == pytest.approx(touched.exit)
    assert touched.depth == pytest.approx(0.0, abs=0.01)


def test_of_two_stretches_the_deepest() -> None:
    horseshoe = polygon(
        [(0, 0), (0.03, 0), (0.03, 0.02), (0.01, 0.02), (0.01, 0.01), (0.005, 0.01), (0.005, 0.02), (0, 0.02)]
    )
    assert len(find_stretches(horseshoe, Way.of((-0.01, 0.015), (0.04, 0.015)))) == 2
    through = find_chord(horseshoe, (-0.01, 0.015), (0.04, 0.015))
    assert through is not None
    assert (through.enter, through.exit) == pytest.approx((0.4, 0.8))
    assert find_crossing(horseshoe, (-0.01, 0.015), (0.02, 0.015)) == pytest.approx(2 / 3)


def test_standing_still() -> None:
    assert find_chord(SQUARE, (9.0, 50.0), (9.0, 50.0)) is None
    inside = find_chord(SQUARE, (10.005, 50.005), (10.005, 50.005))
    assert inside is not None
    assert inside.depth > 300
    assert find_chord(circle(10, 50, 30), (10, 50), (10, 50)) == (0.0, 1.0, 30.0)


@pytest.mark.parametrize("fence", [SQUARE, circle(10.005, 50.005, 300), corridor([(10.005, 49), (10.005, 51)], 400)])
def test_the_fraction_lies_on_the_border(fence: Geofence) -> None:
    outside, inside = (9.98, 50.004), (10.006, 50.005)
    t = find_crossing(fence, outside, inside)
    assert 0 < t < 1
    assert measure_depth(fence, *Way.of(outside, inside).at(t)) == pytest.approx(0.0, abs=0.01)


def test_a_fraction_that_is_not_asked_for() -> None:
    """Both inside: no border before the first; both outside: none before the last."""
    assert find_crossing(SQUARE, (10.001, 50.001), (10.005, 50.005)) == 0.0
    assert find_crossing(SQUARE, (9.0, 50.0), (9.1, 50.0)) == 1.0


@st.composite
def fences(draw: st.DrawFn) -> list[Geofence]:
    found = [fence for key, ring in enumerate(draw(st.lists(rings(), max_size=4))) if (fence := taken(ring, key))]
    middles = st.tuples(st.sampled_from([-180.0, 0.0, 24.9, 179.99]), st.sampled_from([-90.0, 0.0, 60.0, 89.9]))
    for key, (lon, lat) in enumerate(draw(st.lists(middles, max_size=3)), start=10):
        found.append(circle(lon, lat, draw(st.sampled_from([10.0, 20_000.0, 3_000_000.0])), key=key))
        if abs(lat) < 80:
            found.append(corridor([(lon, lat), (lon + 0.3, lat + 0.1), (lon, lat + 0.3)], 500, key=key + 100))
    return found


def some_ways(known: list[Geofence], rng: np.random.Generator, count: int) -> list[tuple[Place, Place]]:
    """Round corners of the fences, some across 180 and some to it."""
    corners = np.vstack([shapely.get_coordinates(fence.shape) for fence in known] or [np.zeros((1, 2))])
    picked = corners[rng.integers(len(corners), size=count)] + rng.choice([0, 1e-4, 0.01, 1.0]) * rng.normal(
        size=(count, 2)
    )
    other = picked + rng.choice([0, 1e-4, 0.01, 1.0], size=(count, 1)) * rng.normal(size=(count, 2))
    ends = np.clip(np.hstack((picked, other)), (-900, -90, -900, -90), (900, 90, 900, 90))
    return [(turned((a, b)), turned((c, d))) for a, b, c, d in ends.tolist()]


@settings(max_examples=examples(40))
@given(st.data())
def test_candidates_miss_nobody(data: st.DataObject) -> None:
    """After any edits, every fence a way touches is among its candidates, and none that is gone; each once."""
    first, more = data.draw(fences()), data.draw(fences())
    passages = Passages.build(first)
    now = {fence.key: fence for fence in first}
    for fence in more:
        gone = data.draw(st.sets(st.sampled_from([0, 1, 10, 110])))
        passages = passages.change(gone, [fence])
        now = {key: kept for key, kept in now.items() if key not in gone} | {fence.key: fence}
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    ways = some_ways(list(now.values()), rng, 12)
    columns = np.array([(*a, *b) for a, b in ways]).T
    way, key = passages.find_candidates(*columns)
    found = list(zip(way.tolist(), key.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(key.tolist()) <= now.keys()
    touching = {
        (at, fence.key)
        for at, ends in enumerate(ways)
        for fence in now.values()
        if find_stretches(fence, Way.of(*ends))
    }
    assert touching <= set(found)


def test_many_edits_end_in_the_large_tree() -> None:
    passages = Passages.build([])
    for key in range(1000):
        passages = passages.change([key - 400], [circle(0.001 * (key % 500), 0, 30, key)])
    lon = np.arange(0, 0.5, 0.001)
    _, keys = passages.find_candidates(lon, lon * 0 - 0.1, lon, lon * 0 + 0.1)
    assert set(keys.tolist()) == set(range(600, 1000))


@pytest.mark.parametrize("lat", [50.0001, 50.0, 49.9999, 49.9996, 49.9995])
def test_round_the_end_of_a_corridor(lat: float) -> None:
    """In the plane as by the geodesic, across its round end, along and aslant."""
    fence = corridor([(10.0, 50.0), (10.01, 50.01), (10.02, 50.0)], 100)
    for end in (lat, 50.002, 49.998):
        way = Way.of((9.998, lat), (10.003, end))
        expected = find_reach_stretches(measure_depths(fence, way), way.metres)
        assert [pytest.approx(each, abs=2e-4) for each in expected] == find_stretches(fence, way)
