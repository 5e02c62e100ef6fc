"""Traccar in JSON: what its client 9 sends, and what its server forwards (`forward.type=json`)."""

from typing import Any

from tracker.model.dialect import Dialect
from tracker.model.reading import Reading
from tracker.model.report import App, Report
from tracker.phones.alarms import calls_for_help
from tracker.phones.flat import LATITUDES, LONGITUDES, TIMES, first_of
from tracker.phones.gather import Object, find_newest, gather, pass_over
from tracker.phones.values import KNOT, degrees, keep, moment, number, percent, scaled, text_of


def inner(value: Any, name: str) -> Object:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def decode_client(message: Object) -> Report:
    """One `location`, or a list of them. m/s; -1 for what is not known, which the limits of a fix turn into nothing. An
    app that says it does not move measures no more until it does."""
    locations, faults = gather(message.get("location"))
    at = first_of(message, *TIMES) if len(locations) == 1 else None  # several that say none cannot all be of it
    readings = tuple(reading for each in locations if (reading := read_location(each, message, at)))
    alarms = [(moment(each.get("timestamp")), alarm) for each in locations if (alarm := find_alarm(each))]
    note = f"alarm: {str(alarms[-1][1])[:60]}" if alarms else None if readings else "heartbeat"
    app = App(Dialect.TRACCAR_9, "Traccar Client", "9", "m/s", note)
    calls = tuple(at for at, alarm in alarms if calls_for_help(alarm))
    is_paused = find_newest(locations, "timestamp").get("is_moving") is False
    return Report(app, "nothing", readings, faults, calls, is_paused)


def find_alarm(location: Object) -> Any:
    return location.get("alarm") or inner(location, "extras").get("alarm")


def read_location(location: Object, message: Object, at: Any) -> Reading | None:
    """`at`: when, where it does not say so itself. None for a heartbeat without a place. Beside it an older place would
    be told as the present one."""
    coords = inner(location, "coords") or location  # the Dawarich app writes them flat
    if not coords.keys() & {*LONGITUDES, *LATITUDES}:
        return None
    battery = inner(location, "battery") or inner(message, "battery")
    activity = inner(location, "activity") or inner(message, "activity")
    return Reading(
        moment(first_of(location, *TIMES) or at),
        degrees(first_of(coords, *LONGITUDES)),
        degrees(first_of(coords, *LATITUDES)),
        number(coords.get("speed")),
        number(coords.get("heading")),
        number(coords.get("accuracy")),
        number(coords.get("altitude")),
        number(battery.get("level")),
        keep(
            event=location.get("event"),
            moving=location.get("is_moving"),
            charging=battery.get("is_charging"),
            activity=activity.get("type"),
            heartbeat=location.get("heartbeat"),
            mock=location.get("mock"),
            alarm=find_alarm(location),
        ),
        text_of(location),
        name_of(message.get("device_id")),
    )


def decode_server(messages: list[Object]) -> Report:
    """Positions, each with the device it is of. `outdated`: Traccar repeats the last place for a message that had
    none."""
    others = [each for each in messages if not isinstance(each.get("position"), dict)]
    read = [read_forward(each) for each in messages if isinstance(each.get("position"), dict)]
    readings = tuple(each for each in read if each is not None)
    note = "outdated position" if len(readings) < len(read) else None
    app = App(Dialect.TRACCAR_SERVER, "Traccar server", None, "knots", note)
    faults = (pass_over(others, "without a position"),) if others else ()
    return Report(app, "nothing", readings, faults, tuple(at for each in messages for at in read_calls(each)))


def read_forward(message: Object) -> Reading | None:
    position, device = inner(message, "position"), inner(message, "device")
    if not position or position.get("outdated") is True:
        return None
    return read_position(position, name_of(device.get("uniqueId")) or name_of(position.get("deviceId")))


def read_calls(message: Object) -> tuple[int | None, ...]:
    """An alarm counts also with an old place."""
    position = inner(message, "position")
    alarms = (inner(position, "attributes").get("alarm"), inner(inner(message, "event"), "attributes").get("alarm"))
    at = moment(position.get("fixTime") or position.get("deviceTime"))
    return (at,) if any(map(calls_for_help, alarms)) else ()


def read_position(position: Object, name: str | None) -> Reading:
    attributes = inner(position, "attributes")
    return Reading(
        moment(position.get("fixTime") or position.get("deviceTime")),
        degrees(position.get("longitude")),
        degrees(position.get("latitude")),
        scaled(position.get("speed"), KNOT),
        number(position.get("course")),
        number(position.get("accuracy")),
        number(position.get("altitude")),
        percent(attributes.get("batteryLevel")),
        keep(**{**attributes, "valid": position.get("valid"), "protocol": position.get("protocol"), "ip": None}),
        text_of(position),
        name,
    )


def name_of(value: Any) -> str | None:
    return str(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None
