"""OwnTracks by MQTT: a topic says whose a message is and what it is about, the payload is the JSON of the HTTP mode, or
the legacy line of values with commas: https://owntracks.org/booklet/tech/json/, .../tech/mqtt/."""

from typing import Final

import msgspec

from tracker.model.dialect import Dialect
from tracker.model.reading import Reading
from tracker.model.report import App, Report
from tracker.phones.body import read_text
from tracker.phones.commas import settle_json
from tracker.phones.decode import KEPT, add_faults
from tracker.phones.gather import gather
from tracker.phones.named import clean_name
from tracker.phones.owntracks import decode_owntracks
from tracker.phones.post import Post
from tracker.phones.values import KMH, SHOWN, keep, number, scaled

BASE: Final = "owntracks"
# Besides `owntracks/<user>/<device>` itself. `cmd` is what we say, `dump` what a phone is set to, with its passwords.
BELOW: Final = ("event", "waypoint", "waypoints", "info", "status", "step", "beacon", "request")
TOPICS: Final = (f"{BASE}/+/+", *(f"{BASE}/+/+/{each}" for each in BELOW))
LOCATION_LINE: Final = 10  # values: tid, time in hexadecimal, t, latitude, longitude, ..., trip
E6: Final = 1e-6
NOTHING: Final = App(Dialect.OWNTRACKS_MQTT, "OwnTracks", None, "km/h")


def find_name(topic: str) -> str:
    """`jane/phone` of `owntracks/jane/phone/event`; empty where the topic is none of ours."""
    parts = topic.split("/")
    if len(parts) not in (3, 4) or parts[0] != BASE or (len(parts) == 4 and parts[3] not in BELOW):
        return ""
    return clean_name("/".join(parts[1:3])) if parts[1] and parts[2] else ""


def make_command_topic(name: str) -> str:
    return f"{BASE}/{name}/cmd"


def decode_message(topic: str, payload: bytes, secret: str | None, received_at: int) -> Report:
    """What one message says. `received_at` in ms. Never raises: what cannot be read is a fault of the report. What the
    payload says of a topic counts for nothing: the broker knows who may publish where, the payload may say anything."""
    text = read_text(payload).strip()
    if not text:
        return Report(NOTHING, "nothing")  # somebody cleared a retained message
    if text[:1] not in ("{", "["):
        return decode_line(text)
    try:
        message = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return refuse("not JSON", text)
    objects, faults = gather(settle_json(message, text))
    if not any("_type" in each for each in objects):
        return refuse("no message of OwnTracks", text)
    post = Post(b"", "", "", received_at, secret)
    report = decode_owntracks([each | {"topic": topic} for each in objects], post, Dialect.OWNTRACKS_MQTT)
    return add_faults(report, faults)


def decode_line(text: str) -> Report:
    """`X0,542A46AA,k,30365854,7575769,26,4,7,5,872`: what small trackers publish. Course and altitude are tenths of
    what is meant, places millions."""
    values = text.split(",")
    at = read_hexadecimal(values[1]) if len(values) == LOCATION_LINE else None
    if at is None:
        return refuse("neither JSON nor a line of values", text)
    reading = Reading(
        at * 1000,
        scaled(values[4], E6),
        scaled(values[3], E6),
        scaled(values[6], KMH),
        scaled(values[5], 10),
        None,
        scaled(values[7], 10),
        None,
        keep(tid=values[0], t=values[2], trip=number(values[9])),
        text[:SHOWN],
    )
    return Report(NOTHING, "nothing", (reading,))


def read_hexadecimal(text: str) -> int | None:
    try:
        return int(text, 16) if text.isalnum() and len(text) <= 8 else None
    except ValueError:
        return None


def refuse(why: str, text: str) -> Report:
    return Report(NOTHING, "nothing", faults=((why, text[:KEPT]),))
