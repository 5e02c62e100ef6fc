"""Laws of a thinned track: it keeps its ends and its order, has no more than it may, and lies where it lay."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from tracker.geo.line import continuous, thin_line

lons = some.floats(-180, 180).map(lambda lon: round(lon, 7))
lats = some.floats(-90, 90).map(lambda lat: round(lat, 7))
tracks = some.integers(1, 60).flatmap(
    lambda n: some.tuples(arrays(np.float64, n, elements=lons), arrays(np.float64, n, elements=lats))
)


@given(tracks, some.integers(2, 70))
def test_a_thinned_track_keeps_ends_order_and_bound(track: tuple[np.ndarray, np.ndarray], most: int) -> None:
    lon, lat = continuous(track[0]), track[1]
    kept = thin_line(lon, lat, most)
    assert len(kept) <= max(most, 1) and (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, len(lon) - 1)
    if len(lon) <= most:
        assert len(kept) == len(lon)


@given(arrays(np.float64, some.integers(0, 50), elements=lons))
def test_a_continuous_track_never_goes_the_long_way(lon: np.ndarray) -> None:
    run = continuous(lon)
    assert (np.abs(np.diff(run)) <= 180 + 1e-9).all()
    assert np.allclose((run - lon) % 360, 0, atol=1e-7) or np.allclose((run - lon + 180) % 360, 180, atol=1e-7)


def test_a_smooth_track_of_ten_thousand_stays_within_metres() -> None:
    """A winding day at 60 degrees north, thinned to a tenth: nowhere further than 100 m from where it was."""
    n = np.arange(10_000)
    lon, lat = 24.9 + n / 50_000 + np.sin(n / 300) / 100, 60.1 + np.cos(n / 500) / 50
    kept = thin_line(lon, lat, 1_000)
    assert 900 < len(kept) <= 1_000
    line = shapely.LineString(np.column_stack([lon[kept] / 2, lat[kept]]))
    furthest = shapely.distance(line, shapely.points(lon / 2, lat)).max() * 111_000
    assert furthest < 100
