"""Which app is speaking: told by what the body and the query string are, never by the header that says so, for an app
that posts its JSON as a form is one of the oldest faults."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from tracker.model.dialect import Dialect
from tracker.model.report import App, Report
from tracker.phones.body import read_parts, read_text, read_values
from tracker.phones.flat import decode_colota, decode_home_assistant, decode_own, find_place
from tracker.phones.overland import decode_overland
from tracker.phones.owntracks import decode_owntracks
from tracker.phones.post import Post
from tracker.phones.query import decode_query, read_fields
from tracker.phones.traccar import decode_client, decode_server

KEPT: Final = 4_096  # characters of what nobody can read
DEEP: Final = 4  # lists in lists, at most
MOST: Final = 5_000  # objects of one body
UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
NOBODY: Final = App(Dialect.UNKNOWN, "unknown")

Object = dict[str, Any]


def decode_post(post: Post) -> Report:
    """What the phone says. Never raises: what cannot be read is a fault of the report."""
    text = read_text(post.body).strip()
    try:
        return decode_text(text, post)
    except UNREADABLE as error:  # an app that is answered 500 sends the same again for ever, and nothing newer
        return refuse(f"cannot be read: {type(error).__name__}", text or post.query)


def decode_text(text: str, post: Post) -> Report:
    if (found := find_json(text or post.query)) is not None:
        return decode_json(found, post)
    fields, form = read_fields(post.query) or {}, (read_parts(text) or read_fields(text)) if text else None
    if (found := find_only(form if text else fields)) is not None:
        return decode_json(found, post)
    report = decode_query(fields, post, is_form=False)
    if report is None and form is not None:
        report = decode_query({**fields, **form}, post, is_form=True)
    if report is not None:
        return report
    if not text and not fields:
        return Report(NOBODY, "array")  # OwnTracks on iOS says nothing when a friend was deleted
    return refuse("no fields of a location", text or post.query)


def find_json(text: str) -> str | None:
    """What is JSON by its first character, bare or as the key of a form whose value is empty."""
    if text[:1] in ("{", "["):
        return text.removesuffix("=")
    return unquote_plus(text.removesuffix("=")) if text[:3].upper() in ("%7B", "%5B") else None


def find_only(form: Mapping[str, str] | None) -> str | None:
    """JSON that is the value of a form's only field."""
    value = next(iter(form.values())).strip() if form is not None and len(form) == 1 else ""
    return value if value[:1] in ("{", "[") else None


def refuse(why: str, text: str) -> Report:
    """Overland reads an object with a result in it, and every other app takes that for an answer, too."""
    return Report(NOBODY, "result", faults=((why, text[:KEPT]),))


def decode_json(text: str, post: Post) -> Report:
    values = read_values(text)
    if values is None:
        return refuse("not JSON", text)
    if len(values) == 1 and isinstance(values[0], dict):
        return decode_object(values[0], post) or refuse("no app we know", text)
    return decode_list(list_objects(values), post) or refuse("no app we know", text)


def list_objects(values: list[Any], depth: int = 0) -> list[Object]:
    """Those of lists in lists, too."""
    found: list[Object] = []
    for each in values[:MOST]:
        if isinstance(each, dict):
            found.append(each)
        elif isinstance(each, list) and depth < DEEP:
            found += list_objects(each, depth + 1)
    return found[:MOST]


def decode_list(objects: list[Object], post: Post, *, is_inner: bool = False) -> Report | None:
    if any("_type" in each for each in objects):
        return decode_owntracks(objects, post)
    if any(isinstance(each.get("position"), dict) for each in objects):
        return decode_server(objects)
    if objects and all(each.get("type") == "Feature" for each in objects):
        return decode_overland({"locations": objects}, post)
    post = msgspec.structs.replace(post, is_one=post.is_one and len(objects) == 1)
    decoded = (decode_object(each, post, is_inner=is_inner) for each in objects)
    return join([report for report in decoded if report is not None])


def join(reports: list[Report]) -> Report | None:
    """What several objects of one app say; the last says what it is."""
    if not reports:
        return None
    last = reports[-1]
    same = [each for each in reports if each.app.dialect == last.app.dialect]
    readings, faults = (tuple(one for each in same for one in getattr(each, of)) for of in ("readings", "faults"))
    return Report(last.app, last.reply, readings, faults, tuple(at for each in same for at in each.calls))


def decode_object(message: Object, post: Post, *, is_inner: bool = False) -> Report | None:
    """`is_inner`: of the positions of another, which has none of its own: each of them is looked at twice at most, and
    to follow positions in positions would double that with every level."""
    found = decode_known(message, post, is_inner=is_inner)
    if found is None and any(name != name.lower() for name in message):
        found = decode_known({name.lower(): value for name, value in message.items()}, post, is_inner=is_inner)
    return found


def decode_known(message: Object, post: Post, *, is_inner: bool) -> Report | None:
    if "_type" in message:
        return decode_owntracks([message], post)
    if isinstance(message.get("locations"), list) or "current" in message:
        return decode_overland(message, post)
    if message.get("type") in ("Feature", "FeatureCollection"):
        given = message.get("features") if message["type"] == "FeatureCollection" else [message]
        return decode_overland({"locations": given}, post)
    if "location" in message:
        return decode_client(message)
    if isinstance(message.get("position"), dict):
        return decode_server([message])
    if isinstance(message.get("positions"), list) and not is_inner:
        return decode_list(list_objects(message["positions"]), post, is_inner=True)
    if message.get("type") == "update_location":
        return decode_home_assistant(message, post)
    if "lat" in message and "lon" in message and "tst" in message and "at" not in message:
        return decode_colota(message)
    return decode_own(message, post) if find_place(message) is not None else None
