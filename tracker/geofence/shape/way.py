"""Way: from one fix to the next, straight in longitude and latitude as edges are, the short way round."""

from math import cos, radians
from typing import Final, NamedTuple

Place = tuple[float, float]  # lon, lat
Stretch = tuple[float, float]  # part of a way: fractions of it
METRES_PER_DEGREE: Final = 111_700.0  # of latitude at the poles; nothing is longer


class Way(NamedTuple):
    """From a to b. `metres` is not less than its length, nor than that of any part divided by its share."""

    lon: float
    lat: float
    d_lon: float
    d_lat: float
    metres: float

    @classmethod
    def of(cls, a: Place, b: Place) -> "Way":
        d_lon, d_lat = b[0] - a[0], b[1] - a[1]
        d_lon -= 360.0 * round(d_lon / 360.0)
        widest = 0.0 if a[1] * b[1] < 0 else min(abs(a[1]), abs(b[1]))
        east, north = d_lon * cos(radians(widest)), d_lat
        return cls(a[0], a[1], d_lon, d_lat, METRES_PER_DEGREE * (east * east + north * north) ** 0.5)

    def at(self, t: float) -> Place:
        lon = self.lon + t * self.d_lon
        return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0, self.lat + t * self.d_lat
