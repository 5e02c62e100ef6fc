"""What looks wrong with a device is told by what is known of its last day, and nothing is told of one that is well."""

import msgspec
import pytest

from tests.moments import MONDAY
from tracker.ingest.repeats import Repeats
from tracker.model.finding import Vitals
from tracker.model.fix import Fix, Row
from tracker.phones.findings import find_all
from tracker.phones.measure import find_offset, find_ratio, find_steady
from tracker.store.repeats import HOUR_US
from tracker.words.en import ENGLISH

NOW = MONDAY
WELL = Vitals(
    NOW, NOW - 5_000, NOW - 5_000, "OwnTracks", None, 10.0, -0.3, 8_000, 0, battery=0.8, accuracy=8.0, ratio=1.0
)


def codes(**change: object) -> list[str]:
    return [each.code for each in find_all(msgspec.structs.replace(WELL, **change), ENGLISH)]


def test_of_a_device_that_is_well_nothing_is_told() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"last_seen": None, "last_fix": None}, "never_seen"),
        ({"last_seen": NOW - 1_801_000, "last_fix": NOW - 1_801_000}, "silent"),
        ({"last_fix": NOW - 4_000_000}, "no_place"),
        ({"last_fix": None}, "no_place"),
        ({"clock_offset": 61.0}, "clock_ahead"),
        ({"quarantined": 3, "reason": "future"}, "quarantined"),
        ({"quarantined": 1, "reason": "encrypted: give the key"}, "encrypted"),
        ({"ratio": 1.94}, "speed_unit"),
        ({"ratio": 0.51}, "speed_unit"),
        ({"ratio": 3.6}, "speed_unit"),
        ({"battery": 0.1}, "battery_low"),
        ({"accuracy": 1_500.0}, "low_accuracy"),
        ({"steady": 7_200.0}, "frozen"),
        ({"note": "location permission is off"}, "app_says"),
    ],
)
def test_each_is_told(change: dict[str, object], code: str) -> None:
    assert codes(**change) == [code]


def test_a_device_that_reports_seldom_is_not_silent_for_it() -> None:
    an_hour = {"last_seen": NOW - 3_600_000, "last_fix": NOW - 3_600_000}
    assert codes(**an_hour, interval=1_800.0) == []
    assert codes(**an_hour, interval=600.0) == ["silent"]
    assert codes(**an_hour, battery=0.02) == ["battery_empty", "battery_low"]
    assert codes(**an_hour, is_resting=True) == ["resting"]
    assert codes(**an_hour, battery=0.02, is_resting=True) == ["battery_empty", "battery_low"]


def drive(factor: float, count: int = 40) -> list[Fix]:
    """15 m/s to the north, whose speeds are said in another unit."""
    return [Fix(NOW + n * 10_000, 0, round(n * 150 / 111_195 * 1e7), speed=15.0 * factor) for n in range(count)]


def test_speeds_are_held_against_the_way() -> None:
    for factor in (1.0, 1.94, 0.51):
        assert find_ratio(drive(factor)) == pytest.approx(factor, abs=0.02)
    assert find_ratio(drive(1.94, 10)) is None  # too few to tell


def test_a_place_that_is_repeated_while_the_battery_goes_on() -> None:
    stuck = [Fix(NOW + n * 600_000, 5, 5, battery=0.9 - n * 0.01) for n in range(25)]
    assert find_steady(stuck) == 24 * 600
    assert find_steady([msgspec.structs.replace(fix, battery=0.9) for fix in stuck]) == 0
    assert find_steady([*stuck, Fix(NOW + 10**8, 6, 5)]) == 0


def test_the_clock_is_ahead_by_what_the_quickest_fix_says() -> None:
    rows = [Row(1, (NOW + 100 + late) * 1000, Fix(NOW + 90_000, 0, 0)) for late in (0, 5_000, 60_000)]
    assert find_offset(rows) == 89.9
    assert find_offset([]) is None


def test_repeats_are_of_the_last_day() -> None:
    repeats, now = Repeats(), NOW * 1000
    for hour in range(30):
        repeats.note(7, 2, now + hour * HOUR_US)
        repeats.note(7, 1, now + hour * HOUR_US)
    last = now + 29 * HOUR_US
    assert (repeats.count(7, last), repeats.count(7, last + 23 * HOUR_US), repeats.count(8, last)) == (72, 3, 0)
    assert repeats.count(7, last + 24 * HOUR_US) == 0
