"""What is fuzzed: one codec each, by the sample that leads to it."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tests.phone_samples import (
    AT,
    LAT,
    LON,
    SAMPLES,
    SECOND,
    SECRET,
    encode,
    forwarded,
    overland,
    owntracks,
    sealed,
    steps,
    traccar_json,
    traccar_query,
)
from tests.properties.test_phones import check
from tracker.model.report import Report
from tracker.phones.decode import decode_post
from tracker.phones.mqtt import decode_message
from tracker.phones.post import Post
from tracker.sources.frames import find_notes, make_frame, say_each


class Target(NamedTuple):
    """`attempt` raises where the codec does, or lets through what no fix may be. `others`: what else the app says."""

    name: str
    sample: bytes
    attempt: Callable[[bytes], None]
    others: tuple[bytes, ...] = ()


def try_body(data: bytes) -> None:
    try_report(decode_post(Post(data, "", "", AT, SECRET)))


def try_query(data: bytes) -> None:
    try_report(decode_post(Post(b"", data.decode("latin-1"), "", AT, SECRET)))


def try_message(data: bytes) -> None:
    try_report(decode_message("owntracks/jane/phone", data, SECRET, AT))


def try_report(report: Report) -> None:
    """Also as it goes on to the writer, of one device and of many."""
    check(report)
    make_frame(1, report, AT * 1000)
    say_each(report, AT * 1000)
    find_notes(report, AT * 1000)


WORDS: Final = tuple(
    encode(each)
    for each in (
        steps(1234),
        {"_type": "lwt", "tst": SECOND},
        {"_type": "status", "android": {"hib": 1, "bo": 1, "loc": 0, "ps": 0, "wifi": 1}},
        {"_type": "transition", "event": "leave", "desc": "home", "lat": LAT, "lon": LON, "tst": SECOND, "wtst": 1},
        {"_type": "waypoints", "waypoints": [{"_type": "waypoint", "lat": LAT, "lon": LON, "rad": "9", "tst": "1"}]},
        [owntracks(m=-1), sealed(owntracks(AT + 1000))],
    )
)
VISIT: Final[dict[str, Any]] = {"action": "visit", "arrival_date": "2026-11-27T20:00:00Z"}
OTHERS: Final = {
    "Traccar Client 8": ((traccar_query() + "&alarm=sos").encode(), f"id=1&timestamp={SECOND}&alarm=sos".encode()),
    "Traccar Client 9": (encode([traccar_json(), traccar_json(AT + 1000, is_moving=False)]),),
    "OwnTracks": WORDS,
    "OwnTracks by MQTT": WORDS,
    "Overland": (
        encode({"current": overland(), "locations": [overland(AT + 1000, **VISIT), {"type": "Feature"}]}),
        encode({"type": "FeatureCollection", "features": [overland(action="paused_location_updates")]}),
    ),
    "Traccar server": (encode({"positions": [forwarded()["position"], None]}), encode([forwarded(), forwarded()])),
}


SINGLE: Final = (
    *(Target(each.name, each.body or each.query.encode(), try_body if each.body else try_query) for each in SAMPLES),
    Target("OwnTracks by MQTT", encode(owntracks()), try_message),
    Target("OwnTracks by MQTT, a line", b"X0,542A46AA,k,30365854,7575769,26,4,7,5,872", try_message),
)
TARGETS: Final = tuple(each._replace(others=OTHERS.get(each.name, ())) for each in SINGLE)
