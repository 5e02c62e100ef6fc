"""OwnTracks, by HTTP and by MQTT: https://owntracks.org/booklet/tech/json/. And what writes in its words: Overland's
mode of that name, and GPSLogger by a template that is going round."""

import re
from typing import Any, Final

import msgspec

from tracker.model.dialect import Dialect
from tracker.model.note import Walk
from tracker.model.reading import Reading
from tracker.model.report import App, Aside, Reply, Report
from tracker.phones.gather import find_newest
from tracker.phones.makers import ANDROID, IOS
from tracker.phones.post import Post
from tracker.phones.sealed import open_sealed
from tracker.phones.values import KMH, degrees, keep, moment, number, percent, scaled, text_of

Object = dict[str, Any]

AGENT: Final = re.compile(r"Owntracks-(Android|iOS)/(?:[a-z]+/)?([\w.]{1,20})|OwnTracks/([\w.]{1,20})", re.IGNORECASE)
SINCE_2001: Final = 978_307_200  # s from 1970 to 2001, Apple's epoch
# Known, and no fixes.
KINDS: Final = frozenset(("beacon", "card", "cmd", "configuration", "dump", "lwt", "request"))
MORE_KINDS: Final = frozenset(("status", "step", "steps", "transition", "waypoint", "waypoints"))

ALWAYS: Final = "kCLAuthorizationStatusAuthorizedAlways"
MOST_STEPS: Final = 1 << 53
MODES_OF_REST: Final = (-1, 0)  # quiet, and manual: nothing comes by itself


def decode_owntracks(messages: list[Object], post: Post, dialect: Dialect = Dialect.OWNTRACKS) -> Report:
    """One object or a list of them."""
    opened = [(each, open_sealed(each, post.secret)) for each in messages]
    found = [each for _, each in opened if isinstance(each, dict)]
    locations = [each for each in found if kind_of(each) == "location"]
    faults = [(f"encrypted: {why}", text_of(sealed)) for sealed, why in opened if isinstance(why, str)]
    faults += [("unknown message", text_of(each)) for each in found if not kind_of(each)]
    app = find_app(locations, post, dialect)
    app = msgspec.structs.replace(app, note=find_last_note(found), system=find_system(found))
    reply: Reply = "result" if app.dialect == Dialect.OVERLAND_OWNTRACKS else "array"
    readings = tuple(read_location(each, app) for each in locations)
    asides = find_asides(found) if len(locations) != 1 or len(found) != 1 else ()
    return Report(app, reply, readings, tuple(faults), (), is_at_rest(found), find_walk(found), asides)


def find_asides(messages: list[Object]) -> tuple[Aside, ...]:
    """By device, in the order in which they came."""
    named: dict[str | None, list[Object]] = {}
    for each in messages:
        named.setdefault(name_of(each), []).append(each)
    return tuple(
        Aside(name, find_last_note(said), find_system(said), is_at_rest(said), find_walk(said))
        for name, said in named.items()
    )


def is_at_rest(messages: list[Object]) -> bool:
    locations = [each for each in messages if kind_of(each) == "location"]
    return find_newest(locations, "tst").get("m") in MODES_OF_REST


def find_last_note(messages: list[Object]) -> str | None:
    return next((note for each in reversed(messages) if (note := find_note(each))), None)


def find_system(messages: list[Object]) -> str | None:
    """A status names the system by the member that stands for it."""
    statuses = [each for each in messages if kind_of(each) == "status"]
    if any(isinstance(each.get("android"), dict) for each in statuses):
        return ANDROID
    return IOS if any(isinstance(each.get("iOS"), dict) for each in statuses) else None


def find_walk(messages: list[Object]) -> Walk | None:
    """What was counted until last; iOS says -1 where it counts none."""
    walks = [each for each in messages if kind_of(each) in ("step", "steps") and is_count(each.get("steps"))]
    newest = find_newest(walks, "to")
    return Walk(round(number(newest["steps"]) or 0), moment(newest.get("from"))) if newest else None


def is_count(value: Any) -> bool:
    found = number(value)
    return found is not None and 0 <= found <= MOST_STEPS


def kind_of(message: Object) -> str:
    """Empty for what we do not know."""
    kind = message.get("_type")
    return kind if isinstance(kind, str) and (kind == "location" or kind in KINDS or kind in MORE_KINDS) else ""


def find_app(locations: list[Object], post: Post, dialect: Dialect) -> App:
    if locations and all(is_template(each) for each in locations):
        return App(Dialect.GPSLOGGER, "GPSLogger", None, "m/s")
    if locations and all(counts_from_2001(each) for each in locations):
        return App(Dialect.OVERLAND_OWNTRACKS, "Overland", None, "km/h")
    agent = AGENT.search(post.agent)
    version = (agent[2] or agent[3]) if agent else None
    return App(dialect, "OwnTracks", version, "km/h")


def is_template(message: Object) -> bool:
    """GPSLogger writes every value as a text, and of a battery's state only whether it charges. Its speed is in m/s."""
    return message.get("bs") in ("true", "false") and isinstance(message.get("lat"), str)


def counts_from_2001(message: Object) -> bool:
    """Overland: no `tid`, and a time between 1989 and 2001 that is really one between 2020 and 2032."""
    at = number(message.get("tst"))
    return at is not None and 6e8 < at < SINCE_2001 and "tid" not in message and "topic" not in message


def read_location(message: Object, app: App) -> Reading:
    at = moment(message.get("tst"))
    if at is not None and app.dialect == Dialect.OVERLAND_OWNTRACKS:
        at += SINCE_2001 * 1000
    return Reading(
        at,
        degrees(message.get("lon")),
        degrees(message.get("lat")),
        scaled(message.get("vel"), 1.0 if app.speed == "m/s" else KMH),
        number(message.get("cog")),
        number(message.get("acc")),
        number(message.get("alt")),
        percent(message.get("batt")),
        keep(**{name: message.get(name) for name in KEPT}),
        text_of({name: value for name, value in message.items() if name != "image"}),
        name_of(message),
    )


KEPT: Final = (
    "t",
    "tid",
    "conn",
    "bs",
    "m",
    "p",
    "vac",
    "SSID",
    "BSSID",
    "inregions",
    "motionactivities",
    "poi",
    "tag",
)


def name_of(message: Object) -> str | None:
    """`jane/phone` of the topic, or the two letters where there is none."""
    topic = message.get("topic")
    if isinstance(topic, str) and topic.count("/") >= 2:
        return "/".join(topic.split("/")[1:3])[:200]
    tid = message.get("tid")
    return tid[:200] if isinstance(tid, str) and tid else None


def find_note(message: Object) -> str | None:
    """What is worth knowing of a message that is no fix."""
    kind = kind_of(message)
    if kind == "transition":
        return f"{str(message.get('event'))[:20]} {str(message.get('desc'))[:100]}"
    if kind == "lwt":
        return "connection lost"
    if kind == "status":
        return find_status(message)
    return kind if kind != "location" else None


def find_status(message: Object) -> str:
    """Android tells what holds it up: location permission, hibernation, battery optimisation, power saving; iOS what
    is allowed."""
    android, ios = message.get("android"), message.get("iOS")
    if isinstance(ios, dict):
        allowed = ios.get("locationManagerAuthorizationStatus")
        return "status" if allowed in (None, ALWAYS) else "location at all times is off"
    if not isinstance(android, dict):
        return "status"
    if android.get("loc") == 0:
        return "location permission is off"
    if android.get("hib") == 1:
        return "hibernation is on"
    if android.get("bo") == 1 or android.get("ps") == 1:
        return "battery optimisation is on"
    return "status"
