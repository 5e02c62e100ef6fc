"""What each app says becomes the same SI values; and what apps are known to say besides."""

from typing import Any

import pytest

from tests.phone_samples import (
    AT,
    LAT,
    LON,
    SAMPLES,
    SECOND,
    SECRET,
    Sample,
    encode,
    forwarded,
    gpslogger,
    overland,
    owntracks,
    sealed,
    steps,
    traccar_json,
)
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.moment import format_ms
from tracker.model.note import Walk
from tracker.model.report import Report
from tracker.phones.decode import decode_post
from tracker.phones.judge import judge
from tracker.phones.named import split
from tracker.phones.post import Post


def said(body: object = b"", query: str = "", secret: str | None = None) -> Report:
    return decode_post(Post(body if isinstance(body, bytes) else encode(body), query, "", AT, secret))


def judged(report: Report, now: int = AT) -> list[Fix | Refusal]:
    return [judge(reading, index, now) for index, reading in enumerate(report.readings)]


def only(report: Report) -> Fix:
    (fix,) = judged(report)
    assert isinstance(fix, Fix), fix
    return fix


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_app_says_the_same(sample: Sample) -> None:
    report = decode_post(Post(sample.body, sample.query, sample.agent, AT, SECRET))
    assert (report.app.dialect, report.reply, report.faults) == (sample.dialect, sample.reply, ())
    fix = only(report)
    assert (fix.at, fix.lon, fix.lat, fix.altitude) == (AT, LON, LAT, 41.0)
    assert fix.speed == pytest.approx(sample.speed, abs=0.01)
    assert fix.heading == (None if "heading" in sample.missing else 271.0)
    assert fix.accuracy == (None if "accuracy" in sample.missing else 8.0)
    assert fix.battery == (None if "battery" in sample.missing else 0.83)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.body[:1] == b"{"], ids=lambda sample: sample.name)
def test_a_body_is_read_by_what_it_is(sample: Sample) -> None:
    """With a byte order mark, in another encoding, as the key or the value of a form, with blanks about it."""
    percent = "".join(f"%{byte:02X}" for byte in sample.body).encode()
    forms = (
        percent,
        percent + b"=",
        b"data=" + percent,
        b"payload=" + sample.body.replace(b"&", b"%26").replace(b"+", b"%2B"),
        sample.body + b"=",
    )
    for body in (b"\xef\xbb\xbf" + sample.body, sample.body.decode().encode("utf-16"), b"\n " + sample.body, *forms):
        report = decode_post(Post(body, "", "", AT, SECRET))
        assert report.app.dialect == sample.dialect and only(report).lat == LAT


@pytest.mark.parametrize(
    "message",
    [
        {"_type": "waypoint", "desc": "Cabin", "lat": 61.5, "lon": 23.8, "rad": "100", "tst": str(SECOND)},
        {"_type": "waypoints", "waypoints": [{"_type": "waypoint", "lat": 61.5, "lon": 23.8, "rad": 9, "tst": 1}]},
        {"_type": "transition", "event": "leave", "desc": "home", "lat": 1.0, "lon": 2.0, "tst": SECOND, "wtst": 1},
        {"_type": "lwt", "tst": SECOND},
        {"_type": "status", "android": {"hib": 1, "bo": 1, "loc": 0, "ps": 0, "wifi": 1}},
        {"_type": "card", "tid": "xx", "name": "X X"},
        {"_type": "steps", "from": 1, "steps": 1234, "to": 2, "tst": 1},
        {"_type": "configuration", "waypoints": [{"_type": "waypoint", "tst": 1505910709000, "lat": 1, "lon": 2}]},
    ],
    ids=lambda message: message["_type"],
)
def test_what_is_no_location_is_no_fix_and_no_fault(message: dict[str, Any]) -> None:
    report = said(message)
    assert (report.readings, report.faults, report.reply) == ((), (), "array")
    assert report.app.note


@pytest.mark.parametrize(
    ("message", "walk"),
    [
        (steps(1234), Walk(1234, AT)),
        (steps("1234") | {"from": str(SECOND), "_type": "step"}, Walk(1234, AT)),
        (steps(0), Walk(0, AT)),
        ({"_type": "steps", "steps": 7}, Walk(7)),
        (steps(-1), None),  # the phone counts none
        (steps(None), None),
        (steps(True), None),
        (steps("many"), None),
        (steps(1e300), None),
        ([steps(9, until=AT + 2000), steps(4, until=AT + 1000), steps(-1, until=AT + 3000)], Walk(9, AT)),
        ([owntracks(), steps(5), owntracks(AT + 1000)], Walk(5, AT)),
        (owntracks(steps=5), None),
    ],
)
def test_steps_that_owntracks_counts(message: Any, walk: Walk | None) -> None:
    report = said(message)
    assert report.walk == walk and not report.faults
    assert {part.walk for part in split(report).values()} == {walk}


