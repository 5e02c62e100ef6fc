"""Template: a webhook's body as its subscription words it, for chats that read no CloudEvents.

JSON where it begins as JSON does: then only its texts are filled in, so that no name can end one and write fields of
its own. Anything else is plain text.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any, Final, NamedTuple

import msgspec

from tracker.alerts.carriers.notice import Notice
from tracker.alerts.carriers.wording import (
    WordedEvent,
    Wording,
    find_only,
    make_wording,
    one_line,
    read_events,
    say_place,
    say_time,
)
from tracker.errors import Invalid

FIELD: Final = "channel.template"
LONGEST: Final = 4000  # characters
DEEPEST: Final = 16  # objects and arrays in each other
# {title}, {title:200} cut after so many characters, {title:html} with & < > written as HTML and Slack want them.
PLACE: Final = re.compile(r"\{([a-z]+)(?::(\d{1,4}))?(:html)?\}")
JSON: Final = re.compile(r"\s*[\[{](?![a-z]+[:}])")


def check_template(template: str) -> None:
    """Invalid where it could never be filled in."""
    if len(template) > LONGEST:
        raise Invalid(f"{FIELD}: {LONGEST} characters at most", field=FIELD)
    unknown = next((each[1] for each in PLACE.finditer(template) if each[1] not in VALUES), None)
    if unknown:
        raise Invalid(f"{FIELD}: there is no {{{unknown}}}; there are {', '.join(VALUES)}", field=FIELD)
    if is_json(template):
        _read_json(template)


def is_json(template: str) -> bool:
    return JSON.match(template) is not None


def fill_template(template: str, message: Notice) -> tuple[str, bytes]:
    """The content type and the body."""
    told = _read(message)
    values = {name: make(told) for name, make in VALUES.items() if f"{{{name}" in template}
    if not is_json(template):
        return "text/plain; charset=utf-8", _fill(template, values).encode()
    return "application/json", msgspec.json.encode(_fill_all(_read_json(template), values))


def _read_json(template: str) -> Any:
    try:
        found = msgspec.json.decode(template)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(f"{FIELD}: not JSON: {error}", field=FIELD) from None
    _check_depth(found, DEEPEST)
    return found


def _check_depth(found: Any, left: int) -> None:
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    if inner and not left:
        raise Invalid(f"{FIELD}: {DEEPEST} levels at most", field=FIELD)
    for each in inner:
        _check_depth(each, left - 1)


def _fill_all(found: Any, values: Mapping[str, str]) -> Any:
    if isinstance(found, str):
        return _fill(found, values)
    if isinstance(found, list):
        return [_fill_all(each, values) for each in found]
    if isinstance(found, dict):
        return {key: _fill_all(each, values) for key, each in found.items()}
    return found


def _fill(text: str, values: Mapping[str, str]) -> str:
    """What is filled in is not looked through again: a device may be called {link}."""

    def put(place: re.Match[str]) -> str:
        value = values.get(place[1], "")
        if place[2] and len(value) > int(place[2]):
            value = value[: max(0, int(place[2]) - 1)] + "…"
        return escape(value, quote=False) if place[3] else value

    return PLACE.sub(put, text).strip("\n")


def _name(ids: Iterable[str | None], named: Callable[[str], str], what: str) -> str:
    found = list(dict.fromkeys(id for id in ids if id))
    return f"{len(found)} {what}" if len(found) > 1 else "".join(one_line(named(id)) for id in found)


def _degrees(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"


def link_to(message: Notice) -> str:
    """To the event on the page's map; to the map where there are several."""
    if not message.page:
        return ""
    event = find_only(read_events(message))
    return f"{message.page}/?event={event}" if event else f"{message.page}/"


class _Told(NamedTuple):
    """What the values are made of, each read once. `first`: the oldest event; an empty one where none can be read."""

    message: Notice
    events: list[WordedEvent]
    first: WordedEvent
    wording: Wording


def _read(message: Notice) -> _Told:
    events = read_events(message)
    return _Told(message, events, events[0] if events else WordedEvent(0), make_wording(message))


VALUES: Final[Mapping[str, Callable[[_Told], str]]] = {
    "title": lambda told: told.wording.title,
    "details": lambda told: "\n".join(told.wording.lines),
    "device": lambda told: _name((e.device for e in told.events), told.message.names.device, "devices"),
    "geofence": lambda told: _name((e.geofence for e in told.events), told.message.names.geofence, "geofences"),
    "type": lambda told: told.message.delivery.type,
    "time": lambda told: say_time(told.message, told.first),
    "place": lambda told: say_place(told.message, told.first),
    "lat": lambda told: _degrees(told.first.lat),
    "lon": lambda told: _degrees(told.first.lon),
    "count": lambda told: str(told.message.delivery.count),
    "link": lambda told: link_to(told.message),
}
