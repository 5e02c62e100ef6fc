"""null and absent are the same, in every message and every body: a law over all members that may be left out."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.moments import MONDAY
from tracker.geofence.reading.feature import GeofenceProperties
from tracker.ingest.frames import Hello, Result, Unreadable, decode_message
from tracker.ingest.text_block import WireFix
from tracker.live.frames import Message, Subscribe, WantedEvents
from tracker.live.frames import decode_message as decode_wish
from tracker.model import absent
from tracker.model.fix import Fix
from tracker.model.frame import Frame

API: Final = Path(__file__).parents[2] / "tracker/api"
AT: Final = "2026-01-01T00:00:00Z"
SPAN: Final[dict[str, Any]] = {"from": AT, "to": AT}
HOURS: Final[dict[str, Any]] = {"from": "22:00", "to": "06:00", "zone": "Europe/Helsinki"}
HOOK: Final[dict[str, Any]] = {"kind": "webhook"}
# Of each body what it has to have, and of what may be left out the objects, which have members of their own.
BODIES: Final[dict[str, list[dict[str, Any]]]] = {
    "Acceptance": [{"code": "c"}],
    "Adoption": [{"device": "van"}],
    "CodeGiven": [{"code": "c"}],
    "CodeShown": [{"code": "c"}],
    "DeviceChange": [{}],
    "FactorOff": [{"current": "p", "code": "c"}],
    "GroupChange": [{}],
    "NewCommand": [{"name": "report_now"}],
    "NewDevice": [{}],
    "NewDryRun": [SPAN | {"feature": {"type": "Feature", "properties": None}}],
    "NewForward": [{"kind": "owntracks", "url": "https://a.example.org"}],
    "NewFactor": [{"current": "p"}],
    "NewGathering": [{"name": "Race", "until": AT}],
    "NewGroup": [{"name": "Depot"}],
    "NewInvitation": [{"email": "a@example.org", "group": "g", "role": "viewer"}],
    "NewMessage": [{"text": "t"}],
    "NewPair": [{"devices": ["a", "b"], "distance": 10}],
    "NewPassword": [{"code": "c", "password": "p"}],
    "NewPasskeyShown": [{"name": "n", "credential": {}}],
    "NewPerson": [{"email": "a@example.org", "password": "p"}],
    "NewSavedView": [{"name": "Night", "address": "show=moving"}],
    "NewSource": [{"name": "Traccar"}],
    "NewSubscription": [{}, {"channel": HOOK, "quiet": HOURS}],
    "NewToken": [{"kind": "viewer"}],
    "NewPrivacy": [{"mode": "vague"}],
    "NewShare": [{"until": AT}, {"until": AT, "devices": [{"id": "van"}]}],
    "OwnTracksSecret": [{}],
    "PairChange": [{}],
    "PasskeyWanted": [{"current": "p"}],
    "PersonChange": [{}],
    "Reminder": [{}],
    "Replay": [{"from": AT}],
    "RoleIn": [{"role": "viewer"}],
    "SavedViewChange": [{}],
    "ShareChange": [{}],
    "Shown": [{"code": "c"}],
    "ShownFriends": [{"shown": True}],
    "SignIn": [{}],
    "SignInThere": [{}],
    "SubscriptionChange": [{}, {"channel": {"kind": "webpush", "keys": {"p256dh": "x"}}, "quiet": HOURS}],
    "WantedReset": [{"email": "a@example.org"}],
}
OTHERS: Final[list[tuple[Any, dict[str, Any]]]] = [
    (Hello, {"type": "hello", "device": "van"}),
    (Result, {"type": "result", "id": "c", "ok": True}),
    (WireFix, {"at": AT, "lon": 1, "lat": 2}),
    (Message, {"type": "subscribe"}),
    (Message, {"type": "subscribe", "events": {}}),
    (Message, {"type": "pause"}),
    (GeofenceProperties, {"expect": [{"devices": ["ada"], "by": "08:15", "zone": "UTC"}]}),
    (GeofenceProperties, {"active": {"zone": "UTC", "windows": [{"from": "08:00", "to": "09:00"}]}}),
]


def read_kinds() -> dict[str, Any]:
    """The types of all bodies that a route reads, by their names."""
    found = {}
    for path in API.glob("*.py"):
        module = import_module(f"tracker.api.{path.stem}")
        for name in re.findall(r"await read_json\((\w+)", path.read_text()):
            found[name] = getattr(module, name)
    return found


KINDS: Final = read_kinds()
CASES: Final = [(KINDS[name], sample) for name, samples in BODIES.items() for sample in samples] + OTHERS


def test_every_body_is_tried() -> None:
    assert set(BODIES) == set(KINDS)


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_each_member_that_may_be_absent_may_be_null(kind: Any, sample: dict[str, Any]) -> None:
    meant = absent.decode(msgspec.json.encode(sample), kind)
    text = msgspec.json.encode(with_nulls(sample, meant, lambda _: True))
    assert absent.decode(text, kind) == meant


@given(st.sampled_from(CASES), st.data())
def test_any_of_them_may_be(case: tuple[Any, dict[str, Any]], data: st.DataObject) -> None:
    kind, sample = case
    meant = absent.decode(msgspec.json.encode(sample), kind)
    given = with_nulls(sample, meant, lambda name: data.draw(st.booleans(), label=name))
    assert absent.decode(msgspec.json.encode(given), kind) == meant


@pytest.mark.parametrize(("kind", "sample"), [case for case in CASES if case[1]])
def test_what_is_needed_may_not_be_null(kind: Any, sample: dict[str, Any]) -> None:
    needed = {f.encode_name for f in msgspec.structs.fields(kind) if f.required} if isinstance(kind, type) else set()
    for name in needed - {"feature"}:
        with pytest.raises(msgspec.ValidationError):
            absent.decode(msgspec.json.encode(sample | {name: None}), kind)


def test_what_is_ours_to_keep_keeps_its_nulls() -> None:
    text = msgspec.json.encode({"name": "message", "args": {"a": None, "b": [None]}, "expires": None})
    assert absent.decode(text, KINDS["NewCommand"]).args == {"a": None, "b": [None]}


def test_the_streams_read_so() -> None:
    hello = decode_message('{"type":"hello","device":"a","boot":null,"version":null,"binary":null}', 7, MONDAY, 500)
    assert hello == Hello("a")
    wish = '{"type":"subscribe","zoom":null,"rate":null,"binary":null,"devices":null,"events":{"after":null}}'
    assert decode_wish(wish) == Subscribe(events=WantedEvents())
    frame = f'{{"type":"fixes","seq":1,"lane":null,"fixes":[{{"at":"{AT}","lon":1,"lat":2,"attributes":null}}]}}'
    decoded = decode_message(frame, 7, MONDAY * 1000, 500)
    assert isinstance(decoded, Frame) and isinstance(decoded.entries[0], Fix)
    assert decode_message('{"type":"result","id":"c","ok":null}', 7, MONDAY, 500) == Unreadable(
        "Expected `bool`, got `null` - at `$.ok`", "c"
    )


def test_what_is_decoded_already_is_read_so() -> None:
    sample = {"name": None, "preset": None, "enabled": None, "repair": None, "active": None}
    assert absent.convert(sample, GeofenceProperties) == GeofenceProperties()


def with_nulls(sample: dict[str, Any], meant: Any, choose: Any) -> dict[str, Any]:
    """`sample` with null for what it leaves out, at every depth."""
    shown = {field.encode_name: getattr(meant, field.name) for field in msgspec.structs.fields(meant)}
    inner = {name: nested(each, shown[name], choose) for name, each in sample.items() if name in shown}
    return sample | inner | {name: None for name in shown if name not in sample and choose(name)}


def nested(given: Any, meant: Any, choose: Any) -> Any:
    if isinstance(given, dict) and isinstance(meant, msgspec.Struct):
        return with_nulls(given, meant, choose)
    if isinstance(given, list):
        return [nested(each, inner, choose) for each, inner in zip(given, meant, strict=True)]
    return given
