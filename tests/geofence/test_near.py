"""Near: never another answer than the exact distance gives."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.geofence.shapes import box, circle, corridor, polygon
from tests.laws import examples
from tracker.geofence.border.depth import measure_depth
from tracker.geofence.border.near import find_degrees, find_plane, is_further

SHAPES = [
    polygon(box(24.93, 60.16, 24.96, 60.18), [(24.94, 60.165), (24.95, 60.17), (24.94, 60.175)], key=1),
    polygon(box(-70.001, -74.9, -69.999, -74.899), key=2),
    polygon(box(0.0, -0.02, 0.08, 0.02), key=3),
    polygon(box(179.99, 10, -179.99, 10.01), key=4),
    polygon(box(10, 40, 14, 44), key=5),
    circle(24.94, 60.17, 80, 6),
    corridor([(24.93, 60.16), (24.96, 60.17)], 60, 7),
]


def test_which_have_a_plane() -> None:
    assert [find_plane(fence) is not None for fence in SHAPES[:5]] == [True, True, True, False, False]


@settings(max_examples=examples(400))
@given(st.sampled_from(SHAPES), st.floats(-0.6, 1.6), st.floats(-0.6, 1.6), st.floats(0.1, 400), st.floats(0.98, 1.02))
def test_it_is_what_the_depth_says(fence: object, x: float, y: float, metres: float, close: float) -> None:
    west, south, east, north = fence.shape.bounds  # type: ignore[attr-defined]
    lon, lat = west + x * (east - west), south + y * (north - south)
    if not -180 <= lon <= 180:
        return
    exact = abs(measure_depth(fence, lon, lat))  # type: ignore[arg-type]
    for asked in (metres, exact * close):
        assert is_further(fence, lon, lat, asked) == (exact >= asked)  # type: ignore[arg-type]


STEPS = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(0.1, 60)), min_size=2, max_size=30)


@settings(max_examples=examples(100))
@given(st.sampled_from(SHAPES[:3]), st.integers(0, 3), STEPS)
def test_who_walks_along_a_border_is_told_the_same_at_each_step(fence: object, corner: int, steps: list[Any]) -> None:
    """Though most of it follows from what was found a few metres ago."""
    lon, lat = fence.shape.exterior.coords[corner]  # type: ignore[attr-defined]
    east, north = find_degrees(lat)
    for x, y, metres in steps:
        lon, lat = lon + x / east, lat + y / north
        exact = abs(measure_depth(fence, lon, lat))  # type: ignore[arg-type]
        assert is_further(fence, lon, lat, metres) == (exact >= metres)  # type: ignore[arg-type]
