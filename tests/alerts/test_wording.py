"""What people read of events, whatever they are named and however late they are told."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.alerts.carriers.notice import Notice
from tracker.alerts.carriers.wording import Wording, duration, make_wording
from tracker.model.channel import Webhook
from tracker.model.delivery import Delivery
from tracker.model.names import Names
from tracker.model.subscription import Quiet, Subscription, Wish

NAMES = Names({"van-12": "Van 12", "bus": "Bus"}, {"port": "Port"})
INSTALLATION = "3f0c1a52-0000-4000-8000-000000000000"


def event(id: int, type: str = "enter", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "type": type,
        "device": "van-12",
        "geofence": "port",
        "at": "2026-11-23T10:00:00.123Z",
        "detected_at": "2026-11-23T10:00:01.000Z",
        "late": False,
        "lon": 7.42,
        "lat": 43.73,
        "evidence": {},
    } | more


def message(*events: dict[str, Any], quiet: Quiet | None = None, names: Names = NAMES) -> Notice:
    body = msgspec.Raw(msgspec.json.encode(events))
    type = events[0]["type"] if len(events) == 1 else "mixed"
    delivery = Delivery(7, 1, 7, "van-12", "port", type, len(events), body, "waiting", None, 1, None, 0, None)
    wisher = Subscription(1, "port-watch", "", Wish(quiet=quiet), Webhook("http://127.0.0.1/"), ())
    return Notice(delivery, wisher, INSTALLATION, names)


@pytest.mark.parametrize(
    ("type", "evidence", "title"),
    [
        ("enter", {}, "Van 12 entered Port"),
        ("exit", {}, "Van 12 left Port"),
        ("cross", {"inferred": True}, "Van 12 passed through Port"),
        ("dwell", {"dwell_s": 7380.0}, "Van 12 has been in Port for 2 h 3 min"),
        ("dwell", {"dwell_s": "long"}, "Van 12 has been in Port"),
        ("speeding", {"limit": 13.889, "peak": 25.6}, "Van 12 was too fast in Port: 92 km/h where 50 are allowed"),
        ("offline", {"silent_s": 600}, "Van 12 is offline: nothing came for 10 min"),
        ("absent", {"until": "2026-11-23T08:15:00Z"}, "Van 12 was not in Port by 08:15"),
        (
            "absent",
            {"until": "2026-11-23T08:15:00Z", "unknown": True},
            "Nobody knows whether Van 12 was in Port by 08:15: it says nothing",
        ),
        (
            "offline",
            {"silent_s": 60, "empty_since": "x"},
            "Van 12 is offline: nothing came for 1 min; its battery is probably empty",
        ),
        ("battery_low", {"battery": 0.12}, "The battery of Van 12 is low: 12%"),
        ("silent", {"silent_s": 2700}, "Is Van 12 all right? It is unusually silent: nothing came for 45 min"),
        ("frozen", {"same": 24}, "Van 12 repeats an old place, the same in 24 fixes"),
        ("near", {"other": "bus"}, "Van 12 is near Bus"),
        ("apart", {}, "Van 12 and another device are apart again"),
        ("retraction", {"event": 3, "type": "enter"}, "Van 12 did not enter Port after all"),
        ("retraction", {"event": 3, "type": "sneezed"}, "A correction for Van 12 after all"),
        ("sneezed", {}, "Van 12: sneezed Port"),
    ],
)
def test_each_type_has_its_sentence(type: str, evidence: dict[str, Any], title: str) -> None:
    assert make_wording(message(event(9, type, evidence=evidence))).title == title


def test_those_without_a_geofence() -> None:
    titles = [
        make_wording(message(event(9, type, geofence=None))).title for type in ("offline", "online", "sneezed", "test")
    ]
    assert titles == ["Van 12 is offline", "Van 12 is online again", "Van 12: sneezed", "A test: alerts arrive here"]


def test_one_is_told_with_its_time_and_place() -> None:
    assert make_wording(message(event(9))).lines == (
        "2026-11-23 10:00:00 UTC, at 43.73000, 7.42000 (latitude, longitude).",
        "Event 9.",
    )
    helsinki = Quiet(0, 60, "Europe/Helsinki")
    assert make_wording(message(event(9), quiet=helsinki)).lines[0].startswith("2026-11-23 12:00:00 EET")


def test_what_comes_late_says_so() -> None:
    late = make_wording(message(event(9, detected_at="2026-11-23T12:03:00.123Z")))
    assert "told late: found out 2 h 3 min after it happened, 2026-11-23 12:03:00 UTC" in late.lines[1]
    assert "late" in make_wording(message(event(9, late=True))).lines[1]
    wrong = make_wording(message(event(9, "retraction", evidence={"event": 3, "type": "exit"}, late=True)))
    assert "Event 3 said otherwise" in wrong.lines[1] and "late" in wrong.lines[2]


def test_a_storm_is_counted_and_its_first_are_listed() -> None:
    many = [event(n, "exit" if n % 3 == 0 else "enter") for n in range(1, 31)]
    wording = make_wording(message(*many))
    assert wording.title == "30 events of Van 12: 20 entered, 10 left"
    assert wording.lines[0] == "2026-11-23 10:00:00 UTC  Van 12 entered Port (event 1)"
    assert (len(wording.lines), wording.lines[-1]) == (21, "and 10 more")
    two = make_wording(message(event(1), event(2, device="bus", late=True)))
    assert two.title == "2 events of 2 devices: 2 entered" and two.lines[1].endswith("(event 2, told late)")


def test_what_cannot_be_read_is_told_all_the_same() -> None:
    assert make_wording(message(event(1, at="yesterday"))) == Wording("1 events that this server cannot read", ())


@given(st.text(), st.text(), st.sampled_from(["enter", "near", "retraction", "{type}", "x\r\ny"]), st.booleans())
def test_no_name_makes_a_second_line(device: str, geofence: str, type: str, is_storm: bool) -> None:
    names = Names({"van-12": device}, {"port": geofence})
    wording = make_wording(message(*[event(1, type)] * (2 if is_storm else 1), names=names))
    assert all(line.isprintable() for line in (wording.title, *wording.lines))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (7380, "2 h 3 min"), (90000, "1 d 1 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
