"""What somebody who looks from afar is told: what moved by half a pixel, and the rest now and then."""

import pytest

from tracker.live.strides import CLOSEST, FRESH
from tracker.live.table import Table
from tracker.model.device import Device
from tracker.model.fix import E7, Fix
from tracker.model.position import Position, Status


def pixels(zoom: int) -> float:
    """Of longitude, in degrees."""
    return 360.0 / (512 << zoom)


class Walk:
    """One device, put where it is said to be, each time a tick later; `told` says whether that is told at a zoom."""

    def __init__(self, zoom: int | None, lon: float = 24.9, lat: float = 60.0) -> None:
        self.table, self.zoom = Table(), zoom
        self.table.devices[7] = Device(7, "van-12", "Van 12")
        self.clock, self.at = 0, (lon, lat)
        assert self.told(0.0, 0.0)

    def told(self, east: float, north: float, later: int = 1_000_000, status: Status = Status.MOVING) -> bool:
        since = self.table.next_tick()
        self.clock += later
        lon, lat = (self.at[0] + east + 540.0) % 360.0 - 180.0, self.at[1] + north
        fix = Fix(self.clock // 1000, round(lon * E7), round(lat * E7))
        self.table.put([Position(7, fix, self.clock, status)], self.clock)
        self.table.next_tick()
        return 7 in self.table.find_moved_since(since, self.zoom)


@pytest.mark.parametrize("zoom", [0, 5, 10, 14, 16])
def test_half_a_pixel_is_told_and_less_is_not(zoom: int) -> None:
    pixel = pixels(zoom)
    walk = Walk(zoom)
    assert not walk.told(0.49 * pixel, 0.0)
    assert not walk.told(-0.49 * pixel, 0.0)
    assert walk.told(0.51 * pixel, 0.0)
    assert not walk.told(0.51 * pixel, 0.0)  # it was told there
    north = Walk(zoom)
    assert not north.told(0.0, 0.24 * pixel)  # at 60 degrees a degree north is twice as many pixels
    assert north.told(0.0, 0.26 * pixel)


def test_small_steps_add_up() -> None:
    walk = Walk(10)
    assert [walk.told(0.2 * step * pixels(10), 0.0) for step in range(1, 8)] == [False, False, True] * 2 + [False]


def test_across_180_degrees_is_near() -> None:
    walk = Walk(10, 180.0 - 0.1 * pixels(10))
    assert not walk.told(0.2 * pixels(10), 0.0)
    assert walk.told(0.6 * pixels(10), 0.0)


def test_what_stands_still_is_told_now_and_then_and_what_changes_at_once() -> None:
    walk = Walk(5)
    assert not walk.told(0.0, 0.0)
    assert walk.told(0.0, 0.0, status=Status.STOPPED)
    assert not walk.told(0.0, 0.0, FRESH - 1, Status.STOPPED)
    assert walk.told(0.0, 0.0, 1, Status.STOPPED)
    walk.table.touch(7)  # it has another name
    assert walk.told(0.0, 0.0, status=Status.STOPPED)


@pytest.mark.parametrize("zoom", [None, CLOSEST, CLOSEST + 3])
def test_who_looks_closely_or_does_not_say_is_told_all(zoom: int | None) -> None:
    assert Walk(zoom).told(1e-7, 0.0)


def test_what_is_removed_is_not_told() -> None:
    walk = Walk(5)
    walk.table.remove(7)
    assert not len(walk.table.find_moved_since(0, 5))
