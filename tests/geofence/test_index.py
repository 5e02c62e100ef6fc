"""The index against oracles that share nothing with it: shapely's own tree, and distances taken one by one."""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod

from tests.geofence.shapes import box, circle, corridor, feature, polygon, shared
from tests.laws import examples
from tracker.errors import Invalid
from tracker.geofence.index.index import FenceIndex
from tracker.geofence.reading.feature import parse
from tracker.geofence.shape.distance import to_boundary
from tracker.model.geofence import Geofence

Floats = NDArray[np.float64]
GEOD = Geod(ellps="WGS84")


def pairs(index: FenceIndex, lon: Floats, lat: Floats) -> set[tuple[int, int]]:
    place, key = index.find_covering(lon, lat)
    found = list(zip(place.tolist(), key.tolist(), strict=True))
    assert len(found) == len(set(found)), "a pair came twice"
    return set(found)


def oracle(fences: list[Geofence], lon: Floats, lat: Floats) -> set[tuple[int, int]]:
    """shapely for polygons; the seam by both its longitudes."""
    found = set()
    shapely.prepare([fence.shape for fence in fences])
    for fence in fences:
        assert fence.reach is None
        inside = shapely.intersects_xy(fence.shape, lon, lat)
        inside |= (np.abs(lon) == 180.0) & shapely.intersects_xy(fence.shape, -lon, lat)
        found |= {(at, fence.key) for at in np.flatnonzero(inside).tolist()}
    return found


def round7(values: Floats) -> Floats:
    return np.round(values, 7)


def test_inside_outside_hole_border_vertex() -> None:
    index = FenceIndex.build([polygon(box(0, 0, 1, 1), box(0.25, 0.25, 0.75, 0.75))])
    inside = [(0.1, 0.1), (0, 0), (1, 1), (0.5, 0), (1, 0.3), (0.25, 0.5), (0.25, 0.25), (0.9999999, 0.9999999)]
    outside = [(0.5, 0.5), (1.0000001, 0.5), (-0.0000001, 0.5), (0.2500001, 0.5), (2, 2), (0.5, -1), (-179.9, 0.5)]
    lon, lat = np.array(inside + outside).T
    assert pairs(index, lon, lat) == {(at, 1) for at in range(len(inside))}
    for at, place in enumerate(inside + outside):
        assert bool(pairs(index, lon[at : at + 1], lat[at : at + 1])) == (place in inside)


def test_nothing_asked_and_nothing_known() -> None:
    none = np.zeros(0)
    assert pairs(FenceIndex.build([]), none, none) == set()
    assert pairs(FenceIndex.build([]), np.array([1.0]), np.array([1.0])) == set()
    assert pairs(FenceIndex.build([circle(1, 1, 5)]), none, none) == set()


@pytest.mark.parametrize(
    "name",
    [
        "districts_san-francisco",
        "districts_hamburg",
        "districts_portland",
        "real_antimeridian",
        "ne_110m_countries",
        "ne_50m_urban_areas",
        "ne_10m_us_parks",
    ],
)
def test_published_shapes(name: str) -> None:
    """Random places over the whole set, its own vertices, and the middles of its edges."""
    fences = []
    for key, given_ in enumerate(shared(f"data/geofences/{name}.geojson")["features"]):
        try:
            fences.append(parse(feature(given_["geometry"]), key=key))
        except Invalid:
            continue
    rng = np.random.default_rng(7)
    corners = np.vstack([shapely.get_coordinates(fence.shape) for fence in fences])
    west, south, east, north = shapely.total_bounds([fence.shape for fence in fences])
    some = corners[rng.choice(len(corners), min(1500, len(corners) - 1), replace=False)]
    middles = (corners[:-1] + corners[1:])[:1000] / 2
    lon = round7(np.concatenate((rng.uniform(west, east, 4000), some[:, 0], middles[:, 0])))
    lat = round7(np.concatenate((rng.uniform(south, north, 4000), some[:, 1], middles[:, 1])))
    lon = np.where(lon == 180.0, -180.0, lon)
    index = FenceIndex.build(fences)
    expected = oracle(fences, lon, lat)
    assert pairs(index, lon, lat) == expected
    for at in range(0, len(lon), 101):
        assert {(at, key) for key in index.find_at(lon[at], lat[at])} == {pair for pair in expected if pair[0] == at}


