"""Roads: a graph one can drive on. Helsinki's centre is in the package; build_roads.py makes others."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from tracker.model.fix import E7

HELSINKI = Path(__file__).with_name("helsinki.graph.npz")  # © OpenStreetMap contributors, ODbL
METRES_PER_DEGREE = 111_195.0


class Road(msgspec.Struct, frozen=True):
    """One way from a node to the next: metres, degrees clockwise from north, metres per second allowed."""

    start: int
    end: int
    length: float
    heading: float
    limit: float


@dataclass(frozen=True)
class Roads:
    """`places` are the nodes' (lon, lat), `leaving` the roads that leave each. Every node can reach every other."""

    places: list[tuple[float, float]]
    leaving: list[tuple[Road, ...]]

    def along(self, road: Road, metres: float) -> tuple[float, float]:
        part = metres / road.length
        (lon_a, lat_a), (lon_b, lat_b) = self.places[road.start], self.places[road.end]
        return lon_a + (lon_b - lon_a) * part, lat_a + (lat_b - lat_a) * part


@cache
def load_roads(path: Path = HELSINKI) -> Roads:
    """The .npz holds pos int32[n,2] (1e-7 degree), ptr int32[n+1] (CSR), to int32[m], kmh uint8[m]."""
    with np.load(path) as graph:
        places, ptr, end, limit = graph["pos"] / E7, graph["ptr"], graph["to"], graph["kmh"] / 3.6
    start = np.repeat(np.arange(len(places)), np.diff(ptr))
    step = (places[end] - places[start]) * METRES_PER_DEGREE
    step[:, 0] *= np.cos(np.radians(places[start, 1]))
    length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 0.1)
    heading = np.degrees(np.arctan2(step[:, 0], step[:, 1])) % 360
    columns = (column.tolist() for column in (start, end, length, heading, limit))
    roads = [Road(*road) for road in zip(*columns, strict=True)]
    leaving = [tuple(roads[a:b]) for a, b in zip(ptr[:-1].tolist(), ptr[1:].tolist(), strict=True)]
    return Roads([(lon, lat) for lon, lat in places.tolist()], leaving)
