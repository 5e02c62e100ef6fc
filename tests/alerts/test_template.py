"""What a webhook says in a subscription's own words: filled in, and never more than filled in."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.test_wording import NAMES, event, message
from tracker.alerts.carriers.notice import Notice
from tracker.alerts.carriers.template import VALUES, check_template, fill_template
from tracker.errors import Invalid
from tracker.model.names import Names

SLACK = '{"text": "*{title:200:html}*\\n{link}"}'


def told(*events: dict[str, Any], names: Names = NAMES, page: str = "https://tracker.example.org") -> Notice:
    return msgspec.structs.replace(message(*events, names=names), page=page)


def test_json_is_filled_in_where_it_holds_texts() -> None:
    kind, body = fill_template('{"n": 1, "text": "{title}", "more": [true, "{device} {count}"]}', told(event(9)))
    assert kind == "application/json"
    assert msgspec.json.decode(body) == {"n": 1, "text": "Van 12 entered Port", "more": [True, "Van 12 1"]}


def test_anything_else_is_plain_text() -> None:
    kind, body = fill_template("{title} ({type}), {time}, {lat} {lon}\n{link}", told(event(9)))
    assert kind == "text/plain; charset=utf-8"
    assert body.decode() == (
        "Van 12 entered Port (enter), 2026-11-23 10:00:00 UTC, 43.73000 7.42000\nhttps://tracker.example.org/?event=9"
    )


def test_several_events_are_counted_and_lead_to_the_map() -> None:
    many = told(event(1), event(2, device="bus", geofence="depot"))
    _, body = fill_template("{count}: {device}, {geofence}, {link}", many)
    assert body.decode() == "2: 2 devices, 2 geofences, https://tracker.example.org/"
    assert fill_template("{link}", told(event(1), page=""))[1] == b""


def test_no_name_calls_a_channel_or_is_filled_in_again() -> None:
    evil = Names({"van-12": "<!channel> {link} & co"}, {"port": '","attachments":[{"text":"x'})
    _, body = fill_template(SLACK, told(event(9), names=evil))
    said = msgspec.json.decode(body)
    assert list(said) == ["text"]
    assert said["text"].startswith('*&lt;!channel&gt; {link} &amp; co entered ","attachments"')


def test_what_is_too_long_is_cut() -> None:
    long = told(event(9), names=Names({"van-12": "x" * 80}, {}))
    _, body = fill_template("{title:20}|{title:1}|{title:0}", long)
    assert body.decode() == f"{'x' * 19}…|…|…"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{nonsense}", "there is no {nonsense}"),
        ('{"text": "{title}"', "not JSON"),
        ("[1, 2", "not JSON"),
        ("[" * 17 + "1" + "]" * 17, "16 levels"),
        ("[" * 2000, "not JSON"),
        ("x" * 4001, "4000 characters"),
    ],
)
def test_what_could_never_be_filled_in_is_refused(template: str, why: str) -> None:
    with pytest.raises(Invalid, match=why.replace("{", r"\{")):
        check_template(template)


def test_a_text_that_begins_with_a_place_is_no_json() -> None:
    check_template("{title:20}\n{details}")
    assert fill_template("{type}!", told(event(9)))[1] == b"enter!"


@given(st.text(max_size=60), st.sampled_from(sorted(VALUES)), st.sampled_from(["", ":5", ":html", ":7:html"]))
def test_whatever_a_device_is_called_the_body_stays_what_it_was(name: str, value: str, how: str) -> None:
    template = msgspec.json.encode({"a": f"{{{value}{how}}}", "b": "{text}x"}).decode().replace("{text}", "")
    check_template(template)
    _, body = fill_template(template, told(event(9), names=Names({"van-12": name}, {"port": name})))
    found = msgspec.json.decode(body)
    assert list(found) == ["a", "b"] and found["b"] == "x"
