"""What phones publish to a broker: whose it is by its topic, what it says by the codec of the HTTP mode."""

from typing import Any

import pytest

from tests.phone_samples import AT, LAT, LON, SECOND, SECRET, encode, owntracks, sealed, steps
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.note import Walk
from tracker.model.report import Report
from tracker.phones.judge import judge
from tracker.phones.mqtt import TOPICS, decode_message, find_name

TOPIC = "owntracks/jane/phone"


def said(payload: object, topic: str = TOPIC, secret: str | None = None) -> Report:
    return decode_message(topic, payload if isinstance(payload, bytes) else encode(payload), secret, AT)


def judged(report: Report) -> list[Fix | Refusal]:
    return [judge(each, index, AT) for index, each in enumerate(report.readings)]


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        (TOPIC, "jane/phone"),
        (f"{TOPIC}/event", "jane/phone"),
        (f"{TOPIC}/waypoints", "jane/phone"),
        ("owntracks/jané/iPhone 12 Pro", "jané/iPhone 12 Pro"),
        (f"{TOPIC}/cmd", ""),  # what we say ourselves
        (f"{TOPIC}/dump", ""),
        ("owntracks/jane", ""),
        ("owntracks//phone", ""),
        ("owntracks/jane/", ""),
        ("alerts/jane/phone", ""),
        ("", ""),
        ("owntracks/" + "x" * 300 + "/phone", "x" * 200),
    ],
)
def test_the_topic_says_whose_it_is(topic: str, name: str) -> None:
    assert find_name(topic) == name


def test_nothing_that_we_say_comes_back() -> None:
    assert len(set(TOPICS)) == len(TOPICS) and not any(each.endswith("/cmd") for each in TOPICS)


@pytest.mark.parametrize(
    ("payload", "secret"), [(owntracks(), None), (sealed(owntracks()), SECRET), ([owntracks()], None)]
)
def test_a_location_is_what_it_is_by_http(payload: object, secret: str | None) -> None:
    report = said(payload, secret=secret)
    assert (report.app.dialect, report.app.name, report.faults) == (Dialect.OWNTRACKS_MQTT, "OwnTracks", ())
    (fix,) = judged(report)
    assert isinstance(fix, Fix) and (fix.at, fix.lon, fix.lat, fix.speed) == (AT, LON, LAT, 12.5)


@pytest.mark.parametrize("topic", [TOPIC, f"{TOPIC}/step"])
def test_steps_are_what_they_are_by_http(topic: str) -> None:
    report = said(steps(1234), topic)
    assert (report.walk, report.readings, report.faults, report.app.note) == (Walk(1234, AT), (), (), "steps")


def test_what_a_payload_says_of_its_topic_counts_for_nothing() -> None:
    (reading,) = said(owntracks(topic="owntracks/somebody/else")).readings
    assert reading.device == "jane/phone"


def test_the_line_of_small_trackers() -> None:
    (fix,) = judged(said(b"X0,542A46AA,k,30365854,7575769,26,4,7,5,872"))
    assert isinstance(fix, Fix)
    assert (fix.at, fix.lat, fix.lon, fix.heading, fix.altitude) == (0x542A46AA * 1000, 30.365854, 7.575769, 260, 70)
    assert fix.speed == pytest.approx(4 / 3.6, abs=0.01)


def test_a_line_that_goes_on_and_on_is_kept_as_far_as_others_are() -> None:
    (refused,) = judged(said(b"X0,542A46AA,k,," + b"7" * 9_000 + b",26,4,7,5,872"))
    assert isinstance(refused, Refusal) and len(refused.text) == 2_000


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{", "not JSON"),
        (encode(owntracks())[:-9], "not JSON"),
        (encode(owntracks()) * 2, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\xfd", "neither JSON nor a line of values"),
        (b"hello", "neither JSON nor a line of values"),
        (b"X0,xyz,k,30365854,7575769,26,4,7,5,872", "neither JSON nor a line of values"),
        (b"[]", "no message of OwnTracks"),
        (b'{"lat":1,"lon":2}', "no message of OwnTracks"),
        (b'{"_type":7}', "unknown message"),
        (encode(sealed(owntracks())), "encrypted: give the key"),
        (b"x" * 10_000_000, "neither JSON nor a line of values"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_cannot_be_read_is_a_fault(payload: bytes, why: str) -> None:
    report = said(payload)
    ((found, text),) = report.faults
    assert found == why and len(text) <= 4096 and not report.readings


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"tst": 0}, "too_old"),
        ({"tst": None}, "bad_time"),
        ({"tst": (AT + 10**10) // 1000}, "future"),
        ({"lat": 91}, "out_of_range"),
        ({"lat": None}, "bad_value"),
        ({"lat": "north"}, "bad_value"),
    ],
)
def test_what_is_no_fix_is_refused(more: dict[str, Any], reason: str) -> None:
    (refusal,) = judged(said(owntracks(**more)))
    assert isinstance(refusal, Refusal) and refusal.reason == reason


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({"tst": AT}, "at", AT),  # ms
        ({"tst": str(SECOND)}, "at", AT),
        ({"lat": str(LAT), "lon": str(LON), "vel": "45"}, "speed", 12.5),
        ({"batt": 43628}, "battery", None),
        ({"tid": None}, "lat", LAT),
        ({"vel": -1}, "speed", None),
        ({"desc": "caf\udce9"}, "lat", LAT),
    ],
)
def test_odd_values_cost_no_fix(more: dict[str, Any], field: str, value: object) -> None:
    text = encode({name: each for name, each in owntracks(**more).items() if each is not None and name != "desc"})
    body = text.replace(b'"tid"', b'"desc":"caf\xe9","tid"') if "desc" in more else text
    (fix,) = judged(said(body))
    assert isinstance(fix, Fix) and getattr(fix, field) == value


def test_an_emptied_topic_says_nothing() -> None:
    assert said(b"") == Report(said(b"").app, "nothing")
    assert said(b"").app.note is None


@pytest.mark.parametrize(
    ("message", "note"),
    [
        ({"_type": "lwt", "tst": SECOND}, "connection lost"),
        ({"_type": "transition", "event": "enter", "desc": "home", "tst": SECOND}, "enter home"),
        ({"_type": "waypoints", "waypoints": []}, "waypoints"),
        ({"_type": "card", "name": "Jane"}, "card"),
        ({"_type": "status", "android": {"ps": 1, "loc": 1}}, "battery optimisation is on"),
    ],
)
def test_what_is_no_location_is_noted(message: dict[str, Any], note: str) -> None:
    report = said(message)
    assert (report.app.note, report.readings, report.faults) == (note, (), ())
