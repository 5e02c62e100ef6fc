"""Areas: geofences in the plane, as the truth sees them and as the engine gets them."""

import json
from typing import Any, NamedTuple

import numpy as np
import shapely

from bench.noise.plane import Floats, degrees
from bench.noise.ways import Place, Random
from tracker.geofence.reading.feature import parse
from tracker.model.geofence import Geofence, Preset


class Area(NamedTuple):
    """Every place within `metres` of `shape`: a point, a line, or a polygon with 0 metres."""

    shape: Any
    metres: float = 0.0

    def depth(self, x: Floats, y: Floats) -> Floats:
        """Metres to the border, negative outside."""
        places = shapely.points(x, y)
        if self.metres:
            return np.asarray(self.metres - shapely.distance(self.shape, places), dtype=np.float64)
        shapely.prepare(self.shape)
        away = np.asarray(shapely.distance(self.shape.boundary, places), dtype=np.float64)
        return np.where(shapely.intersects(self.shape, places), away, -away)

    def geofence(self, key: int, preset: Preset) -> Geofence:
        geometry = shapely.geometry.mapping(shapely.transform(self.shape, in_degrees))
        size = {"radius": self.metres} if geometry["type"] == "Point" else {"width": 2 * self.metres}
        properties = {"preset": preset} | (size if self.metres else {})
        feature = {"type": "Feature", "geometry": geometry, "properties": properties}
        return parse(json.dumps(feature).encode(), id=f"area-{key}", key=key)


def in_degrees(places: Floats) -> Floats:
    return np.array([degrees(x, y) for x, y in places])


def circle(place: Place, radius: float) -> Area:
    return Area(shapely.Point(place), radius)


def rectangle(west: float, south: float, east: float, north: float) -> Area:
    return Area(shapely.box(west, south, east, north))


def in_town(rng: Random, block: float, blocks: int, count: int) -> tuple[Area, ...]:
    """A third circles of 50 to 200 m, a third one to nine blocks of houses with the streets round them, whose far kerb
    is the border, a third corridors along streets."""
    return tuple(MAKERS[number % len(MAKERS)](rng, block, blocks) for number in range(count))


def circle_in_town(rng: Random, block: float, blocks: int) -> Area:
    x, y = rng.uniform(-blocks * block, blocks * block, 2)
    return circle((x, y), rng.uniform(50, 200))


def blocks_in_town(rng: Random, block: float, blocks: int) -> Area:
    west, south = rng.integers(-blocks, blocks - 2, 2)
    east, north = west + rng.integers(1, 4), south + rng.integers(1, 4)
    kerb = rng.uniform(8, 20)  # m from the middle of the street
    return rectangle(west * block - kerb, south * block - kerb, east * block + kerb, north * block + kerb)


def corridor_in_town(rng: Random, block: float, blocks: int) -> Area:
    west, south = rng.integers(-blocks, blocks - 3, 2)
    corners = [(west, south), (west + 2, south), (west + 2, south + 2), (west + 3, south + 2)]
    return Area(shapely.LineString(np.array(corners) * block), rng.uniform(20, 40))


MAKERS = (circle_in_town, blocks_in_town, corridor_in_town)
