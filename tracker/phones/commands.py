"""Commands as OwnTracks reads them: https://owntracks.org/booklet/tech/json/#_typecmd. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from zlib import crc32

import msgspec

from tracker.model.circle import Circle
from tracker.model.command import Command

Object = dict[str, Any]

LEAST_RADIUS: Final = 50  # m: below it phones do not tell inside from outside
EPOCH: Final = 1_600_000_000  # s: OwnTracks tells waypoints apart by when they were made, so that is made of the id


class Circles(msgspec.Struct, frozen=True):
    """What `set_geofences` carries."""

    geofences: list[Circle]


def write_command(command: Command) -> Object | None:
    """None for what OwnTracks cannot do."""
    write = WRITERS.get(command.name)
    return None if write is None else {"_type": "cmd"} | write(command.args)


def write_report(args: bytes) -> Object:
    return {"action": "reportLocation"}


def write_interval(args: bytes) -> Object:
    """The app takes it over where it allows remote configuration."""
    seconds = max(1, round(msgspec.json.decode(args)["seconds"]))
    settings = {"_type": "configuration", "locatorInterval": seconds, "moveModeLocatorInterval": seconds}
    return {"action": "setConfiguration", "configuration": settings}


def write_message(args: bytes) -> Object:
    text = msgspec.json.decode(args)["text"]
    return {"action": "action", "content": text, "notification": text}


def write_geofences(args: bytes) -> Object:
    circles = msgspec.json.decode(args, type=Circles).geofences
    return {
        "action": "setWaypoints",
        "waypoints": {"_type": "waypoints", "waypoints": [write_waypoint(each) for each in circles]},
    }


def write_waypoint(circle: Circle) -> Object:
    made = EPOCH + crc32(circle.id.encode()) % 100_000_000
    radius = max(LEAST_RADIUS, round(circle.radius))
    place = {"lat": round(circle.lat, 6), "lon": round(circle.lon, 6), "rad": radius}
    return {"_type": "waypoint", "rid": circle.id, "desc": circle.name, "tst": made} | place


WRITERS: Final[Mapping[str, Callable[[bytes], Object]]] = {
    "report_now": write_report,
    "set_interval": write_interval,
    "message": write_message,
    "set_geofences": write_geofences,
}