def test_of_several_phones_each_says_for_itself_what_is_no_fix() -> None:
    john = {"topic": "owntracks/john/phone"}
    limits = {"_type": "status", "android": {"hib": 1}, "tid": "JJ"} | {"topic": "owntracks/jane/phone/status"}
    resting = owntracks(tid="JD", m=-1, topic="owntracks/john/phone")
    ada = steps(7) | {"topic": "owntracks/ada/watch/step"}
    parts = split(said([limits, owntracks(), resting, steps(5) | john, ada, {"_type": "lwt", "tst": SECOND}]))
    assert {name: (len(part.readings), part.is_paused, part.walk) for name, part in parts.items()} == {
        "jane/phone": (1, False, None),
        "john/phone": (1, True, Walk(5, AT)),
        "ada/watch": (0, False, Walk(7, AT)),
    }
    assert [part.app.note for part in parts.values()] == ["hibernation is on", "steps", "steps"]
    assert [part.app.system for part in parts.values()] == ["Android", None, None]


def test_what_names_nobody_is_about_the_phone_beside_it_alone() -> None:
    parts = split(said([steps(5), owntracks()]))
    assert {name: part.walk for name, part in parts.items()} == {"jane/phone": Walk(5, AT)}


def test_what_holds_android_up_is_told() -> None:
    assert said({"_type": "status", "android": {"loc": 0}}).app.note == "location permission is off"


def test_a_message_stays_closed_without_its_key() -> None:
    closed = said(sealed(owntracks()))
    assert closed.readings == () and closed.faults[0][0] == "encrypted: give the key"
    assert said(sealed(owntracks()), secret="another").faults[0][0] == "encrypted: another key, or broken"
    assert said({"_type": "encrypted", "data": "TestCipherText"}, secret=SECRET).faults
    assert said(sealed({"a": 1}), secret=SECRET).faults


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (SECOND, AT),
        (str(SECOND), AT),
        (SECOND * 1000, AT),
        (SECOND + 0.5, AT + 500),
        (0, 0),
        (None, None),
        ("soon", None),
        ([], None),
        (True, None),
        (1e300, None),
    ],
)
def test_a_time_is_told_by_its_size(given: object, at: int | None) -> None:
    (reading,) = said(owntracks() | {"tst": given}).readings
    assert reading.at == at


def test_numbers_may_be_texts_and_commas_points() -> None:
    fix = only(said(owntracks() | {"lat": "60,1699", "lon": "24,9384", "acc": "8", "alt": "41.0", "batt": "83"}))
    assert (fix.lat, fix.lon, fix.accuracy, fix.battery) == (LAT, LON, 8.0, 0.83)
    assert only(said(query=f"id=1&lat=60,1699&lon=24,9384&timestamp={SECOND}")).lat == LAT
    for broken in ("6,0,1", "1.234,5", "60N", "", "nan", "inf"):
        (entry,) = judged(said(owntracks() | {"lat": broken}))
        assert isinstance(entry, Refusal) and entry.reason == "bad_value"


def test_a_battery_that_cannot_be_costs_no_fix() -> None:
    """43628 was seen of a real phone."""
    for value in ("43628.0", "-1", "nan", ""):
        assert only(said(query=f"id=1&lat=1&lon=2&timestamp={SECOND}&batt={value}")).battery is None


def test_zero_that_means_unknown() -> None:
    """GPSLogger and OsmAnd write 0.0 for what they do not know; a Traccar Client for an accuracy only."""
    query = f"lat=1&lon=2&sat=0&alt=0.0&acc=0.0&dir=0.0&prov=x&spd=0.0&battery=0.0&time={AT}"
    fix = only(said(query=query))
    assert (fix.altitude, fix.accuracy, fix.heading, fix.speed, fix.battery) == (None, None, None, None, None)
    assert only(said(query=gpslogger().replace("spd=12.5", "spd=0.0"))).speed == 0.0
    fix = only(said(query=f"id=1&lat=1&lon=2&timestamp={SECOND}&speed=0.0&bearing=0.0&altitude=0.0&accuracy=0.0"))
    assert (fix.altitude, fix.accuracy, fix.heading, fix.speed) == (0.0, None, 0.0, 0.0)


