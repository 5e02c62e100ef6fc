"""Where a fix has been goes with it, and ends it where it comes round; and OwnTracks' words for a fix."""

import msgspec

from tests.moments import MONDAY
from tracker.alerts.forwarding.forwarder import choose_wait, find_reached
from tracker.alerts.forwarding.outlet import MOST_HOPS, mark, may_go_on, read_via
from tracker.alerts.forwarding.owntracks_outlet import write_location
from tracker.model.fix import Fix, Row
from tracker.model.forward import Forward, ForwardRow

FIX = Fix(MONDAY, 249384000, 601699000, 12.5, 271.0, 8.4, 41.0, 0.83, b'{"ignition":true}')
WISH = Forward(1, 1, "owntracks", "https://a.example.org", "van", None, 10)


def test_where_it_has_been_goes_with_it() -> None:
    once = mark(FIX, ("aaaa",))
    twice = mark(once, (*read_via(once), "bbbb"))
    assert read_via(twice) == ["aaaa", "bbbb"] and msgspec.json.decode(twice.attributes or b"")["ignition"] is True
    assert may_go_on(FIX, "aaaa") and may_go_on(once, "bbbb") and not may_go_on(twice, "aaaa")
    assert not may_go_on(mark(FIX, [str(n) for n in range(MOST_HOPS)]), "zzzz")
    assert read_via(msgspec.structs.replace(FIX, attributes=b'{"via":7}')) == []


def test_attributes_that_are_full_lose_their_last() -> None:
    full = msgspec.structs.replace(FIX, attributes=msgspec.json.encode({f"n{n}": n for n in range(32)}))
    found = msgspec.json.decode(mark(full, ("aaaa",)).attributes or b"")
    assert len(found) == 32 and found["via"] == "aaaa" and found["n30"] == 30
    large = msgspec.structs.replace(FIX, attributes=msgspec.json.encode({"a": "x" * 1990}))
    assert msgspec.json.decode(mark(large, ("aaaa",)).attributes or b"") == {"via": "aaaa"}


def test_owntracks_is_told_in_its_units() -> None:
    assert write_location(FIX, "van") == {
        "_type": "location",
        "tst": MONDAY // 1000,
        "lat": 60.1699,
        "lon": 24.9384,
        "acc": 8,
        "alt": 41,
        "vel": 45,
        "cog": 271,
        "batt": 83,
        "tid": "an",
        "topic": "owntracks/tracker/van",
    }
    assert write_location(Fix(MONDAY, 0, 0), "van").keys() == {"_type", "tst", "lat", "lon", "tid", "topic"}


def test_the_cursor_moves_as_far_as_it_is_there() -> None:
    rows = [Row(1, stamp, FIX) for stamp in (11, 12, 13, 14)]
    found = [
        ForwardRow(rows[0], True),
        ForwardRow(rows[1], True),
        ForwardRow(rows[2], True),
        ForwardRow(rows[3], False),
    ]
    wanted = rows[:3]
    assert [find_reached(WISH, found, wanted, count) for count in (0, 1, 2, 3)] == [10, 11, 12, 14]
    assert find_reached(WISH, found, [], 0) == 14 and find_reached(WISH, [], [], 0) == 10


def test_it_waits_longer_each_time() -> None:
    assert 0.5 <= choose_wait(0, None) <= 1 and 16 <= choose_wait(5, None) <= 32
    assert 150 <= choose_wait(60, None) <= 300 and choose_wait(0, 77.0) == 77.0
