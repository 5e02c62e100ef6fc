"""Friend: a device that another one's app may show."""

import msgspec


class Friend(msgspec.Struct, frozen=True):
    """`at` in ms."""

    key: int
    id: str
    name: str
    lon: float
    lat: float
    at: int
