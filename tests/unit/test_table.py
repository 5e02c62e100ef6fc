"""The table of newest positions, which viewers are served from."""

from tracker.live.table import Table
from tracker.model.device import Device
from tracker.model.fix import Fix
from tracker.model.position import Position, Status


def position(device: int, at: int) -> Position:
    return Position(device, Fix(at, 10, 20), at * 1000, Status.MOVING)


def test_a_position_waits_for_the_name_of_its_device() -> None:
    """The first fix of a device just made can be committed before the nudge that it was made has come."""
    table = Table()
    table.put([position(7, 1)], 0)
    assert not len(table.find_changed_since(0))
    tick = table.next_tick()
    table.devices[7] = Device(7, "van-12", "Van 12")
    table.touch(7)
    assert table.find_changed_since(tick).tolist() == [7]


def test_a_clock_that_is_set_right_moves_the_marker_at_once() -> None:
    table = Table()
    table.devices[7] = Device(7, "van-12", "Van 12")
    table.put([Position(7, Fix(540_000, 10, 20), 1_000_000, Status.MOVING)], 0)
    table.put([Position(7, Fix(2_000, 11, 20), 2_000_000, Status.MOVING)], 0)
    newest = table.get(7)
    assert newest and newest.fix.at == 2_000


def test_the_newest_position_wins_whatever_comes_last() -> None:
    table = Table()
    table.devices[7] = Device(7, "van-12", "Van 12")
    table.put([position(7, 5)], 0)
    table.put([position(7, 3)], 0)
    newest = table.get(7)
    assert newest and newest.fix.at == 5


def test_what_came_since_somebody_looked_is_written_once_and_in_the_tick_it_came_in() -> None:
    table = Table()
    table.devices |= {key: Device(key, f"van-{key}", "") for key in range(5_000)}
    table.put([position(7, 1), position(8, 1)], 0)
    table.put([position(7, 2)], 0)
    tick = table.next_tick()
    table.put([position(8, 3)], 0)
    table.put([position(9, 1)], 0)
    table.remove(9)
    assert table.rows["at"][[7, 8, 9]].tolist() == [2, 3, 0]
    assert table.find_changed_since(tick - 1).tolist() == [7, 8]
    assert table.find_changed_since(tick).tolist() == [8]
    table.put([position(key, 4) for key in range(5_000)], 0)
    assert not table.unwritten, "however long nobody looks, whoever does then does not wait for all of it"
