"""Which app is speaking: told by what the body and the query string are, never by the header that says so, for an app
that posts its JSON as a form is one of the oldest faults."""

from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from tracker.model.dialect import Dialect
from tracker.model.encoding import make_plain
from tracker.model.report import App, Report
from tracker.phones.flat import decode_colota, decode_home_assistant, decode_own
from tracker.phones.overland import decode_overland
from tracker.phones.owntracks import decode_owntracks
from tracker.phones.post import Post
from tracker.phones.query import decode_query, read_fields
from tracker.phones.traccar import decode_client, decode_server

KEPT: Final = 4_096  # characters of what nobody can read
NOBODY: Final = App(Dialect.UNKNOWN, "unknown")


def decode_post(post: Post) -> Report:
    """What the phone says. Never raises: what cannot be read is a fault of the report."""
    text = read_text(post.body).strip()
    if text[:1] in ("{", "["):
        return decode_json(text.removesuffix("="), post)
    if text[:3].upper() in ("%7B", "%5B"):  # the key of a form whose value is empty
        return decode_json(unquote_plus(text.removesuffix("=")), post)
    fields, form = read_fields(post.query) or {}, read_fields(text) if text else None
    if form is not None and len(form) == 1 and (value := next(iter(form.values())).strip())[:1] in ("{", "["):
        return decode_json(value, post)
    report = decode_query(fields, post, is_form=False)
    if report is None and form is not None:
        report = decode_query(fields | form, post, is_form=True)
    if report is not None:
        return report
    if not text and not fields:
        return Report(NOBODY, "array")  # OwnTracks on iOS says nothing when a friend was deleted
    return refuse("no fields of a location", text or post.query)


def read_text(body: bytes) -> str:
    """Bytes that are no UTF-8 are some other alphabet: what is wrong with a name must not cost the fix."""
    try:
        return make_plain(body).decode()
    except ValueError:
        return body.decode("latin-1")


def refuse(why: str, text: str) -> Report:
    """Overland reads an object with a result in it, and every other app takes that for an answer, too."""
    return Report(NOBODY, "result", faults=((why, text[:KEPT]),))


def decode_json(text: str, post: Post) -> Report:
    try:
        message = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return refuse("not JSON", text)
    if isinstance(message, list):
        return decode_list([each for each in message if isinstance(each, dict)], post) or refuse("no app we know", text)
    return decode_object(message, post) or refuse("no app we know", text)


def decode_list(objects: list[dict[str, Any]], post: Post) -> Report | None:
    if any("_type" in each for each in objects):
        return decode_owntracks(objects, post)
    return decode_server(objects) if any(isinstance(each.get("position"), dict) for each in objects) else None


def decode_object(message: dict[str, Any], post: Post) -> Report | None:
    if "_type" in message:
        return decode_owntracks([message], post)
    if isinstance(message.get("locations"), list) or "current" in message:
        return decode_overland(message, post)
    if "location" in message:
        return decode_client(message)
    if isinstance(message.get("position"), dict):
        return decode_server([message])
    if isinstance(message.get("positions"), list):
        return decode_list([each for each in message["positions"] if isinstance(each, dict)], post)
    if message.get("type") == "update_location":
        return decode_home_assistant(message, post)
    if "lat" not in message or "lon" not in message:
        return None
    return decode_own(message) if "at" in message else decode_colota(message) if "tst" in message else None
