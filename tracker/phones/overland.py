"""Overland: batches of GeoJSON features. https://github.com/aaronpk/Overland-iOS"""

from typing import Final

from tracker.model.dialect import Dialect
from tracker.model.reading import Reading
from tracker.model.report import App, Report
from tracker.phones.flat import TIMES, first_of
from tracker.phones.gather import Object, find_newest, gather
from tracker.phones.post import Post
from tracker.phones.values import degrees, keep, moment, number, text_of

KEPT: Final = ("motion", "activity", "battery_state", "wifi", "pauses", "action", "vertical_accuracy", "speed_accuracy")

PAUSED: Final = "paused_location_updates"  # iOS takes it that the phone lies still


def decode_overland(message: Object, post: Post) -> Report:
    """Where the phone is now comes first: behind it lies what it could not send before."""
    features, faults = gather([message.get("current"), message.get("locations")])
    read = [read_feature(each) for each in features]
    actions = [each for each in read if isinstance(each, str)]
    version = post.agent.partition("Overland/")[2].partition(" ")[0][:20] or None
    app = App(Dialect.OVERLAND, "Overland", version, "m/s", actions[-1] if actions else None)
    is_paused = find_newest([properties_of(each) for each in features], "timestamp").get("action") == PAUSED
    return Report(app, "result", tuple(each for each in read if isinstance(each, Reading)), faults, (), is_paused)


def properties_of(feature: Object) -> Object:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def read_feature(feature: Object) -> Reading | str:
    """A text where it is no measurement: the app was ended, a visit began. A visit has the time of its end or
    beginning, and the place of all of it."""
    properties = properties_of(feature)
    geometry = feature.get("geometry")
    if properties.get("action") == "visit" or not isinstance(geometry, dict):
        return str(properties.get("action") or "without a place")[:60]
    place = geometry.get("coordinates")
    lon, lat = place[:2] if isinstance(place, list) and len(place) >= 2 else (None, None)
    name = properties.get("device_id")
    return Reading(
        moment(first_of(properties, "timestamp", *TIMES)),
        degrees(lon),
        degrees(lat),
        number(properties.get("speed")),
        number(first_of(properties, "course", "bearing")),
        number(first_of(properties, "horizontal_accuracy", "accuracy")),
        number(properties.get("altitude")),
        number(properties.get("battery_level")),
        keep(**{name: properties.get(name) for name in KEPT}),
        text_of(feature),
        name[:200] if isinstance(name, str) and name else None,
    )
