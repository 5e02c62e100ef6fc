"""Outlines of circles and corridors: polygons to look at and for the database. Membership never asks them."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from pyproj import Proj

from tracker.errors import Invalid
from tracker.geofence.shape.arrays import Floats
from tracker.geofence.shape.distance import WGS84, divide_line
from tracker.geofence.shape.rings import cut_at_180, split_polygons, turn_polygon
from tracker.model.geofence import Reach

CORNERS: Final = 96  # of a circle's outline: it lies within 0.06 % of the radius
QUARTER_CIRCLE: Final = 16  # corners of a quarter turn round a corridor's end
METRES_PER_DEGREE: Final = 110_574.0  # of latitude at the equator, where it is shortest
CHUNK: Final = 2.0  # degrees of a corridor drawn in one plane


def draw_outline(reach: Reach) -> Any:
    """A valid shape of what is within reach, split at 180. Invalid where a corridor reaches a pole."""
    parts = [circle(*reach.line[0], reach.metres)] if len(reach.line) == 1 else corridor(reach)
    shape = cut_at_180([part for mended in parts for part in split_polygons(shapely.make_valid(mended))])
    return shape if shapely.is_valid(shape) else shapely.union_all(shapely.get_parts(shape))


def circle(lon: float, lat: float, radius: float) -> Any:
    azimuths = np.linspace(0.0, 360.0, CORNERS, endpoint=False)
    lons, lats, _ = WGS84.fwd(np.full(CORNERS, lon), np.full(CORNERS, lat), azimuths, np.full(CORNERS, radius))
    pole = 90.0 if lat >= 0 else -90.0
    if WGS84.inv(lon, lat, lon, pole)[2] <= radius:
        return cap(np.asarray(lons), np.asarray(lats), pole)
    near = lon + (lons - lon + 180.0) % 360.0 - 180.0
    return turn_polygon(shapely.Polygon(np.column_stack((near, lats))))


def cap(lons: Floats, lats: Floats, pole: float) -> Any:
    """What lies between a ring round a pole and the pole, as a strip from -180 to 180."""
    order = np.argsort(lons)
    lons, lats = lons[order], lats[order]
    seam = np.interp(180.0, [lons[-1], lons[0] + 360.0], [lats[-1], lats[0]])
    west, east = [(-180.0, pole), (-180.0, seam)], [(180.0, seam), (180.0, pole)]
    return shapely.Polygon(np.vstack((west, np.column_stack((lons, lats)), east)))


def corridor(reach: Reach) -> list[Any]:
    line = np.array(reach.line)
    if np.abs(line[:, 1]).max() + reach.metres / METRES_PER_DEGREE >= 89.9:
        raise Invalid("geometry: the corridor reaches a pole", field="geometry")
    drawn = [draw_flat(points, reach.metres) for points in chunks(divide_line(line))]
    return [turn_polygon(part) for part in split_polygons(shapely.union_all(np.array(drawn, dtype=object)))]


def chunks(edges: Floats) -> Iterator[Floats]:
    """The line in runs of at most CHUNK degrees, each beginning where the last ended."""
    begin = 0
    west, south = east, north = edges[0, 0], edges[0, 1]
    for index, (lon, lat) in enumerate(edges[1:, :2].tolist(), start=1):
        west, south, east, north = min(west, lon), min(south, lat), max(east, lon), max(north, lat)
        if max(east - west, north - south) > CHUNK:
            yield np.vstack((edges[begin:index, :2], edges[index - 1, 2:]))
            begin = index
            west, south = east, north = lon, lat
    yield np.vstack((edges[begin:, :2], edges[-1, 2:]))


def draw_flat(points: Floats, metres: float) -> Any:
    lon, lat = points.mean(axis=0)
    plane = Proj(proj="aeqd", lon_0=lon, lat_0=lat, ellps="WGS84")
    line = shapely.LineString(np.column_stack(plane(points[:, 0], points[:, 1])))
    flat = shapely.simplify(line, metres / 100, preserve_topology=False)  # what it leaves out nobody sees

    def unrolled(corners: Floats) -> Floats:
        lons, lats = plane(corners[:, 0], corners[:, 1], inverse=True)
        return np.column_stack((lon + (np.asarray(lons) - lon + 180.0) % 360.0 - 180.0, lats))

    return shapely.transform(shapely.buffer(flat, metres, quad_segs=QUARTER_CIRCLE), unrolled)
