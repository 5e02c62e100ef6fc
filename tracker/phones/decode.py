"""Which app is speaking: told by what the body and the query string are, never by the header that says so, for an app
that posts its JSON as a form is one of the oldest faults."""

from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from tracker.model.dialect import Dialect
from tracker.model.report import App, Report
from tracker.phones.body import MOST_VALUES, read_body, read_parts, read_values
from tracker.phones.commas import settle_json
from tracker.phones.flat import decode_colota, decode_home_assistant, decode_own, find_place
from tracker.phones.gather import MOST, Fault, Object, gather, pass_over
from tracker.phones.makers import find_maker
from tracker.phones.overland import decode_overland
from tracker.phones.owntracks import decode_owntracks
from tracker.phones.post import Post
from tracker.phones.query import PLACE, Fields, decode_query, read_address, read_fields
from tracker.phones.traccar import decode_client, decode_server

KEPT: Final = 4_096  # characters of what nobody can read
UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
SPEAK_FOR_OTHERS: Final = (Dialect.TRACCAR_SERVER, Dialect.HOME_ASSISTANT, Dialect.UNKNOWN)
NOBODY: Final = App(Dialect.UNKNOWN, "unknown")


def decode_post(post: Post) -> Report:
    """What the phone says. Never raises: what cannot be read is a fault of the report."""
    text, faults = read_body(post.body)
    try:
        report = add_maker(decode_text(unwrap(text := text.strip()), post), post.agent)
        return add_faults(cut(report), faults)
    except UNREADABLE as error:  # an app that is answered 500 sends the same again for ever, and nothing newer
        return refuse(f"cannot be read: {type(error).__name__}", text or post.query)


def cut(report: Report) -> Report:
    """Lists in lists may come to more than each of them is allowed."""
    beyond = report.readings[MOST:]
    if not beyond:
        return report
    fault = pass_over([each.text for each in beyond], f"more than {MOST:,} readings")
    return add_faults(msgspec.structs.replace(report, readings=report.readings[:MOST]), (fault,))


def add_maker(report: Report, agent: str) -> Report:
    """What the app says of its phone itself goes before what its User-Agent does."""
    if report.app.dialect in SPEAK_FOR_OTHERS:
        return report
    found = find_maker(agent)
    system, make = report.app.system or found.system, report.app.make or found.make
    if (system, make) == (report.app.system, report.app.make):
        return report
    return msgspec.structs.replace(report, app=msgspec.structs.replace(report.app, system=system, make=make))


def decode_text(text: str, post: Post) -> Report:
    """The body counts; where nobody knows it, what stands in the address does."""
    fields = read_address(post.query) or {}
    found = find_json(text or post.query)
    form = (read_parts(text) or read_fields(text)) if text and found is None else None
    if found is None and (inner := find_json_field(form if text else fields)) is not None:
        said = decode_json(inner, post)
        beside = decode_fields(fields, form, post) if said.app.dialect == Dialect.UNKNOWN else None
        return said if beside is None else beside
    if found is not None:
        said = decode_json(found, post)
        beside = decode_query(fields, post, is_form=False) if text and said.app.dialect == Dialect.UNKNOWN else None
        return said if beside is None else add_faults(beside, said.faults if says_something(found) else ())
    if (report := decode_fields(fields, form, post)) is not None:
        return report
    if not text and not fields:
        return Report(NOBODY, "array")  # OwnTracks on iOS says nothing when a friend was deleted
    return refuse("no fields of a location", text or post.query)


def unwrap(text: str) -> str:
    """What was written as JSON twice is a text in JSON."""
    if text[:1] != '"':
        return text
    values, _ = read_values(text)
    return values[0].strip() if len(values) == 1 and isinstance(values[0], str) else text


def decode_fields(fields: Fields, form: Fields | None, post: Post) -> Report | None:
    """Of the address and of a form. The place may be in either: a form may come to an address that names the device."""
    ways = [(fields, False)] + ([({**fields, **form}, True)] if form else [])
    if form and PLACE & form.keys() and not PLACE & fields.keys():
        ways.reverse()
    elif form and PLACE & fields.keys() and not PLACE & form.keys():
        ways[0] = ({**fields, **form, **{name: value for name, value in fields.items() if value}}, False)
    reports = (decode_query(each, post, is_form=is_form) for each, is_form in ways)
    return next((report for report in reports if report is not None), None)


