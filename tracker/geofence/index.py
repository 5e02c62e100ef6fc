"""Which geofences cover which places: many places at once, against all geofences."""

from collections.abc import Collection, Iterable
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.geofence.distance import divided, to_edges
from tracker.model.geofence import Geofence

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class FenceIndex:
    """Never changes; `changed` makes the next one."""

    def __init__(self, fences: dict[int, Geofence]) -> None:
        self.fences: Final = fences
        self._keys: Final = np.fromiter(fences, dtype=np.int32, count=len(fences))
        self._tree: Final = shapely.STRtree([looked_at(fence) for fence in fences.values()])

    @classmethod
    def build(cls, fences: Iterable[Geofence]) -> "FenceIndex":
        return cls({fence.key: fence for fence in fences})

    def changed(self, removed: Collection[int], added: Iterable[Geofence]) -> "FenceIndex":
        kept = {key: fence for key, fence in self.fences.items() if key not in removed}
        return FenceIndex(kept | {fence.key: fence for fence in added})

    def fence(self, key: int) -> Geofence:
        return self.fences[key]

    def __contains__(self, key: object) -> bool:
        return key in self.fences

    def __len__(self) -> int:
        return len(self.fences)

    def covering(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """(point index, fence key) of each pair where the fence covers the point. On the boundary is inside."""
        found = self._tree.query(shapely.points(lon, lat), predicate="intersects").astype(np.int32)
        point, key = found[0], self._keys[found[1]]
        inside = np.fromiter((self._within(key_, lon[at], lat[at]) for at, key_ in zip(point, key, strict=True)), bool)
        return point[inside], key[inside]

    def _within(self, key: int, lon: float, lat: float) -> bool:
        reach = self.fences[int(key)].reach
        return reach is None or to_edges(divided(np.array(reach.line)), lon, lat) <= reach.metres


def looked_at(fence: Geofence) -> Any:
    return fence.shape if fence.reach is None else shapely.box(*fence.shape.bounds).buffer(1e-3)
