"""Metres on WGS 84 from places to lines that are straight in longitude and latitude.

The nearest place of an edge is found in space (the chord is smooth where angles are not), then measured along the
geodesic: right to about a millimetre up to 1,000 km. Edges longer than a quarter degree are divided first.
"""

from typing import Any, Final

import numpy as np
import shapely
from pyproj import Geod

from tracker.geo.distance import EARTH_RADIUS
from tracker.geofence.shape.arrays import Complexes, Floats, Ints, Longs
from tracker.model.geofence import Geofence

WGS84: Final = Geod(ellps="WGS84")
LONGEST_EDGE: Final = 0.25  # degrees
STEPS: Final = 3  # of Gauss-Newton: what an error of the place leaves in the distance is its square over twice that
ROUGH: Final = 0.001  # roughly() is wrong by less, up to 5,000 km; by 1e-5 up to 500 km


def space(lon: Floats, lat: Floats) -> Floats:
    """Earth-centred metres, 3 x n, of places on the ellipsoid. Degrees in."""
    lam, phi = np.radians(lon), np.radians(lat)
    normal = WGS84.a / np.sqrt(1 - WGS84.es * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    return np.stack((flat * np.cos(lam), flat * np.sin(lam), normal * (1 - WGS84.es) * np.sin(phi)))


def feet(lon: Floats, lat: Floats, edges: Floats, steps: int = STEPS) -> tuple[Floats, Floats]:
    """The nearest place on each place's own edge; `edges` is n x 4 (lon, lat, lon, lat), at most LONGEST_EDGE long."""
    a_lon, a_lat, b_lon, b_lat = edges.T
    d_lon, d_lat = b_lon - a_lon, b_lat - a_lat
    place, start = space(lon, lat), space(a_lon, a_lat)
    chord = space(b_lon, b_lat) - start
    length2 = np.maximum(np.sum(chord * chord, axis=0), 1e-12)  # a circle's edge is one point
    t = np.clip(np.sum((place - start) * chord, axis=0) / length2, 0.0, 1.0)
    for _ in range(steps):
        nudge = 1e-6
        here = space(a_lon + t * d_lon, a_lat + t * d_lat)
        tangent = (space(a_lon + (t + nudge) * d_lon, a_lat + (t + nudge) * d_lat) - here) / nudge
        t = np.clip(t + np.sum((place - here) * tangent, axis=0) / length2, 0.0, 1.0)
    return a_lon + t * d_lon, a_lat + t * d_lat


def geodesic(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    metres: Floats = np.asarray(WGS84.inv(lon_a, lat_a, lon_b, lat_b)[2], dtype=np.float64)
    return metres


def measure_roughly(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Metres by the straight chord, bent over a sphere: see ROUGH. A tenth of the geodesic's cost."""
    chord = np.sqrt(np.sum((space(lon_a, lat_a) - space(lon_b, lat_b)) ** 2, axis=0))
    return bend(chord)


def bend(chord: Floats) -> Floats:
    """Metres along a sphere, of metres straight through it."""
    metres: Floats = 2 * EARTH_RADIUS * np.arcsin(np.minimum(chord / (2 * EARTH_RADIUS), 1.0))
    return metres


def divide_line(line: Floats) -> Floats:
    """The edges (n x 4) of a line given as n x 2 vertices, none longer than LONGEST_EDGE. One vertex is one edge."""
    if len(line) == 1:
        return np.hstack((line, line))
    return in_pieces(np.hstack((line[:-1], line[1:])))


def pieces_of(edges: Floats) -> Longs:
    """Into how many each edge (n x 4) is divided."""
    longest = np.abs(edges[:, 2:] - edges[:, :2]).max(axis=1)
    count: Longs = np.maximum(1, np.ceil(longest / LONGEST_EDGE)).astype(np.int64)
    return count


def in_pieces(edges: Floats) -> Floats:
    """These edges, divided."""
    pieces = pieces_of(edges)
    whole = np.repeat(edges, pieces, axis=0)
    step = np.arange(len(whole)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    count = np.repeat(pieces, pieces)
    span = whole[:, 2:] - whole[:, :2]
    start = whole[:, :2] + span * (step / count)[:, None]
    end = np.where((step + 1 == count)[:, None], whole[:, 2:], whole[:, :2] + span * ((step + 1) / count)[:, None])
    return np.hstack((start, end))


def to_edges(edges: Floats, lon: float, lat: float) -> float:
    """Metres from one place to the nearest of many edges."""
    count = len(edges)
    lons, lats = np.full(count, lon), np.full(count, lat)
    foot_lon, foot_lat = feet(lons, lats, edges)
    nearest = np.argmin(measure_roughly(lons, lats, foot_lon, foot_lat))
    return float(geodesic(lons[:1], lats[:1], foot_lon[nearest : nearest + 1], foot_lat[nearest : nearest + 1])[0])


def to_boundary(fence: Geofence, lon: float, lat: float) -> float:
    """Metres from a place to the boundary of a geofence, never negative, whether inside or outside."""
    if fence.reach is not None:
        return abs(to_edges(divide_line(np.array(fence.reach.line)), lon, lat) - fence.reach.metres)
    return to_edges(border(fence.shape), lon, lat)


def edge_ends(vertices: Complexes, edges: Longs | Ints) -> Floats:
    """n x 4 of the edges that begin at these vertices."""
    a, b = vertices[edges], vertices[edges + 1]
    return np.column_stack((a.real, a.imag, b.real, b.imag))


def ring_edges(shape: Any) -> tuple[Floats, Longs]:
    """The edges of a polygon's rings as they are (n x 4), all at once, and by edge the number of its ring: thousands of
    holes, one by one, would take a quarter of a second."""
    vertices, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    begins = np.flatnonzero(ring[:-1] == ring[1:])
    return np.hstack((vertices[begins], vertices[begins + 1])), ring[begins]


def border(shape: Any) -> Floats:
    """The edges of a polygon's rings, but for those a cut along 180 made."""
    edges = in_pieces(ring_edges(shape)[0])
    on_180 = (np.abs(edges[:, 0]) == 180.0) & (edges[:, 0] == edges[:, 2])
    if not on_180.any():
        return edges
    return np.vstack((edges[~on_180], *map(divide_line, drop_cuts(edges[on_180]))))


def drop_cuts(edges: Floats) -> list[Floats]:
    """Of edges along 180, what lies on one side of it only: with area on both sides it is no border."""
    east, west = (
        shapely.union_all(shapely.linestrings(np.stack((np.zeros((len(side), 2)), side[:, (1, 3)]), axis=2)))
        for side in (edges[edges[:, 0] > 0], edges[edges[:, 0] < 0])
    )
    left = shapely.get_parts(shapely.symmetric_difference(east, west))
    return [shapely.get_coordinates(line) + np.array([180.0, 0.0]) for line in left if line.length > 0]
