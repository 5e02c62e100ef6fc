"""What each app sends, in its shape: values are ours, the shapes those of captures and of the apps' own tests.

All of them say the same: at AT (whole seconds), 24.93840, 60.16990, 12.5 m/s where the app says a speed, 271 degrees,
8 m, 41 m up, 83 % of the battery; so that one table holds them to the same SI values."""

from base64 import b64encode
from typing import Any, Final, NamedTuple

import msgspec
from nacl.secret import SecretBox

from tests.moments import MONDAY
from tracker.model.dialect import Dialect
from tracker.model.moment import format_ms

AT: Final = MONDAY - MONDAY % 1000
SECOND: Final = AT // 1000
SECRET: Final = "a passphrase of ours"
KNOTS: Final = 24.2981  # 12.5 m/s
LON, LAT = 24.9384, 60.1699


class Sample(NamedTuple):
    """`speed` in m/s as the app can say it."""

    name: str
    dialect: Dialect
    body: bytes = b""
    query: str = ""
    agent: str = ""
    speed: float | None = 12.5
    missing: tuple[str, ...] = ()
    reply: str = "nothing"


def encode(value: object) -> bytes:
    return msgspec.json.encode(value)


def traccar_query(at: int = AT, lon: float = LON, lat: float = LAT) -> str:
    return (
        f"id=48241179&timestamp={at // 1000}&lat={lat}&lon={lon}&speed={KNOTS}&bearing=271.0&altitude=41.0"
        "&accuracy=8.0&batt=83.0&charge=true"
    )


def traccar_json(at: int = AT, lon: float = LON, lat: float = LAT, **more: Any) -> dict[str, Any]:
    coords = {"latitude": lat, "longitude": lon, "accuracy": 8, "speed": 12.5, "heading": 271, "altitude": 41}
    location = {"timestamp": format_ms(at), "coords": coords, "is_moving": True, "odometer": 0, "event": "motionchange"}
    location |= {"battery": {"level": 0.83, "is_charging": False}, "activity": {"type": "in_vehicle"}, "extras": {}}
    return {"location": location | {"_": "&id=48241179&lat=1&lon=1&"} | more, "device_id": "48241179"}


def owntracks(at: int = AT, lon: float = LON, lat: float = LAT, **more: Any) -> dict[str, Any]:
    place = {"_type": "location", "tst": at // 1000, "lon": lon, "lat": lat, "acc": 8, "alt": 41, "vel": 45, "cog": 271}
    return place | {"batt": 83, "bs": 1, "conn": "m", "t": "u", "tid": "JJ", "topic": "owntracks/jane/phone"} | more


def steps(count: Any, since: int = AT, until: int = AT) -> dict[str, Any]:
    """As OwnTracks on iOS counts them: the time it says is that of the beginning."""
    begin = since // 1000
    return {"_type": "steps", "tst": begin, "from": begin, "to": until // 1000, "steps": count}


def overland(at: int = AT, lon: float = LON, lat: float = LAT, **more: Any) -> dict[str, Any]:
    properties = {
        "timestamp": format_ms(at)[:19] + "-0000",
        "altitude": 41,
        "speed": 12.5,
        "course": 271,
        "horizontal_accuracy": 8,
        "vertical_accuracy": -1,
        "motion": ["driving", "stationary"],
        "battery_state": "charging",
        "battery_level": 0.83,
        "device_id": "",
        "wifi": "",
    }
    place = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": place, "properties": properties | more}


def colota(at: int = AT, lon: float = LON, lat: float = LAT) -> dict[str, Any]:
    place = {"lat": lat, "lon": lon, "acc": 8, "alt": 41, "vel": 12.5, "batt": 83}
    return place | {"bs": 2, "tst": at // 1000, "bear": 271.0}


def gpslogger(at: int = AT, lon: float = LON, lat: float = LAT) -> str:
    return (
        f"lat={lat}&lon={lon}&sat=9&alt=41.0&acc=8.0&dir=271.0&prov=gps&spd=12.5&time={format_ms(at)}&battery=83.0"
        "&androidId=22&serial=&activity="
    )


def forwarded(at: int = AT, lon: float = LON, lat: float = LAT, **more: Any) -> dict[str, Any]:
    position = {"protocol": "osmand", "latitude": lat, "longitude": lon, "altitude": 41.0, "valid": True}
    position |= {"fixTime": format_ms(at)[:-1] + "+0000", "speed": KNOTS, "course": 271.0, "accuracy": 8.0}
    position |= {"outdated": False, "deviceId": 4, "attributes": {"batteryLevel": 83.0, "ip": "10.0.0.1"}} | more
    return {"position": position, "device": {"id": 4, "name": "Van", "uniqueId": "48241179", "status": "online"}}


def sealed(message: dict[str, Any], secret: str = SECRET) -> dict[str, Any]:
    box = SecretBox(secret.encode().ljust(32, b"\0"))
    return {"_type": "encrypted", "data": b64encode(bytes(box.encrypt(encode(message), b"n" * 24))).decode()}


HOME: Final = {
    "type": "update_location",
    "data": {"gps": [LAT, LON], "gps_accuracy": 8, "battery": 83, "speed": 12.5, "altitude": 41, "course": 271},
}
OWN: Final = {
    "at": format_ms(AT),
    "lon": LON,
    "lat": LAT,
    "speed": 12.5,
    "heading": 271,
    "accuracy": 8,
    "altitude": 41,
    "battery": 0.83,
}
TEMPLATE: Final = {name: str(value) for name, value in colota().items() if name not in ("bs", "bear")} | {
    "_type": "location",
    "t": "u",
    "bs": "true",
}
FROM_2001: Final = {name: value for name, value in owntracks().items() if name not in ("tid", "topic")} | {
    "tst": SECOND - 978_307_200
}
OSMAND: Final = f"lat={LAT}&lon={LON}&timestamp={AT}&hdop=3.0&altitude=41.0&speed=12.5&bearing=271.0"
ANDROID: Final = "Owntracks-Android/gms/420512345"

SAMPLES: Final = (
    Sample("Traccar Client 8", Dialect.TRACCAR_8, query=traccar_query()),
    Sample("Traccar Client 10", Dialect.TRACCAR_10, traccar_query().encode()),
    Sample("Traccar Client 9", Dialect.TRACCAR_9, encode(traccar_json())),
    Sample("OsmAnd", Dialect.OSMAND, query=OSMAND, missing=("accuracy", "battery")),
    Sample("OwnTracks", Dialect.OWNTRACKS, encode(owntracks()), agent=ANDROID, reply="array"),
    Sample("OwnTracks, encrypted", Dialect.OWNTRACKS, encode(sealed(owntracks())), reply="array"),
    Sample("OwnTracks, several", Dialect.OWNTRACKS, encode([owntracks()]), reply="array"),
    Sample("Overland", Dialect.OVERLAND, encode({"locations": [overland()]}), reply="result"),
    Sample("Overland as OwnTracks", Dialect.OVERLAND_OWNTRACKS, encode(FROM_2001), reply="result"),
    Sample("GPSLogger", Dialect.GPSLOGGER, query=gpslogger()),
    Sample("GPSLogger, OwnTracks' words", Dialect.GPSLOGGER, encode(TEMPLATE), missing=("heading",), reply="array"),
    Sample("Home Assistant", Dialect.HOME_ASSISTANT, encode(HOME), reply="object"),
    Sample("Colota", Dialect.COLOTA, encode(colota()), reply="object"),
    Sample("Traccar server", Dialect.TRACCAR_SERVER, encode(forwarded())),
    Sample("our own words", Dialect.JSON, encode(OWN), reply="object"),
)
