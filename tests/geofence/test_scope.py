"""To whom a geofence applies, and when: what is read, what is refused, and what the clocks say."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.geofence.shapes import feature
from tracker.errors import Invalid
from tracker.geofence.applies import applies
from tracker.geofence.reading.feature import parse
from tracker.model.geofence import EVERYWHERE, Geofence, Hours, Scope, Window
from tracker.model.moment import from_datetime, to_datetime
from tracker.model.moment import parse as moment

POINT = {"type": "Point", "coordinates": [24.9, 60.2]}
ACTIVE = {"zone": "Europe/Helsinki", "windows": [{"days": ["fri", "mon", "fri"], "from": "22:00", "to": "06:30"}]}
EVERY_DAY = tuple(range(7))
MINUTE = timedelta(minutes=1)


def fence(**properties: Any) -> Geofence:
    return parse(feature(POINT, radius=50, **properties))


def test_without_limits_it_is_for_all_and_always() -> None:
    nothing = dict.fromkeys(("enabled", "active", "expires", "devices", "categories", "speed_limit"))
    for found in (fence(), fence(enabled=True), fence(**nothing)):
        assert found.scope is EVERYWHERE and found.speed_limit is None


def test_all_limits_are_read_and_kept_as_given() -> None:
    given = {
        "enabled": False,
        "active": ACTIVE,
        "expires": "2026-12-01T00:00:00+02:00",
        "devices": ["van-1", "van-2"],
        "categories": ["bus", "Straßenbahn"],
        "speed_limit": 13.9,
    }
    found = fence(**given)
    assert found.speed_limit == 13.9
    assert found.scope == Scope(
        enabled=False,
        hours=Hours("Europe/Helsinki", (Window((0, 4), 22 * 60, 6 * 60 + 30),)),
        expires=moment("2026-11-30T22:00:00Z"),
        devices=frozenset({"van-1", "van-2"}),
        categories=frozenset({"bus", "Straßenbahn"}),
    )
    kept = json.loads(found.feature)["properties"]
    assert {name: kept[name] for name in given} == given
    again = parse(found.feature)
    assert (again.scope, again.speed_limit, again.feature) == (found.scope, found.speed_limit, found.feature)


def active(zone: Any = "UTC", **window: Any) -> dict[str, Any]:
    return {"active": {"zone": zone, "windows": [{"from": "08:00", "to": "17:00"} | window]}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "enabled": ({"enabled": "no"}, "enabled"),
    "active is text": ({"active": "always"}, "active"),
    "no zone": ({"active": {"windows": [{"from": "08:00", "to": "17:00"}]}}, "active.zone"),
    "no windows": ({"active": {"zone": "UTC"}}, "active.windows"),
    "empty windows": ({"active": {"zone": "UTC", "windows": []}}, "active.windows"),
    "no such zone": (active("Europe/Helsingfors"), "active.zone"),
    "no zone but a folder": (active("Europe"), "active.zone"),
    "a path": (active("../../etc/passwd"), "active.zone"),
    "the machine's zone": (active("localtime"), "active.zone"),
    "leap seconds": (active("right/Europe/Helsinki"), "active.zone"),
    "a long zone": (active("a" * 5000), "active.zone"),
    "a zone that is a number": (active(2), "active.zone"),
    "24:00": (active(to="24:00"), "active.windows[0].to"),
    "8:00": (active(**{"from": "8:00"}), "active.windows[0].from"),
    "a newline": (active(**{"from": "08:00\n"}), "active.windows[0].from"),
    "other digits": (active(**{"from": "0٨:00"}), "active.windows[0].from"),
    "no from": ({"active": {"zone": "UTC", "windows": [{"to": "08:00"}]}}, "active.windows[0].from"),
    "monday": (active(days=["monday"]), "active.windows[0].days[0]"),
    "no days": (active(days=[]), "active.windows[0].days"),
    "no offset": ({"expires": "2026-12-01T00:00:00"}, "expires"),
    "no such date": ({"expires": "2026-02-30T00:00:00Z"}, "expires"),
    "a number": ({"expires": 1764547200}, "expires"),
    "tomorrow": ({"expires": "tomorrow"}, "expires"),
    "no devices": ({"devices": []}, "devices"),
    "a device that is no slug": ({"devices": ["van-1", "van 2"]}, "devices[1]"),
    "a device that is a number": ({"devices": [7]}, "devices[0]"),
    "one device": ({"devices": "van-1"}, "devices"),
    "no categories": ({"categories": []}, "categories"),
    "an empty category": ({"categories": [""]}, "categories[0]"),
    "a category on two lines": ({"categories": ["a", "b\nc"]}, "categories[1]"),
    "speed 0": ({"speed_limit": 0}, "speed_limit"),
    "speed -1": ({"speed_limit": -1}, "speed_limit"),
    "faster than any device": ({"speed_limit": 401}, "speed_limit"),
    "speed in words": ({"speed_limit": "50 km/h"}, "speed_limit"),
    "true": ({"speed_limit": True}, "speed_limit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    properties, field = REFUSED[case]
    with pytest.raises(Invalid) as refusal:
        fence(**properties)
    assert refusal.value.field == f"properties.{field}"
    assert len(str(refusal.value)) > len(refusal.value.field) + 10


def test_everything_a_scope_names_has_to_hold() -> None:
    noon = moment("2026-11-23T12:00:00Z")
    scope = Scope(expires=noon, devices=frozenset({"van-1"}), categories=frozenset({"van"}))
    assert applies(scope, "van-1", "van", noon - 1)
    assert not applies(scope, "van-1", "van", noon)  # from then on
    assert not applies(scope, "van-2", "van", noon - 1)
    assert not applies(scope, "van-1", "bus", noon - 1)
    assert not applies(scope, "van-1", None, noon - 1)
    assert not applies(Scope(enabled=False), "van-1", "van", noon)
    assert applies(EVERYWHERE, "van-1", None, noon)


SUN, SAT = (6,), (5,)
# Zone, window, and when it is open around a change of the clocks, in UTC.
CHANGES: dict[str, tuple[str, Window, list[tuple[str, str]]]] = {
    "Helsinki, spring: an hour shorter": (
        "Europe/Helsinki",
        Window(SUN, 150, 300),
        [("2026-03-29T00:30", "2026-03-29T02:00")],
    ),
    "Helsinki, spring: in the hour that is not there": ("Europe/Helsinki", Window(SUN, 195, 225), []),
    "Helsinki, spring: a night": (
        "Europe/Helsinki",
        Window(SAT, 1320, 360),
        [("2026-03-28T20:00", "2026-03-29T03:00")],
    ),
    "Helsinki, autumn: twice": (
        "Europe/Helsinki",
        Window(SUN, 210, 240),
        [("2026-10-25T00:30", "2026-10-25T01:00"), ("2026-10-25T01:30", "2026-10-25T02:00")],
    ),
    "New York, spring: begins after the gap": (
        "America/New_York",
        Window(SUN, 120, 210),
        [("2026-03-08T07:00", "2026-03-08T07:30")],
    ),
    "New York, autumn: twice": (
        "America/New_York",
        Window(SUN, 90, 120),
        [("2026-11-01T05:30", "2026-11-01T06:00"), ("2026-11-01T06:30", "2026-11-01T07:00")],
    ),
    "Lord Howe, autumn: half an hour twice": (
        "Australia/Lord_Howe",
        Window(SUN, 90, 120),
        [("2026-04-04T14:30", "2026-04-04T15:30")],
    ),
    "Lord Howe, spring: half an hour is not there": (
        "Australia/Lord_Howe",
        Window(SUN, 120, 180),
        [("2026-10-03T15:30", "2026-10-03T16:00")],
    ),
    "a whole day": ("Asia/Kathmandu", Window(SUN, 0, 0), [("2026-04-04T18:15", "2026-04-05T18:15")]),
}
MIDDLES = {
    "Helsinki, spring": "2026-03-29",
    "Helsinki, autumn": "2026-10-25",
    "New York, spring": "2026-03-08",
    "New York, autumn": "2026-11-01",
    "Lord Howe, autumn": "2026-04-05",
    "Lord Howe, spring": "2026-10-04",
    "a whole day": "2026-04-05",
}


@pytest.mark.parametrize("case", CHANGES)
def test_days_on_which_clocks_change(case: str) -> None:
    zone, window, spans = CHANGES[case]
    begin = datetime.fromisoformat(f"{MIDDLES[case.partition(':')[0]]}T00:00:00Z") - timedelta(days=1, hours=12)
    minutes = [begin + count * MINUTE for count in range(4 * 1440)]
    scope = Scope(hours=Hours(zone, (window,)))
    found = [each for each in minutes if applies(scope, "van-1", None, from_datetime(each))]
    edges = [(datetime.fromisoformat(f"{a}:00Z"), datetime.fromisoformat(f"{b}:00Z")) for a, b in spans]
    assert found == [each for each in minutes if any(start <= each < end for start, end in edges)]


def walked(hours: Hours, here: datetime) -> bool:
    """The slow way: every minute that each window has shown on a clock since the day before, one after the other."""
    shown = here.replace(second=0, microsecond=0, tzinfo=None)
    midnight = shown.replace(hour=0, minute=0)
    for window in hours.windows:
        for began in (midnight - timedelta(days=1), midnight):
            clock = began + window.start * MINUTE
            while began.weekday() in window.days:
                if clock == shown:
                    return True
                clock += MINUTE
                if clock.hour * 60 + clock.minute == window.end:
                    break
    return False


windows = st.builds(
    Window,
    st.sets(st.sampled_from(EVERY_DAY), min_size=1).map(lambda days: tuple(sorted(days))),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
zones = st.sampled_from(("Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"))
moments = st.integers(moment("2020-01-01T00:00:00Z"), moment("2030-01-01T00:00:00Z"))


@given(zones, st.lists(windows, min_size=1, max_size=3).map(tuple), moments)
def test_hours_are_those_of_who_looks_at_the_clock_every_minute(zone: str, given: tuple[Window, ...], at: int) -> None:
    hours = Hours(zone, given)
    expected = walked(hours, to_datetime(at).astimezone(ZoneInfo(zone)))
    assert applies(Scope(hours=hours), "van-1", None, at) is expected
