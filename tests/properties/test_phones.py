"""No codec raises, whatever comes, and none of them lets a fix through that cannot be."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.phone_samples import AT, SAMPLES, SECRET, encode
from tests.properties.sent import json_values, speakable
from tracker.model.fix import Fix
from tracker.model.report import Report
from tracker.phones.decode import decode_post
from tracker.phones.judge import judge
from tracker.phones.mqtt import decode_message, find_name
from tracker.phones.post import Post

WORDS = sorted(
    {"_type", "location", "locations", "current", "coords", "battery", "properties", "geometry", "coordinates", "data"}
    | {"lat", "lon", "latitude", "longitude", "tst", "timestamp", "vel", "speed", "batt", "level", "acc", "gps", "type"}
    | {"position", "device", "fixTime", "attributes", "update_location", "encrypted", "bs", "tid", "topic", "at"}
)
odd: st.SearchStrategy[Any] = st.sampled_from(
    [43628, "43628.0", -1, "-1", 0, "0", "", None, True, [], {}, 1e308, "1e999", "nan", AT, str(AT), "\0"]
)
values = st.recursive(
    json_values | odd | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=8),
    max_leaves=20,
)


def check(report: Report) -> None:
    for index, reading in enumerate(report.readings):
        fix = judge(reading, index, AT)
        if isinstance(fix, Fix):
            assert -1_800_000_000 <= fix.lon_e7 < 1_800_000_000 and -900_000_000 <= fix.lat_e7 <= 900_000_000
            assert 946_684_800_000 <= fix.at <= AT + 600_000
            assert fix.speed is None or 0 <= fix.speed <= 100_000
            assert fix.heading is None or 0 <= fix.heading < 360
            assert fix.accuracy is None or 0 < fix.accuracy <= 100_000
            assert fix.altitude is None or -500 <= fix.altitude <= 20_000
            assert fix.battery is None or 0 <= fix.battery <= 1
            assert fix.attributes is None or (len(fix.attributes) <= 2_000 and b"\\u0000" not in fix.attributes)
        else:
            assert len(fix.text) <= 2_000
    assert all(len(text) <= 4_096 for _, text in report.faults)


def read(body: bytes, query: str = "") -> None:
    check(decode_post(Post(body, query, "", AT, SECRET)))
    check(decode_message("owntracks/jane/phone", body, SECRET, AT))


@given(st.binary(max_size=200), st.text(max_size=60))
def test_any_bytes(body: bytes, query: str) -> None:
    read(body, query)


@given(st.text(max_size=300))
def test_any_topic(topic: str) -> None:
    for each in (topic, f"owntracks/{topic}", f"owntracks/{topic}/event"):
        name = find_name(each)
        assert len(name.encode()) <= 800 and "\0" not in name


@settings(max_examples=examples(300))
@given(values)
def test_any_json(value: Any) -> None:
    read(encode(speakable(value)))


@settings(max_examples=examples(300))
@given(st.sampled_from(SAMPLES), st.data())
def test_samples_with_other_values(sample: Any, data: st.DataObject) -> None:
    """Each value of a sample, however deep, may be another; or the body may be cut, doubled, or have another byte."""
    if sample.body[:1] == b"{":
        read(encode(speakable(change(msgspec.json.decode(sample.body), data))))
    text = sample.body or sample.query.encode()
    at = data.draw(st.integers(0, len(text)))
    byte = bytes([data.draw(st.integers(0, 255))])
    for broken in (text[:at], text + text, text[:at] + byte + text[at + 1 :], text[at:]):
        read(broken)
        read(b"", broken.decode("latin-1"))


def change(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict) and data.draw(st.booleans()):
        return {name: change(each, data) for name, each in value.items() if data.draw(st.integers(0, 9))}
    if isinstance(value, list):
        return [change(each, data) for each in value]
    return value if data.draw(st.booleans()) else data.draw(values)


def test_ten_megabytes() -> None:
    for body in (b"a" * 10_000_000, b"[" * 10_000_000, b'{"_type":"location","image":"' + b"x" * 10_000_000 + b'"}'):
        read(body)
    read(b"&".join([b"a=1"] * 2_500_000))