@pytest.mark.parametrize(
    ("query", "dialect", "speed"),
    [
        ("id=9&lat=42.0&lon=-88.2&timestamp={ms}&hdop=6.0&altitude=224.0&speed=3.0", Dialect.OSMAND, 3.0),
        ("latitude=55.7&longitude=37.5&timestamp={ms}&hdop=10.0&speed=3.0&bearing=1.0", Dialect.OSMAND, 3.0),
        ("id=9&lat=60.0&lon=30.0&timestamp={s}&speed=3.0&hdop=0.0", Dialect.OSMAND, 3.0),
        ("id=9&lat=40.7&lon=-74.0&timestamp={s}&bearing=7.1&speed=40&ignition=true&rpm=933", Dialect.TRACCAR_8, 20.58),
        ("id=9&timestamp={s}&location=60.0,30.0", Dialect.TRACCAR_8, None),
        ("lat=60.0&lon=30.0&speed=10.0&heading=0.0&vacc=0&hacc=0&altitude=0&deviceid=9", Dialect.TRACCAR_8, 5.14),
        ("lat=12.1&lon=19.1&spd_kph=36&acc=8.0&epoch={ms}", Dialect.GPSLOGGER, 10.0),
        ("lat=12.1&lon=19.1&acc=8&timeoff={iso}%2B02:00", Dialect.GPSLOGGER, None),
        ("latitude=1.5&longitude=2.5&device=&accuracy=8&battery=81&speed=3&direction=9&altitude=1&provider=gps",
         Dialect.GPSLOGGER, 3.0),
    ],
)  # fmt: skip
def test_the_shape_decides_the_unit(query: str, dialect: Dialect, speed: float | None) -> None:
    iso = format_ms(AT + 7_200_000)[:-1]
    report = said(query=query.format(ms=AT, s=SECOND, iso=iso))
    fix = only(report)
    assert (report.app.dialect, fix.at) == (dialect, AT)
    assert fix.speed == (None if speed is None else pytest.approx(speed, abs=0.01))
    assert 0 < abs(fix.lon) < 180 and abs(fix.lat) <= 90


def test_a_heartbeat_is_no_fix() -> None:
    for report in (
        said(query=f"id=9&timestamp={SECOND}&batt=81"),
        said(f"id=9&timestamp={SECOND}&batt=81".encode()),
        said(query=f"id=9&timestamp={SECOND}&cell=257,02,16,2224&cell=257,02,16,2223,-90&wifi=00-14,-80"),
        said({"location": {"timestamp": "2026-01-01T00:00:00Z", "heartbeat": True}, "device_id": "9"}),
        said(forwarded(outdated=True)),
    ):
        assert (report.readings, report.faults, report.reply) == ((), (), "nothing")
        assert report.app.note


def test_a_push_token_is_kept_nowhere() -> None:
    report = said(b"id=9&notificationToken=very-secret")
    assert (report.readings, report.faults) == ((), ()) and "very-secret" not in repr(report)


def test_overland_says_where_it_is_before_where_it_was() -> None:
    batch = {
        "locations": [
            overland(AT - 60_000),
            {"type": "Feature", "geometry": None, "properties": {"action": "will_terminate"}},
            overland(AT - 50_000, action="visit", departure_date=None),
            overland(AT - 40_000, speed=-1, course=-1, battery_level=-1),
        ],
        "current": overland(AT),
        "trip": {},
    }
    report = said(batch)
    fixes = judged(report)
    assert [fix.at for fix in fixes if isinstance(fix, Fix)] == [AT, AT - 60_000, AT - 40_000]
    last = fixes[-1]
    assert isinstance(last, Fix) and (last.speed, last.heading, last.battery) == (None, None, None)
    assert report.reply == "result"


def test_a_traccar_client_without_coords_has_no_older_place() -> None:
    coords = {"latitude": LAT, "longitude": LON, "accuracy": 5, "speed": -1, "heading": -1, "altitude": 5}
    fix = only(said(traccar_json(coords=coords, battery={"level": -1})))
    assert (fix.speed, fix.heading, fix.battery) == (None, None, None)
    flat = {"timestamp": "2026-04-23T12:34:56Z", "latitude": 52.5, "longitude": 13.4, "accuracy": 5, "speed": 1.4}
    report = said({"device_id": "x", "location": flat, "battery": {"level": 0.85, "is_charging": True}})
    fix = only(report)
    assert (fix.lat, fix.lon, fix.speed, fix.battery) == (52.5, 13.4, 1.4, 0.85)


def test_a_version_is_the_apps_own() -> None:
    for agent, version in (
        ("curl/7.88.1", None),
        ("Dalvik/1.6.0 (Linux)", None),
        ("OsmAnd/4.7.2", "4.7.2"),
        ("", None),
    ):
        assert decode_post(Post(b"", f"lat=1&lon=2&timestamp={AT}&hdop=1", agent, AT)).app.version == version
    assert decode_post(Post(b"", f"id=1&lat=1&lon=2&timestamp={SECOND}", "Dalvik/1.6.0", AT)).app.version == "8"


def test_nothing_is_answered_as_owntracks_wants_it() -> None:
    report = said(b"")
    assert (report.reply, report.readings, report.faults) == ("array", (), ())


def test_the_boot_fix_of_a_lost_clock_is_refused() -> None:
    for body in (owntracks() | {"tst": 0, "lat": 0.0, "lon": 0.0}, {"_type": "location"}):
        (entry,) = judged(said(body))
        assert isinstance(entry, Refusal) and entry.reason in ("too_old", "bad_value")
    rolled = said(owntracks(AT - 7_168 * 86_400_000))
    (entry,) = judged(rolled)
    assert isinstance(entry, Refusal) and entry.reason == "bad_time"