def find_json(text: str) -> str | None:
    """What is JSON by its first character, bare or as the key of a form whose value is empty."""
    if text[:1] in ("{", "["):
        return text.removesuffix("=")
    return unquote_plus(text.removesuffix("=")) if text[:3].upper() in ("%7B", "%5B") else None


def find_json_field(form: Fields | None) -> str | None:
    """JSON that is the value of a field, in a form that says no place itself."""
    if form is None or PLACE & form.keys():
        return None
    values = (value.strip() for value in form.values())
    return next((value for value in values if value.startswith(("{", "["))), None)


def says_something(text: str) -> bool:
    """An empty object or list beside fields in the address is what a library sends that was given no body."""
    return bool(text.strip("{}[] \t\r\n"))


def refuse(why: str, text: str) -> Report:
    """Overland reads an object with a result in it, and every other app takes that for an answer, too."""
    return Report(NOBODY, "result", faults=((why, text[:KEPT]),))


def add_faults(report: Report, faults: tuple[Fault, ...]) -> Report:
    return msgspec.structs.replace(report, faults=report.faults + faults) if faults else report


def decode_json(text: str, post: Post) -> Report:
    values, rest = read_values(text)
    if not values:
        return refuse("not JSON", text)
    if len(values) == 1 and isinstance(values[0], dict):
        return decode_object(settle_json(values[0], text), post) or refuse("no app we know", text)
    objects, faults = gather(settle_json(values, text))
    if rest:
        faults += ((f"more than {MOST_VALUES:,} values", rest[:KEPT]),)
    report = decode_list(objects, post)
    return add_faults(report, faults) if report is not None else refuse("no app we know", text)


def decode_list(objects: list[Object], post: Post, *, is_inner: bool = False) -> Report | None:
    """None where nobody knows any of them."""
    if any("_type" in each for each in objects):
        return decode_owntracks(objects, post)
    if any(isinstance(each.get("position"), dict) for each in objects):
        return decode_server(objects)
    if objects and all(each.get("type") == "Feature" for each in objects):
        return decode_overland({"locations": objects}, post)
    post = msgspec.structs.replace(post, is_one=post.is_one and len(objects) == 1)
    return join([(each, decode_object(each, post, is_inner=is_inner)) for each in objects])


def join(decoded: list[tuple[Object, Report | None]]) -> Report | None:
    """What several objects of one app say; the last that is known says which."""
    last = next((report for _, report in reversed(decoded) if report is not None), None)
    if last is None:
        return None
    same = [each for _, each in decoded if each is not None and each.app.dialect == last.app.dialect]
    others = [given for given, each in decoded if each is None or each.app.dialect != last.app.dialect]
    readings, faults = (tuple(one for each in same for one in getattr(each, of)) for of in ("readings", "faults"))
    faults += (pass_over(others, "of no app we know, or of another"),) if others else ()
    calls = tuple(at for each in same for at in each.calls)
    newest = max(reversed(same), key=lambda each: max((one.at or 0 for one in each.readings), default=0))
    return Report(last.app, last.reply, readings, faults, calls, newest.is_paused)


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
    if isinstance(message.get("locations"), list | dict) or "current" in message:
        return decode_overland(message, post)
    if message.get("type") in ("Feature", "FeatureCollection"):
        given = message.get("features") if message["type"] == "FeatureCollection" else [message]
        return decode_overland({"locations": given}, post)
    if "location" in message:
        return decode_client(message)
    if isinstance(coords := message.get("coords"), dict) and find_place(coords):  # a browser's GeolocationPosition
        return decode_client(message | {"location": message})
    if isinstance(message.get("position"), dict):
        return decode_server([message])
    if isinstance(message.get("positions"), list) and not is_inner:
        return decode_positions(message["positions"], post)
    if message.get("type") == "update_location":
        return decode_home_assistant(message, post)
    if "lat" in message and "lon" in message and "tst" in message and "at" not in message:
        return decode_colota(message)
    return decode_own(message, post) if find_place(message) is not None else None


def decode_positions(given: list[Any], post: Post) -> Report | None:
    objects, faults = gather(given)
    report = decode_list(objects, post, is_inner=True)
    return None if report is None else add_faults(report, faults)
