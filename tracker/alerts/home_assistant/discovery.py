"""What Home Assistant reads: https://www.home-assistant.io/integrations/device_tracker.mqtt/. Pure."""

from typing import Any, Final

import msgspec

from tracker.model.moment import format_ms
from tracker.model.whereabouts import Whereabouts

RESET: Final = "None"  # then Home Assistant finds the zone by the place


class Topics(msgspec.Struct, frozen=True):
    """Of one device. All retained, so that a Home Assistant that starts knows the newest at once."""

    config: str
    state: str
    attributes: str


def make_topics(prefix: str, own: str, device: int) -> Topics:
    """`prefix`: of discovery; `own`: what we are called, so that two servers may share a broker; `device`: the key, for
    an id may hold what a topic's part of discovery may not."""
    place = f"tracker/{own}/{device}"
    return Topics(f"{prefix}/device_tracker/tracker_{own}/{device}/config", f"{place}/state", f"{place}/attributes")


def make_config(whereabouts: Whereabouts, topics: Topics, own: str) -> bytes:
    name = f"tracker_{own}_{whereabouts.device}"
    config: dict[str, Any] = {
        "unique_id": name,
        "name": None,  # the entity is called as its device is
        "source_type": "gps",
        "state_topic": topics.state,
        "payload_reset": RESET,
        "json_attributes_topic": topics.attributes,
        "device": {"identifiers": [name], "name": whereabouts.name, "manufacturer": "Tracker"},
        "origin": {"name": "Tracker"},
    }
    if whereabouts.category:
        config["device"]["model"] = whereabouts.category
    return msgspec.json.encode(config)


def make_state(whereabouts: Whereabouts) -> bytes:
    """The geofence it is in, the first by its name; without one Home Assistant's own zones count."""
    return min(whereabouts.inside, default=RESET).encode()


def make_attributes(whereabouts: Whereabouts) -> bytes:
    fix = whereabouts.fix
    found: dict[str, Any] = {"latitude": fix.lat, "longitude": fix.lon, "at": format_ms(fix.at)}
    found |= {"geofences": sorted(whereabouts.inside), "status": whereabouts.status}
    found |= {} if fix.accuracy is None else {"gps_accuracy": round(fix.accuracy)}
    found |= {} if fix.battery is None else {"battery_level": round(fix.battery * 100)}
    found |= {} if fix.speed is None else {"speed": round(fix.speed, 1)}
    found |= {} if fix.heading is None else {"course": round(fix.heading)}
    found |= {} if fix.altitude is None else {"altitude": round(fix.altitude)}
    return msgspec.json.encode(found)
