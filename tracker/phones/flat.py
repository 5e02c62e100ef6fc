"""One flat JSON object: Colota, Home Assistant's location update, and scripts with our own field names."""

from typing import Any, Final

from tracker.model.dialect import Dialect
from tracker.model.reading import Reading
from tracker.model.report import App, Report
from tracker.phones.post import Post
from tracker.phones.values import degrees, keep, moment, number, percent, text_of

Object = dict[str, Any]


def decode_colota(message: Object) -> Report:
    """OwnTracks' words, but m/s and `bear`. The state of the battery is Android's number."""
    reading = Reading(
        moment(message.get("tst")),
        degrees(message.get("lon")),
        degrees(message.get("lat")),
        number(message.get("vel")),
        number(message.get("bear")),
        number(message.get("acc")),
        number(message.get("alt")),
        percent(message.get("batt")),
        keep(bs=message.get("bs"), vac=message.get("vac"), tid=message.get("tid")),
        text_of(message),
    )
    return Report(App(Dialect.COLOTA, "Colota", None, "m/s"), "object", (reading,))


def decode_home_assistant(message: Object, post: Post) -> Report:
    """`gps` is latitude, longitude, and the time is when it comes. A zone without a place is no fix."""
    data = message.get("data")
    data = data if isinstance(data, dict) else {}
    name = data.get("location_name")
    app = App(Dialect.HOME_ASSISTANT, "Home Assistant", None, "m/s", name[:60] if isinstance(name, str) else None)
    gps = data.get("gps")
    if gps is None:
        return Report(app, "object")
    if isinstance(gps, str):  # a template that was not told to make a list of it
        gps = gps.strip("[]() ").split(",")
    lat, lon = gps[:2] if isinstance(gps, list) and len(gps) >= 2 else (None, None)
    reading = Reading(
        post.received_at,
        degrees(lon),
        degrees(lat),
        number(data.get("speed")),
        number(data.get("course")),
        number(data.get("gps_accuracy")),
        number(data.get("altitude")),
        percent(data.get("battery")),
        keep(location_name=name, vertical_accuracy=data.get("vertical_accuracy")),
        text_of(message),
    )
    return Report(app, "object", (reading,))


def find_place(message: Object) -> tuple[Any, Any] | None:
    """Longitude, latitude, by the names that scripts have for them."""
    lon, lat = first_of(message, *LONGITUDES), first_of(message, *LATITUDES)
    return None if lon is None or lat is None else (lon, lat)


def decode_own(message: Object, post: Post) -> Report:
    """As a fix of the device stream is written: `at`, `lon`, `lat`, SI units, battery from 0 to 1. Scripts that call
    place and time otherwise are read, too; one that says no time means now, and several that say none cannot all."""
    attributes, place = message.get("attributes"), find_place(message) or (None, None)
    given = [message[name] for name in TIMES if message.get(name) not in (None, "")]
    name = message.get("device")
    reading = Reading(
        moment(given[0]) if given else post.received_at if post.is_one else None,
        degrees(place[0]),
        degrees(place[1]),
        number(message.get("speed")),
        number(first_of(message, "heading", "bearing", "course")),
        number(first_of(message, "accuracy", "acc")),
        number(first_of(message, "altitude", "alt")),
        number(message["battery"]) if "battery" in message else percent(message.get("batt")),
        keep(**attributes) if isinstance(attributes, dict) else {},
        text_of(message),
        name[:200] if isinstance(name, str) else None,
    )
    return Report(App(Dialect.JSON, "JSON", None, "m/s"), "object", (reading,))


def first_of(message: Object, *names: str) -> Any:
    return next((message[name] for name in names if message.get(name) not in (None, "")), None)


TIMES: Final = ("at", "timestamp", "time", "tst")
LONGITUDES: Final = ("lon", "lng", "long", "longitude")
LATITUDES: Final = ("lat", "latitude")
