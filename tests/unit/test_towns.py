"""Places in words, from the names that ship with the page."""

from pathlib import Path

import pytest

from tracker.geo.towns import Town, Towns, find_wind, say_near

TILES = Path(__file__).parents[2] / "web" / "public" / "tiles"
LIMERICK = Town(-8.62306, 52.66472, 94_192, "Europe/Dublin", "Limerick")


@pytest.fixture(scope="module")
def towns() -> Towns:
    return Towns(TILES)


@pytest.mark.parametrize(
    ("lon", "lat", "words", "zone"),
    [
        (-8.6231, 52.6647, "in Limerick", "Europe/Dublin"),
        (7.42, 43.735, "in Monaco", "Europe/Monaco"),
        (24.9384, 60.1699, "in Helsinki", "Europe/Helsinki"),
        (179.21, -16.78, "13 km west of Savusavu", "Pacific/Fiji"),
        (-70.9, -53.16, "in Punta Arenas", "America/Punta_Arenas"),
    ],
)
def test_the_towns_that_ship_are_found(towns: Towns, lon: float, lat: float, words: str, zone: str) -> None:
    town = towns.find(lon, lat)
    assert town is not None
    assert words in say_near(town, lon, lat)
    assert town.zone == zone


def test_far_at_sea_is_near_nothing(towns: Towns) -> None:
    assert towns.find(-140.0, -45.0) is None
    assert towns.find(180.0, 90.0) is None


def test_across_180_degrees_the_nearest_is_found(towns: Towns) -> None:
    """The same town from either side of the line."""
    here, there = towns.find(179.999, -16.8), towns.find(-179.999, -16.8)
    assert here is not None and here == there


def test_how_far_and_where() -> None:
    assert say_near(LIMERICK, -8.62306, 52.66472 + 5 / 111.2) == "5 km north of Limerick"
    assert say_near(LIMERICK, -8.62306 + 0.1, 52.66472 - 0.06) == "9 km south-east of Limerick"
    assert find_wind(LIMERICK, LIMERICK.lon, LIMERICK.lat) == 0


def test_without_the_files_nothing_is_near(tmp_path: Path) -> None:
    assert Towns(tmp_path).find(0.0, 0.0) is None
