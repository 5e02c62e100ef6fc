"""The grid by which links blur: nested, no cell smaller than it says, and a place always in its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.geofence.shape.distance import WGS84
from tracker.links.grid import COARSEST, find_cell, find_level, measure_cell
from tracker.model.fix import E7, Place

places = st.tuples(st.integers(-180 * E7, 180 * E7 - 1), st.integers(-90 * E7, 90 * E7))
inhabited = st.tuples(st.integers(-180 * E7, 180 * E7 - 1), st.integers(-80 * E7, 80 * E7))
levels = st.integers(0, COARSEST)


@given(places, levels)
def test_the_middle_of_a_cell_is_in_it(place: Place, level: int) -> None:
    middle = find_cell(place, level)
    assert find_cell(middle, level) == middle
    assert -180 * E7 <= middle[0] < 180 * E7 and abs(middle[1]) <= 90 * E7


@given(places, levels)
def test_a_coarser_cell_says_nothing_of_where_in_it_a_finer_one_lies(place: Place, level: int) -> None:
    """Levels are nested: two links with different blurs tell no more than the finer one."""
    finest = find_cell(place, 0)
    assert find_cell(finest, level) == find_cell(place, level)


@given(inhabited, levels)
def test_no_cell_is_smaller_than_it_says(place: Place, level: int) -> None:
    lon, lat = (each / E7 for each in find_cell(place, level))
    least = measure_cell(level)
    for azimuth in (0, 90, 180, 270):
        further = WGS84.fwd(lon, lat, azimuth, least * 0.499)
        there = round(((further[0] + 540) % 360 - 180) * E7), round(further[1] * E7)
        assert find_cell(there, level) == find_cell(place, level) or abs(lat) > 79.0


@pytest.mark.parametrize(("asked", "level"), [(1, 0), (250, 0), (251, 1), (1000, 2), (256_000, COARSEST)])
def test_what_is_asked_for_is_rounded_up(asked: int, level: int) -> None:
    assert find_level(asked) == level


def test_more_than_the_coarsest_is_refused() -> None:
    with pytest.raises(ValueError, match="256000 m at most"):
        find_level(256_001)
