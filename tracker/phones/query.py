"""Fields in a query string or a form: Traccar Client 8 and 10, the OsmAnd app, GPSLogger's custom URL."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote

from tracker.model.dialect import Dialect
from tracker.model.reading import Reading
from tracker.model.report import App, Report
from tracker.phones.alarms import calls_for_help
from tracker.phones.commas import settle
from tracker.phones.post import Post
from tracker.phones.values import KMH, KNOT, degrees, keep, measured, moment, number, percent, scaled, text_of

Fields = Mapping[str, str]

MOST_FIELDS: Final = 200
# Of an address that had a question mark before the app's own; one in a text or in JSON stays what it is.
SECOND_MARK: Final = re.compile(
    r"^([^{?]*)\?(?=(?:id|deviceid|lat|latitude|lon|lng|longitude|timestamp)=)", re.IGNORECASE
)
AGENT_VERSION: Final = re.compile(r"^([A-Za-z][\w .-]{0,40})/(\d[\w.]{0,20})")
PLACE: Final = frozenset({"lat", "latitude", "lon", "lng", "longitude", "location"})
TIMES: Final = ("timestamp", "time", "epoch", "timeoff", "tst")
HEARTBEAT: Final = frozenset({"id", "deviceid", "timestamp", "batt", "charge", "alarm", "cell", "wifi"})
# Also of the last three: a Traccar server reads no time but `timestamp`.
GPSLOGGER: Final = frozenset(
    ("spd", "spd_kph", "dir", "prov", "androidid", "serial", "aid", "acc", "provider", "direction")
) | frozenset(("time", "timeoff", "epoch"))
SECRET: Final = frozenset(("notificationtoken", "token", "key", "api_key", "password"))
MEASURES: Final = frozenset(
    ("speed", "spd", "spd_kph", "bearing", "heading", "dir", "direction", "accuracy", "acc", "hacc", "altitude", "alt")
)
NAMES: Final = frozenset(("batt", "battery", "bat", "id", "deviceid", "device"))
USED: Final = PLACE | frozenset(TIMES) | MEASURES | NAMES | SECRET


def read_address(query: str) -> dict[str, str] | None:
    """The same of what stands in an address."""
    return read_fields(SECOND_MARK.sub(r"\1&", query))


def read_fields(text: str) -> dict[str, str] | None:
    """By name in small letters, the first of each that says something; None where these are no fields. An `&` that went
    through HTML, and all of it encoded once too often, are read as they were meant."""
    text = read_raw(text)
    text = unquote(text) if "=" not in text and "%3d" in text.lower() else text
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if not fields.get(name := name.lower().removeprefix("amp;").lstrip("? ")):
            fields[name] = value
    return (settle(fields) if any("," in value for value in fields.values()) else fields) or None


def read_raw(text: str) -> str:
    """What stands in an address without being encoded comes as Latin-1, whatever it is."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except ValueError:
        return text


def decode_query(fields: Fields, post: Post, *, is_form: bool) -> Report | None:
    """None where there is nothing in it that one of these apps says."""
    if not PLACE & fields.keys():
        return read_placeless(fields, post, is_form=is_form)
    dialect = find_dialect(fields, is_form=is_form)
    name, speed = UNDERSTOOD[dialect]
    speed = "km/h" if "spd_kph" in fields and not {"spd", "speed"} & fields.keys() else speed
    agent = AGENT_VERSION.match(post.agent)
    is_its_own = agent is not None and agent[1].lower().startswith(name.partition(" ")[0].lower())
    version = agent[2] if agent and is_its_own else VERSIONS.get(dialect)
    reading = read_zero_unknown if dialect in (Dialect.OSMAND, Dialect.GPSLOGGER) else read_traccar
    app = App(dialect, name, version, speed, read_alarm(fields))
    return Report(app, "nothing", (reading(fields, post),), calls=read_calls(fields, post))


