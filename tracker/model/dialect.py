"""Dialect: the language in which a fix came in. Between two of them, the same fix may come twice."""

from enum import IntEnum


class Dialect(IntEnum):
    """The number is stored with the fix; it never changes its meaning."""

    STREAM = 0  # our own WebSocket
    TRACCAR_8 = 1  # query string
    TRACCAR_9 = 2  # JSON
    TRACCAR_10 = 3  # form
    OSMAND = 4
    OWNTRACKS = 5
    OWNTRACKS_MQTT = 6
    OVERLAND = 7
    OVERLAND_OWNTRACKS = 8  # Overland's mode of that name
    GPSLOGGER = 9
    HOME_ASSISTANT = 10
    COLOTA = 11
    TRACCAR_SERVER = 12
    JSON = 13  # a flat object with our own field names
    UNKNOWN = 14
