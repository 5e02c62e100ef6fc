"""What stands beside what can be read is not lost in silence, and what can be read is, wherever it stands."""

import gzip
from typing import Any

import msgspec
import pytest

from tests.phone_samples import AT, LAT, LON, OWN, SECOND, encode, forwarded, overland, owntracks, traccar_json
from tests.unit.test_phones import judged, only, said
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix
from tracker.model.report import Report
from tracker.phones.body import MOST_MEMBERS, MOST_VALUES
from tracker.phones.gather import MOST
from tracker.phones.mqtt import decode_message
from tracker.phones.named import split

PLACE = f"id=1&lat={LAT}&lon={LON}&timestamp={SECOND}"


def ats(report: Report) -> list[int]:
    return [fix.at - AT for fix in judged(report) if isinstance(fix, Fix)]


def test_all_members_of_a_gzip_are_read() -> None:
    first, second = encode(owntracks(AT - 1000)), encode(owntracks())
    assert ats(said(gzip.compress(first) + gzip.compress(second))) == [-1000, 0]
    assert ats(said(gzip.compress(first[:30]) + gzip.compress(first[30:]) + b"\0\0\0")) == [-1000]
    packed = gzip.compress(first)
    for rest in (gzip.compress(second)[:-9], gzip.compress(second)[:30], b"\x1f\x8b", b"\x1f\x8bgarbage"):
        report = said(packed + rest)
        assert ats(report) == [-1000]
        assert report.faults == (("the rest of what is packed cannot be read", f"{len(rest)} bytes"),)
    many = said(packed + gzip.compress(b" ") * MOST_MEMBERS)
    assert ats(many) == [-1000] and len(many.faults) == 1
    assert said(packed[:-9]).readings == () and len(said(packed[:-9]).faults) == 1