def read_placeless(fields: Fields, post: Post, *, is_form: bool) -> Report | None:
    """A heartbeat, or a token for push messages: no fix, and nothing to keep. A call for help is one all the same."""
    dialect = Dialect.TRACCAR_10 if is_form else Dialect.TRACCAR_8
    note = read_alarm(fields) or "heartbeat"
    app = App(dialect, "Traccar Client", "10" if is_form else "8", "knots", note)
    if "notificationtoken" in fields:
        return Report(app, "nothing")
    if not {"id", "deviceid"} & fields.keys() or not fields.keys() & (HEARTBEAT - {"id", "deviceid"}):
        return None
    return Report(app, "nothing", calls=read_calls(fields, post))


def read_alarm(fields: Fields) -> str | None:
    return "alarm: " + fields["alarm"][:60] if fields.get("alarm") else None


def read_calls(fields: Fields, post: Post) -> tuple[int | None, ...]:
    return (read_moment(fields, post.received_at),) if calls_for_help(fields.get("alarm")) else ()


def find_dialect(fields: Fields, *, is_form: bool) -> Dialect:
    """By the shape. GPSLogger's names are its template's; OsmAnd writes milliseconds, or says hdop where a Traccar
    Client says accuracy and battery."""
    if GPSLOGGER & fields.keys():
        return Dialect.GPSLOGGER
    count = number(fields.get("timestamp"))
    if count is not None and abs(count) >= 1e11:
        return Dialect.OSMAND
    if "hdop" in fields and not {"accuracy", "batt"} & fields.keys():
        return Dialect.OSMAND
    return Dialect.TRACCAR_10 if is_form else Dialect.TRACCAR_8


VERSIONS: Final = {Dialect.TRACCAR_8: "8", Dialect.TRACCAR_10: "10"}
UNDERSTOOD: Final = {
    Dialect.TRACCAR_8: ("Traccar Client", "knots"),
    Dialect.TRACCAR_10: ("Traccar Client", "knots"),
    Dialect.OSMAND: ("OsmAnd", "m/s"),
    Dialect.GPSLOGGER: ("GPSLogger", "m/s"),
}


def first(fields: Fields, *names: str) -> str | None:
    return next((fields[name] for name in names if fields.get(name)), None)


def read_place(fields: Fields) -> tuple[str | None, str | None]:
    """Longitude, latitude."""
    both = fields.get("location", "").split(",")
    if len(both) == 2 and not {"lat", "latitude"} & fields.keys():
        return both[1], both[0]
    return first(fields, "lon", "lng", "longitude"), first(fields, "lat", "latitude")


def read_moment(fields: Fields, now: int) -> int | None:
    """Without any time it is now; with one that cannot be read it is none."""
    given = first(fields, *TIMES)
    return now if given is None else moment(given)


def read_traccar(fields: Fields, post: Post) -> Reading:
    """Traccar Client: knots, percent; an accuracy of 0 is none."""
    lon, lat = read_place(fields)
    return Reading(
        read_moment(fields, post.received_at),
        degrees(lon),
        degrees(lat),
        scaled(fields.get("speed"), KNOT),
        number(first(fields, "bearing", "heading")),
        number(first(fields, "accuracy", "hacc")),
        number(fields.get("altitude")),
        percent(fields.get("batt")),
        keep(**rest(fields)),
        text_of(visible(fields)),
        first(fields, "id", "deviceid"),
    )


def read_zero_unknown(fields: Fields, post: Post) -> Reading:
    """OsmAnd and GPSLogger: m/s, and 0.0 for what is not known. A speed of 0 is known where a direction is."""
    lon, lat = read_place(fields)
    heading = measured(first(fields, "bearing", "heading", "dir", "direction"))
    speed = number(first(fields, "spd", "speed"))
    if speed is None:
        speed = scaled(fields.get("spd_kph"), KMH)
    return Reading(
        read_moment(fields, post.received_at),
        degrees(lon),
        degrees(lat),
        speed if speed or heading is not None else None,
        heading,
        measured(first(fields, "accuracy", "acc", "hacc")),
        measured(first(fields, "altitude", "alt")),
        measured(first(fields, "battery", "batt", "bat"), 0.01),
        keep(**rest(fields)),
        text_of(visible(fields)),
        first(fields, "id", "deviceid", "device", "androidid", "aid", "serial"),
    )


def rest(fields: Fields) -> Fields:
    return {name[:64]: value for name, value in fields.items() if name not in USED}


def visible(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in SECRET}
