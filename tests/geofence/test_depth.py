"""Depth against the distance taken edge by edge, and its sign against the index."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, corridor, polygon
from tests.geofence.test_index import COMB, blob, rings, taken
from tests.laws import examples
from tracker.geofence.border.depth import find_breadth, measure_depth, measure_each_depth
from tracker.geofence.index.index import FenceIndex
from tracker.geofence.shape.distance import WGS84, to_boundary
from tracker.model.geofence import Geofence


def agrees(fence: Geofence, places: list[tuple[float, float]]) -> None:
    index = FenceIndex.build([fence])
    for lon, lat in places:
        found, metres = measure_depth(fence, lon, lat), to_boundary(fence, lon, lat)
        assert abs(found) == pytest.approx(metres, rel=1e-3, abs=0.01)
        assert (found >= 0.0) == bool(index.find_at(lon, lat)), (lon, lat)
    one_by_one = [measure_depth(fence, *place) for place in places[:4]]
    assert measure_each_depth(fence, places[:4]) == pytest.approx(one_by_one, rel=1e-9, abs=1e-6)


def near(fence: Geofence, seed: int, count: int) -> list[tuple[float, float]]:
    """Places from a centimetre to 10 km from a corner, and corners."""
    rng = np.random.default_rng(seed)
    corners = shapely.get_coordinates(fence.shape)
    corners = corners[rng.integers(len(corners), size=count)]
    away = 10 ** rng.uniform(-7, -1, (count, 1)) * rng.normal(size=(count, 2)) * (rng.random((count, 1)) < 0.9)
    lon, lat = (corners + away).T
    lon = np.round((lon + 180.0) % 360.0 - 180.0, 7)
    return list(zip(lon.tolist(), np.round(np.clip(lat, -90, 90), 7).tolist(), strict=True))


SHAPES = {
    "50 corners": polygon(blob(50, 0.003, 0.2)),
    "9,900 corners": polygon(blob(9_900, 1.0, 0.3)),
    "a comb": polygon([*COMB[:500], (0.05, -1.0), (0.0, -1.0)]),
    "a hole": polygon(box(0, 0, 1, 1), box(0.25, 0.25, 0.75, 0.75)),
    "long edges": polygon(box(10, 60, 15, 65)),
    "across 180": polygon(box(179.9, 10, 180.1, 10.1)),
    "up to 180": polygon(box(179.9, 10, 180, 10.1)),
    "west from 180": polygon(box(-180, -10, -179.9, 10)),
    "up to a pole": polygon(box(-60, 89, 60, 90)),
    "a circle": circle(24.94, 60.17, 50),
    "a circle at 180": circle(180, 10, 20_000),
    "a circle round a pole": circle(10, 89.9, 50_000),
    "a large circle": circle(-70, 78, 2_000_000),
    "a corridor": corridor([(24.0, 60.0), (24.01, 60.002), (24.02, 60.0)], 100),
    "a corridor across 180": corridor([(179.9, 66.9), (180.2, 66.95)], 3_000),
    "a long corridor": corridor([(0.0, 0.0), (30.0, 50.0)], 50_000),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    fence = SHAPES[name]
    agrees(fence, near(fence, 1, 40))


@settings(max_examples=examples(40))
@given(rings(), st.integers(0, 2**32 - 1))
def test_stars(ring: list[tuple[float, float]], seed: int) -> None:
    if (fence := taken(ring, 1)) is not None:
        agrees(fence, near(fence, seed, 10))


@settings(max_examples=examples(40))
@given(
    st.sampled_from([-180.0, 179.9999, 0.0, 24.9]),
    st.sampled_from([-90.0, -60.0, 0.0, 33.3, 89.99]),
    st.floats(0.1, 500_000),
    st.floats(0, 360),
    st.floats(0, 2),
)
def test_circles(lon: float, lat: float, radius: float, azimuth: float, share: float) -> None:
    fence = circle(lon, lat, radius)
    there = WGS84.fwd(lon, lat, azimuth, radius * share)
    assert measure_depth(fence, there[0], there[1]) == pytest.approx(radius - radius * share, abs=1e-6)


def test_the_border_is_0() -> None:
    square = polygon(box(10, 50, 10.01, 50.01))
    assert measure_depth(square, 10.0, 50.005) == pytest.approx(0.0, abs=1e-6)
    assert measure_depth(square, 10.0, 50.0) == pytest.approx(0.0, abs=1e-6)
    assert measure_depth(square, 10.0, 50.005) >= 0.0
    assert measure_depth(square, 9.9999999, 50.005) < 0.0


def test_a_cut_at_180_is_no_border_but_a_border_there_is_one() -> None:
    metres = WGS84.inv(179.95, 10.05, 180, 10.05)[2]
    assert measure_depth(polygon(box(179.9, 10, 180.1, 10.1)), 180.0, 10.05) == pytest.approx(5_530, abs=1)
    assert measure_depth(polygon(box(179.9, 10, 180, 10.1)), 179.99, 10.05) == pytest.approx(metres / 5, abs=1)
    stairs = polygon([(179, 0), (180, 0), (180, 1), (181, 1), (181, 2), (179, 2)])
    assert measure_depth(stairs, 180.0, 0.5) == pytest.approx(0.0, abs=1e-6)
    assert measure_depth(stairs, -180.0, 1.5) == pytest.approx(55_287, rel=0.01)


def test_breadth() -> None:
    assert find_breadth(circle(10, 50, 300)) == 300
    assert find_breadth(corridor([(10, 50), (10.1, 50)], 80)) == 40
    assert find_breadth(polygon(box(0, 0, 0.01, 0.01))) == pytest.approx(1_110 / 2, rel=0.01)
    both = polygon(box(0, 0, 0.01, 0.01)), polygon(box(179.995, 0, 180.005, 0.01))
    assert find_breadth(both[1]) == pytest.approx(find_breadth(both[0]) * 2 / 3, rel=0.01)
    assert math.isfinite(find_breadth(SHAPES["up to a pole"]))
