"""Circle: what an app can be told of a geofence, so that the phone wakes at its border. It encloses the whole of it."""

import msgspec


class Circle(msgspec.Struct, frozen=True):
    """`id` and `name` are the geofence's; `radius` in m."""

    id: str
    name: str
    lon: float
    lat: float
    radius: float
