"""Touch: whether the ways between fixes meet geofences, in bulk and never missing one that `chord` would find."""

from collections.abc import Sequence
from math import cos, radians
from typing import Any, Final

import numpy as np
import shapely

from tracker.geofence.border.kept import VERTEX_BYTES, Kept
from tracker.geofence.shape.arrays import Bools, Floats
from tracker.model.geofence import Geofence

TOO_LARGE: Final = {"circle": 0.002, "corridor": 0.03}  # of the reach: outlines are wrong by 0.06 %, and by 2 %
SEAM: Final = 179.0  # degrees of longitude
POLAR: Final = 80.0  # degrees of latitude
DEGREE_METRES: Final = 110_574.0  # of latitude, where it is shortest
ROOM: Final = 128 * 1024 * 1024  # bytes of shapes
WORLD: Final = (-180.0, -90.0, 180.0, 90.0)


def touches(fences: Sequence[Geofence], lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Bools:
    """Whether each way from a to b meets the geofence in its place, or the only one there is. Near the 180th meridian
    it is not asked: there it may."""
    shapes = np.array([_grown.of(fence) for fence in fences], dtype=object)
    ends = np.stack((np.column_stack((lon_a, lat_a)), np.column_stack((lon_b, lat_b))), axis=1)
    met = shapely.intersects(shapes, shapely.linestrings(ends))
    found: Bools = met | (np.maximum(np.abs(lon_a), np.abs(lon_b)) > SEAM)
    return found


def prepare_grown(fence: Geofence) -> None:
    """Prepare it ahead, in a thread: prepared when it is first asked for, it would hold up the fix whose way asks."""
    if _grown.prepared(fence):
        west, south, east, north = shapely.bounds(fence.shape)
        (lon, lat), *_ = shapely.get_coordinates(fence.shape)
        # GEOS prepares where a place is apart from where edges cross, each when it is first asked for.
        touches([fence], *np.array([[west, lon], [south, lat], [east, lon], [north, lat]]))


def grow(fence: Geofence) -> Any:
    """Its shape, prepared. The shape of a reach is only a picture of it, so one that is drawn too large stands for it:
    with the picture itself a way that grazes the border would be missed. Near a pole it is everything."""
    north = max(abs(fence.shape.bounds[1]), abs(fence.shape.bounds[3]))
    shape = fence.shape if north <= POLAR else shapely.box(*WORLD)
    if fence.reach is not None and north <= POLAR:
        shape = shape.buffer(TOO_LARGE[fence.kind] * fence.reach.metres / (DEGREE_METRES * cos(radians(north))))
    shapely.prepare(shape)
    return shape


_grown: Final = Kept(grow, lambda shape: VERTEX_BYTES * int(shapely.get_num_coordinates(shape)), ROOM)
