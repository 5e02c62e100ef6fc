"""What the server writes to people, in each language: all have the same texts, with the same places in them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from tests.alerts.test_wording import event, message
from tracker.alerts.carriers.wording import Wording, make_wording
from tracker.alerts.postbox import invite, offer_reset
from tracker.geo.towns import Town, say_near
from tracker.words.en import ENGLISH
from tracker.words.languages import ALL, find_words
from tracker.words.phrases import Phrases

PLACE = re.compile(r"\{\w+\}")


def say_in_german(*events: dict[str, Any]) -> Wording:
    notice = message(*events)
    reader = msgspec.structs.replace(notice.subscription, language="de")
    return make_wording(msgspec.structs.replace(notice, subscription=reader))


def texts(words: Phrases) -> Iterator[tuple[str, str]]:
    for name in words.__struct_fields__:
        value = getattr(words, name)
        items = value.items() if isinstance(value, Mapping) else enumerate([value] if isinstance(value, str) else value)
        yield from ((f"{name}.{key}", text) for key, text in items)


@pytest.mark.parametrize("language", ALL)
def test_all_have_the_same_texts_with_the_same_places(language: str) -> None:
    here, english = dict(texts(ALL[language])), dict(texts(ENGLISH))
    assert here.keys() == english.keys()
    for name, text in here.items():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(english[name])), name
        assert bool(text.strip()) == bool(english[name].strip()), name


def test_who_never_chose_reads_english() -> None:
    assert find_words(None) is find_words("xx") is find_words("en") is ENGLISH


@pytest.mark.parametrize(
    ("type", "evidence", "title"),
    [
        ("enter", {}, "Van 12 ist jetzt in Port"),
        ("dwell", {"dwell_s": 7380.0}, "Van 12 ist seit 2 Std. 3 Min. in Port"),
        ("offline", {"silent_s": 600}, "Van 12 ist offline: seit 10 Min. kam nichts"),
        ("battery_low", {"battery": 0.12}, "Der Akku von Van 12 ist schwach: 12 %"),
        ("absent", {"until": "2026-11-23T08:15:00Z"}, "Van 12 war um 08:15 nicht in Port"),
        ("near", {}, "Van 12 ist nahe bei einem anderen Gerät"),
        ("retraction", {"type": "enter"}, "Berichtigung: Van 12 kam nicht nach Port"),
        ("retraction", {"type": "sneezed"}, "Berichtigung: eine Meldung über Van 12 war falsch"),
    ],
)
def test_an_event_in_german(type: str, evidence: dict[str, Any], title: str) -> None:
    assert say_in_german(event(9, type, evidence=evidence)).title == title


def test_several_in_german() -> None:
    said = say_in_german(*[event(id) for id in range(1, 24)], event(30, "exit", device="bus", late=True))
    assert said.title == "24 Ereignisse von 2 Geräten: 23 hinein, 1 hinaus"
    assert said.lines[-1] == "und 4 weitere" and "(Ereignis 1)" in said.lines[0]


def test_a_place_in_german() -> None:
    limerick = Town(-8.62306, 52.66472, 90_000, "Europe/Dublin", "Limerick")
    german = find_words("de")
    assert say_near(limerick, -8.62306, 52.66472 + 5 / 111.2, german) == "5 km nördlich von Limerick"
    assert say_near(limerick, -8.62306, 52.66472, german) == "in Limerick"


def test_letters_in_german() -> None:
    to, subject, text = invite("a@example.org", "Haus {x}", "http://t/#i", "de")
    assert (to, subject) == ("a@example.org", "Einladung zu Haus {x}") and "http://t/#i" in text and "Haus {x}" in text
    assert "neues Passwort" in offer_reset("a@example.org", "http://t/#p", "de")[2]
    assert offer_reset("a@example.org", "http://t/#p", None)[1] == "A new password"