def test_members_together_become_no_more_than_one() -> None:
    report = said(gzip.compress(b"[" + b" " * 900_000) + gzip.compress(b" " * 900_000 + b"]"))
    assert report.readings == () and report.faults


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ([owntracks(), 5, None, "x", []], "2 passed over: no objects"),
        ([owntracks(), {"a": 1}], "unknown message"),
        ([OWN, {"a": 1}], "1 passed over: of no app we know, or of another"),
        (
            [{"type": "update_location", "data": {"gps": [1, 2]}}, OWN],
            "1 passed over: of no app we know, or of another",
        ),
        ({"locations": [5, None, overland(), "a"]}, "2 passed over: no objects"),
        ({"positions": [OWN, True]}, "1 passed over: no objects"),
        (traccar_json() | {"location": [traccar_json()["location"], 3]}, "1 passed over: no objects"),
        ([forwarded(), {"device": {"id": 1}}], "1 passed over: without a position"),
        ([[[[[[[OWN]]]]]], OWN], "1 passed over: no objects"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_passed_over_is_said(message: Any, why: str) -> None:
    report = said(message)
    assert ats(report) == [0]
    assert [reason for reason, _ in report.faults] == [why] and all(text for _, text in report.faults)


def test_what_is_too_much_is_said() -> None:
    many = said({"locations": [overland()] * (MOST + 2)})
    assert len(many.readings) == MOST and many.faults[0][0] == "2 passed over: more than 5,000 objects"
    text = encode(OWN) + b"\n"
    lines = said(text * (MOST_VALUES + 1))
    assert len(lines.readings) == MOST_VALUES
    assert lines.faults == (("more than 1,000 values", text.decode().strip()),)


def test_lists_in_lists_come_to_no_more() -> None:
    report = said([{"locations": [overland()] * 3_000}] * 2)
    assert len(report.readings) == MOST and report.faults[0][0] == "1000 passed over: more than 5,000 readings"


def test_who_of_several_rests_is_not_guessed() -> None:
    resting = overland(action="paused_location_updates", device_id="a")
    assert split(said({"locations": [resting]}))["a"].is_paused
    parts = split(said({"locations": [overland(device_id="b"), resting]}))
    assert not parts["a"].is_paused and not parts["b"].is_paused


@pytest.mark.parametrize("extra", ["{}", "[]", '{"a":1}', "{"])
def test_a_field_that_is_no_message_costs_no_call_for_help(extra: str) -> None:
    fields = f"id=1&timestamp={SECOND}&batt=50&alarm=sos&extra={extra}"
    for report in (said(query=fields), said(fields.encode())):
        assert report.calls == (SECOND * 1000,) and report.faults == ()


def test_what_a_form_says_beside_a_place_in_the_address_is_read() -> None:
    query = f"id=5&lat={LAT}&lon={LON}&timestamp="
    for body, at in ((f"timestamp={SECOND - 60}&speed=10", -60_000), ("a=b", 0)):
        report = said(body.encode(), query)
        assert ats(report) == [at] and report.readings[0].device == "5"


def test_by_mqtt_too() -> None:
    report = decode_message("owntracks/jane/phone", encode([owntracks(), 7]), None, AT)
    assert ats(report) == [0] and report.faults == (("1 passed over: no objects", "[7]"),)


def test_what_nobody_knows_stands_below_nothing_else() -> None:
    bodies: list[Any] = [[{"a": 1}, {"b": 2}], [5], {}, []]
    for body in bodies:
        report = said(body)
        assert report.app.dialect == Dialect.UNKNOWN and report.faults[0][0] == "no app we know"


@pytest.mark.parametrize(
    ("body", "faults"),
    [(b"{}", 0), (b"[]", 0), (b"null", 0), (b" ", 0), (b'{"a":1}', 1), (b"hello", 0), (encode(owntracks()), 0)],
)
def test_an_address_counts_where_the_body_says_nothing(body: bytes, faults: int) -> None:
    report = said(body, PLACE)
    assert only(report).lat == LAT and len(report.faults) == faults


def test_the_place_may_be_in_a_form_at_an_address_that_names_the_device() -> None:
    report = said(f"lat={LAT}&lon={LON}&timestamp={SECOND}".encode(), "id=5&batt=80")
    fix = only(report)
    assert (report.app.dialect, fix.lat, fix.battery) == (Dialect.TRACCAR_10, LAT, 0.8)
    assert report.readings[0].device == "5"


def test_json_beside_other_fields_of_a_form() -> None:
    body = encode(owntracks())
    assert only(said(b"key=abc&data=" + body)).lat == LAT
    parts = (b'form-data; name="key"\r\n\r\nabc', b'form-data; name="file"; filename="a.json"\r\n\r\n' + body)
    multipart = b"".join(b"--x\r\nContent-Disposition: " + each + b"\r\n" for each in parts) + b"--x--\r\n"
    assert only(said(multipart)).lat == LAT
    assert only(said(f"{PLACE}&extras=%7B%22lat%22:1%7D".encode())).lat == LAT  # a place of its own goes before


@pytest.mark.parametrize(
    "query",
    [
        PLACE.replace("&", "&amp;"),
        PLACE.replace("=", "%3D").replace("&", "%26"),
        "?" + PLACE,
        PLACE.replace("&lat", "?lat"),
        PLACE.replace("lat", "%6Cat").replace(".", "%2E"),
        PLACE.replace("id=1", "id=Zoë").encode().decode("latin-1"),
    ],
)
def test_an_address_as_people_and_templates_write_it(query: str) -> None:
    assert only(said(query=query)).lat == LAT


def test_what_is_json_twice_is_read() -> None:
    assert only(said(encode(encode(owntracks()).decode()))).lat == LAT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-8-sig"])
def test_letters_of_several_bytes_need_no_mark(encoding: str) -> None:
    for text in (encode(owntracks()).decode(), encode([owntracks()]).decode(), PLACE):
        assert only(said(text.encode(encoding))).lat == LAT


def test_digits_of_other_scripts() -> None:
    arabic = str(LAT).translate({ord(str(digit)): 0x0660 + digit for digit in range(10)}).replace(".", "\u066b")
    wide = str(LON).translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    fix = only(said(owntracks() | {"lat": arabic, "lon": wide}))
    assert (fix.lat, fix.lon) == (LAT, LON)


@pytest.mark.parametrize(
    ("lat", "altitude", "read"),
    [
        ("60.1699", "1,234", 1234.0),
        ("60,1699", "1,234", 1.23),
        ("60,169", "1,234", 1.23),
        ("60", "1,234", None),  # nothing says which
        ("60.1699", "0,234", 0.23),
        ("60.1699", "12,5", 12.5),
        ("60.1699", "1,234,567", None),
    ],
)
def test_a_comma_before_three_digits_is_what_the_others_make_it(lat: str, altitude: str, read: float | None) -> None:
    for report in (
        said(query=f"id=1&lat={lat}&lon=24&timestamp={SECOND}&altitude={altitude}"),
        said({"_type": "location", "lat": lat, "lon": 24, "tst": SECOND, "alt": altitude}),
        said({"locations": [overland(altitude=altitude) | {"geometry": {"type": "Point", "coordinates": [24, lat]}}]}),
    ):
        assert only(report).altitude == read
    assert only(said(owntracks(alt=altitude))).altitude == (None if altitude == "1,234" else read)


def test_a_time_by_a_name_that_traccar_has_not_is_of_a_template_in_si_units() -> None:
    report = said(query=f"lat={LAT}&lon={LON}&speed=3&time={SECOND}")
    assert (report.app.dialect, only(report).speed) == (Dialect.GPSLOGGER, 3.0)
    assert only(said(query=f"lat={LAT}&lon={LON}&acc=4&bat=80&timestamp={SECOND}")).battery == 0.8


def test_numbers_that_are_none_cost_only_themselves() -> None:
    fix = only(said(owntracks(alt="12 m", vel=[1], batt={"a": 1}, cog=True, acc="")))
    assert (fix.altitude, fix.speed, fix.battery, fix.heading, fix.accuracy) == (None,) * 5
    assert msgspec.json.decode(fix.attributes or b"{}")["tid"] == "JJ"


@pytest.mark.parametrize(
    ("message", "is_paused"),
    [
        (traccar_json(), False),
        (traccar_json(is_moving=False), True),
        ({"location": [traccar_json(is_moving=False)["location"], traccar_json()["location"]]}, False),
        (owntracks(m=1), False),
        (owntracks(m=-1), True),
        (owntracks(m=0), True),
        ({"locations": [overland(), overland(action="paused_location_updates")]}, True),
        ({"locations": [overland(action="paused_location_updates"), overland()]}, False),
        ({"location": [traccar_json(AT, is_moving=False)["location"], traccar_json(AT - 9000)["location"]]}, True),
        ({"location": [traccar_json(AT)["location"], traccar_json(AT - 9000, is_moving=False)["location"]]}, False),
        ([traccar_json(AT), traccar_json(AT - 9000, is_moving=False)], False),
        ([owntracks(m=1), owntracks(AT - 9000, m=0)], False),
        ([owntracks(m=0), owntracks(AT - 9000, m=1)], True),
        ({"current": overland(), "locations": [overland(AT - 9000, action="paused_location_updates")]}, False),
        ({"current": overland(action="paused_location_updates"), "locations": [overland(AT - 9000)]}, True),
        (OWN, False),
    ],
)
def test_an_app_that_says_that_it_rests_is_not_silent(message: Any, is_paused: bool) -> None:
    assert said(message).is_paused is is_paused


def test_a_status_says_the_system_and_what_is_not_allowed() -> None:
    ios = {
        "_type": "status",
        "iOS": {"locationManagerAuthorizationStatus": "kCLAuthorizationStatusAuthorizedWhenInUse"},
    }
    app = said(ios).app
    assert (app.system, app.note) == ("iOS", "location at all times is off")
    assert said({"_type": "status", "android": {"hib": 0}}).app.system == "Android"


@pytest.mark.parametrize(
    "message",
    [
        {"location": {"lat": LAT, "lng": LON}, "timestamp": AT},
        {"location": {"latitude": LAT, "lon": LON, "time": SECOND}},
        {"coords": {"latitude": LAT, "longitude": LON, "speed": None, "heading": None}, "timestamp": AT},
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [LON, LAT]},
            "properties": {"time": AT, "accuracy": 5},
        },
    ],
)
def test_a_place_is_read_by_whatever_name_it_has_in_a_location(message: Any) -> None:
    """Before, a `location` with `lat` and `lng` was taken for a heartbeat, and was answered 200 and gone."""
    report = said(encode(message))
    assert ats(report) == [0] and not report.faults


def test_coordinates_without_a_place_hide_none() -> None:
    """Also `coords` is a name that scripts have for something else; and whose a browser's position is counts."""
    assert only(said({"lat": LAT, "lon": LON, "timestamp": AT, "coords": {"accuracy": 5}})).lat == LAT
    whose = {"coords": {"latitude": LAT, "longitude": LON}, "timestamp": AT, "device_id": "van"}
    assert said(whose).readings[0].device == "van"


def test_a_question_mark_in_a_text_is_one() -> None:
    body = encode(owntracks() | {"desc": "http://x/?lat=1"})
    assert only(said(b"payload=" + body)).lat == LAT
    assert only(said(query=f"{PLACE}&note=what?lat=1")).lat == LAT


def test_one_time_is_not_of_two_places() -> None:
    places = [{"lat": LAT, "lng": LON}, {"lat": LAT + 1, "lng": LON}]
    assert [reading.at for reading in said({"location": places, "timestamp": AT}).readings] == [None, None]