@pytest.mark.parametrize(
    ("centre", "radius"),
    [
        ((24.94, 60.17), 50.0),
        ((24.94, 60.17), 5_000.0),
        ((0, 0), 100_000.0),
        ((179.999, 10), 20_000.0),
        ((-180, -45), 300.0),
        ((10, 89.5), 200_000.0),
        ((10, -89.999), 1_000.0),
        ((0, 90), 5_000.0),
        ((-70, 78), 2_000_000.0),
        ((100, 40), 5_000_000.0),
        ((5, 5), 0.1),
        ((13.4, 52.5), 1.0),
    ],
)
def test_circles_are_geodesic(centre: tuple[float, float], radius: float) -> None:
    """All round the edge, a little inside and a little outside, and at random."""
    rng = np.random.default_rng(1)
    count = 400
    azimuth = rng.uniform(0, 360, count)
    close = 1 + rng.choice([-1, 1], count // 2) * 10 ** rng.uniform(-7, -1, count // 2)
    share = np.concatenate((rng.uniform(0, 2, count // 2), close))
    ones = np.ones(count)
    lon, lat, _ = GEOD.fwd(ones * centre[0], ones * centre[1], azimuth, radius * share)
    lon, lat = np.asarray(lon), np.asarray(lat)
    lon = np.where(lon == 180.0, -180.0, lon)
    metres = np.asarray(GEOD.inv(ones * centre[0], ones * centre[1], lon, lat)[2])
    fence = circle(*centre, radius)
    found = {at for at, _ in pairs(FenceIndex.build([fence]), lon, lat)}
    sure = np.abs(metres - radius) > 1e-6
    assert {at for at in found if sure[at]} == set(np.flatnonzero((metres <= radius) & sure).tolist())
    assert to_boundary(fence, lon[0], lat[0]) == pytest.approx(abs(metres[0] - radius), abs=1e-6)
    assert fence.shape.is_valid


def slow_metres(line: list[tuple[float, float]], lon: float, lat: float) -> float:
    """By trying 2,000 places of each edge, then 2,000 round the best."""
    best = math.inf
    for (a_lon, a_lat), (b_lon, b_lat) in pairwise(line):
        low, high = 0.0, 1.0
        for _ in range(3):
            t = np.linspace(low, high, 2000)
            lons, lats = a_lon + t * (b_lon - a_lon), a_lat + t * (b_lat - a_lat)
            metres = np.asarray(GEOD.inv(np.full(2000, lon), np.full(2000, lat), lons, lats)[2])
            at = int(np.argmin(metres))
            best = min(best, float(metres[at]))
            low, high = t[max(0, at - 1)], t[min(1999, at + 1)]
    return best


@pytest.mark.parametrize(
    ("line", "width"),
    [
        ([(24.0, 60.0), (24.01, 60.002), (24.02, 60.0)], 100.0),
        ([(0.0, 0.0), (30.0, 50.0)], 50_000.0),
        ([(179.9, 66.9), (180.2, 66.95)], 3_000.0),
        ([(-10.0, 80.0), (40.0, 80.0)], 20_000.0),
        ([(5.0, 5.0), (5.0, 5.1), (5.1, 5.1), (5.1, 5.0)], 2_000.0),
    ],
)
def test_corridors_are_geodesic(line: list[tuple[float, float]], width: float) -> None:
    rng = np.random.default_rng(5)
    ends = np.array(line)
    t, edge = rng.random(60), rng.integers(0, len(line) - 1, 60)
    on = ends[edge] + t[:, None] * (ends[edge + 1] - ends[edge])
    lon, lat, _ = GEOD.fwd(on[:, 0], on[:, 1], rng.uniform(0, 360, 60), width / 2 * rng.uniform(0.2, 1.8, 60))
    lon, lat = np.asarray(lon), np.asarray(lat)
    fence = corridor(line, width)
    metres = [slow_metres(line, *place) for place in zip(lon.tolist(), lat.tolist(), strict=True)]
    found = {at for at, _ in pairs(FenceIndex.build([fence]), lon, lat)}
    assert found == {at for at, far in enumerate(metres) if far <= width / 2}
    assert to_boundary(fence, lon[0], lat[0]) == pytest.approx(abs(metres[0] - width / 2), abs=0.01)
    assert fence.shape.is_valid
    for at in range(60):  # the outline to look at is nearly the same
        if abs(metres[at] - width / 2) > 0.02 * width:
            turned = (lon[at] + 180.0) % 360.0 - 180.0
            assert shapely.intersects_xy(fence.shape, turned, lat[at]) == (at in found)


@st.composite
def rings(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Stars on a coarse grid, so that borders meet borders, places and cells; some cross 180."""
    lon = draw(st.sampled_from([0.0, 45.0, -90.0, 179.9, 24.9, -180.0]))
    lat = draw(st.sampled_from([0.0, 60.0, -45.0, 33.3]))
    size = draw(st.sampled_from([0.0001, 0.01, 0.4, 5.0]))
    corners = draw(st.integers(3, 12))
    reaches = draw(st.lists(st.integers(1, 8), min_size=corners, max_size=corners))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return [
        (round(lon + size * far * math.cos(angle), 5), round(lat + size * far * math.sin(angle), 5))
        for far, angle in zip(reaches, angles, strict=True)
    ]


def taken(ring: list[tuple[float, float]], key: int) -> Geofence | None:
    try:
        return polygon(ring, key=key)
    except Invalid:
        return None


def around(fences: list[Geofence], rng: np.random.Generator) -> tuple[Floats, Floats]:
    lons, lats = [], []
    for fence in fences:
        corners = shapely.get_coordinates(fence.shape)
        (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
        lons += [corners[:, 0], rng.uniform(west, east, 40), (corners[:-1, 0] + corners[1:, 0]) / 2]
        lats += [corners[:, 1], rng.uniform(south, north, 40), (corners[:-1, 1] + corners[1:, 1]) / 2]
    lon, lat = np.concatenate(lons), np.clip(np.concatenate(lats), -90, 90)
    return round7(lon), round7(lat)


@settings(max_examples=examples(60))
@given(st.lists(rings(), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_agrees_with_shapely(all_rings: list[list[tuple[float, float]]], seed: int) -> None:
    fences = [fence for key, ring in enumerate(all_rings) if (fence := taken(ring, key))]
    if not fences:
        return
    lon, lat = around(fences, np.random.default_rng(seed))
    expected = oracle(fences, lon, lat)
    index = FenceIndex.build(fences)
    assert pairs(index, lon, lat) == expected
    some = range(0, len(lon), 7)
    one_by_one = {(at, key) for at in some for _, key in pairs(index, lon[at : at + 1], lat[at : at + 1])}
    assert one_by_one == {pair for pair in expected if pair[0] % 7 == 0}
    lon = np.clip(
        round7(lon + 2e-6), -180, 180
    )  # mostly in the same cells, of which it is known by now what lies in them
    few = {(at, key) for at in some for key in index.find_at(float(lon[at]), float(lat[at]))}
    assert few == {pair for pair in oracle(fences, lon, lat) if pair[0] % 7 == 0}


@settings(max_examples=examples(40))
@given(rings(), st.sampled_from([-1, 1]), st.integers(0, 2**32 - 1))
def test_a_turn_round_the_globe_changes_nothing(ring: list[tuple[float, float]], turns: int, seed: int) -> None:
    fence, turned = taken(ring, 1), taken([(lon + 360 * turns, lat) for lon, lat in ring], 1)
    if fence is None or turned is None or not shapely.equals_exact(fence.shape, turned.shape, 1e-9):
        assert (fence is None) == (turned is None) or max(abs(lon) for lon, _ in ring) > 180
        return
    lon, lat = around([fence], np.random.default_rng(seed))
    assert pairs(FenceIndex.build([fence]), lon, lat) == pairs(FenceIndex.build([turned]), lon, lat)


@settings(max_examples=examples(40))
@given(st.data())
def test_changed_is_built_anew(data: st.DataObject) -> None:
    """Any series of edits, swept now and then, answers as an index built from what is left."""
    now: dict[int, Geofence] = {}
    index = FenceIndex.build([])
    for _ in range(data.draw(st.integers(1, 6))):
        removed = data.draw(st.sets(st.integers(0, 5)))
        wanted = [taken(ring, data.draw(st.integers(0, 5))) for ring in data.draw(st.lists(rings(), max_size=3))]
        added = list({fence.key: fence for fence in wanted if fence}.values())
        index = index.change(removed, added)
        if data.draw(st.booleans()):
            index = index.sweep()
        now = {key: fence for key, fence in now.items() if key not in removed} | {fence.key: fence for fence in added}
        assert index.fences == now
        lon, lat = around(list(now.values()) or [circle(0, 0, 5)], np.random.default_rng(0))
        assert pairs(index, lon, lat) == oracle(list(now.values()), lon, lat)


def blob(corners: int, size: float, ragged: float, lon: float = 10.0, lat: float = 50.0) -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = size * (1 + ragged * np.random.default_rng(corners).uniform(-1, 1, corners))
    corners_ = np.column_stack((lon + reach * np.cos(angles), lat + reach * np.sin(angles)))
    return [(x, y) for x, y in round7(corners_).tolist()]


SPOTS = [blob(5, 0.0002, 0.1, 10 + 0.002 * (at % 30), 50 + 0.002 * (at // 30)) for at in range(600)]
COMB = [(at * 1e-4, float(at % 2)) for at in range(4000)]
EXTREME: dict[str, list[list[list[tuple[float, float]]]]] = {
    "10,000 ragged vertices": [[blob(9_900, 1.0, 0.3)]],
    "10,000 ragged vertices in 60 m": [[blob(9_900, 3e-4, 0.3)]],
    "a comb of 2,000 needles": [[[*COMB, (0.4, -1.0), (0.0, -1.0)]]],
    "600 holes": [[box(9.9, 49.9, 10.2, 50.2), *SPOTS]],
    "600 parts": [[spot] for spot in SPOTS],
    "1 cm": [[box(10, 50, 10.0000001, 50.0000001)]],
    "a tenth of the globe": [[box(-60, -50, 60, 50)]],
}


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_shapes(name: str) -> None:
    fence = parse(feature({"type": "MultiPolygon", "coordinates": EXTREME[name]}))
    lon, lat = around([fence], np.random.default_rng(11))
    some = np.random.default_rng(12).permutation(len(lon))[:1500]
    west, south, east, north = fence.shape.bounds
    lon = round7(np.concatenate((lon[some], np.random.default_rng(13).uniform(west, east, 1500))))
    lat = round7(np.concatenate((lat[some], np.random.default_rng(14).uniform(south, north, 1500))))
    expected = oracle([fence], lon, lat)
    index = FenceIndex.build([fence])
    assert pairs(index, lon, lat) == expected
    assert {at for at in range(300) if index.find_at(lon[at], lat[at])} == {at for at, _ in expected if at < 300}
