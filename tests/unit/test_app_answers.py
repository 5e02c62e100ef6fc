"""Calls for help in each app's words, and commands and friends in OwnTracks'."""

import pytest

from tests.moments import MONDAY
from tests.phone_samples import AT, encode, forwarded, traccar_json, traccar_query
from tracker.model.circle import Circle
from tracker.model.command import Command
from tracker.model.friend import Friend
from tracker.model.report import Report
from tracker.phones.alarms import calls_for_help
from tracker.phones.commands import Circles, write_command
from tracker.phones.decode import decode_post
from tracker.phones.friends import write_friends
from tracker.phones.post import Post


def said(body: object = b"", query: str = "") -> Report:
    return decode_post(Post(body if isinstance(body, bytes) else encode(body), query, "", AT + 5))


@pytest.mark.parametrize("word", ["sos", "SOS", "panic", "help", "emergency", "lowBattery,sos", "sos, vibration"])
def test_what_is_a_call_for_help(word: str) -> None:
    assert calls_for_help(word)


@pytest.mark.parametrize("word", ["", "lowBattery", "fallDown", "sosnowiec", "vibration,tow", None, 7, True, ["sos"]])
def test_what_is_none(word: object) -> None:
    assert not calls_for_help(word)


def test_each_app_calls_with_the_time_of_its_fix() -> None:
    position = forwarded(attributes={"alarm": "sos"})
    event = forwarded() | {"event": {"type": "alarm", "attributes": {"alarm": "sos"}}}
    for report in (
        said(query=traccar_query() + "&alarm=sos"),
        said(traccar_query().encode() + b"&alarm=sos"),
        said(query=f"id=1&timestamp={AT // 1000}&alarm=sos"),  # without a place
        said(traccar_json() | {"location": traccar_json()["location"] | {"alarm": "sos"}}),
        said(traccar_json() | {"location": traccar_json()["location"] | {"extras": {"alarm": "sos"}}}),
        said(position),
        said(event),
    ):
        assert report.calls == (AT,)
    assert said(query="id=1&batt=80&alarm=sos").calls == (AT + 5,)  # when it came
    assert said(query=traccar_query() + "&alarm=lowBattery").calls == ()


def command(name: str, args: object) -> Command:
    return Command("c-1", "van", name, encode(args), MONDAY, MONDAY + 1)  # type: ignore[arg-type]  # Raw is bytes


def test_commands_in_the_words_of_owntracks() -> None:
    assert write_command(command("report_now", {})) == {"_type": "cmd", "action": "reportLocation"}
    told = write_command(command("set_interval", {"seconds": 30.0}))
    assert told is not None and told["action"] == "setConfiguration"
    assert told["configuration"] == {"_type": "configuration", "locatorInterval": 30, "moveModeLocatorInterval": 30}
    told = write_command(command("message", {"text": "Come home"}))
    assert told == {"_type": "cmd", "action": "action", "content": "Come home", "notification": "Come home"}
    assert write_command(command("fly", {})) is None


def test_geofences_are_waypoints_with_a_time_of_their_own() -> None:
    circles = Circles([Circle("home", "Home", 24.9384, 60.1699, 20.0), Circle("work", "Work", 24.0, 60.0, 310.4)])
    told = write_command(command("set_geofences", circles))
    assert told is not None and told["action"] == "setWaypoints" and told["waypoints"]["_type"] == "waypoints"
    home, work = told["waypoints"]["waypoints"]
    assert (home["_type"], home["rid"], home["desc"], home["rad"]) == ("waypoint", "home", "Home", 50)
    assert (work["lat"], work["lon"], work["rad"]) == (60.0, 24.0, 310)
    assert home["tst"] != work["tst"] and told == write_command(command("set_geofences", circles))


def test_friends_are_told_apart_by_two_letters() -> None:
    friends = [Friend(key, f"van-{key}", f"Van {key}", 24.0, 60.0, AT) for key in (1, 1297, 2593, 35)]
    told = write_friends(friends)
    cards = [each for each in told if each["_type"] == "card"]
    places = [each for each in told if each["_type"] == "location"]
    assert [each["name"] for each in cards] == ["Van 1", "Van 1297", "Van 2593", "Van 35"]
    assert len({each["tid"] for each in cards}) == 4 and all(len(each["tid"]) == 2 for each in cards)
    assert [each["tid"] for each in cards] == [each["tid"] for each in places]
    assert places[0]["tst"] == AT // 1000
