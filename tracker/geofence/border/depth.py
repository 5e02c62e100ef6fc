"""Depth: how far inside a geofence a place lies, or how far outside; a place at a time, for the writer asks at borders.

Edges are held as chords through space, so that neither 180 degrees nor a pole is special. What an edge may leave its
chord by is known; where that could matter, the edge itself is asked.
"""

from functools import lru_cache
from math import cos, radians, sin, sqrt
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from tracker.geofence.shape.arrays import Floats, Longs
from tracker.geofence.shape.distance import LONGEST_EDGE, WGS84, border, divided, space, to_edges
from tracker.geofence.shape.rings import area, polygons
from tracker.model.geofence import Geofence, Reach

MANY: Final = 256  # edges, from which they are divided into runs
RUN: Final = 32  # edges in a row that share a ball, and are looked at together or not at all
STRAIGHT: Final = 0.001  # m: an edge that leaves its chord by less is its chord
NEARLY: Final = 0.01  # m: nearer to a reach than this, the edges are asked
TOUCHING: Final = 1e-6  # m: nearer than this, the index's own arithmetic decides
FEW: Final = 8  # edges asked one by one
GUESSES: Final = 6  # of Gauss-Newton at most; two or three do
SETTLED: Final = 1e-7  # of an edge: 3 mm of the longest
FAR: Final = 50_000.0  # m, up to which a chord is as long as the geodesic, to 2 mm
LEAST: Final = 1e-9  # m: outside is never 0
LARGE: Final = 700  # edges; of such borders fewer are kept
AXIS: Final = WGS84.a
SQUARED_ECCENTRICITY: Final = WGS84.es


class Border(NamedTuple):
    """The edges of a geofence, or the line of a reach, in runs. Metres, earth-centred."""

    edges: Floats  # n x 4, degrees
    start: Floats  # n x 3
    chord: Floats  # n x 3
    along: Floats  # n x 3: what a place is multiplied by for its share of the chord ...
    share: Floats  # n: ... less this
    slack: float  # by which any edge may leave its chord
    centre: Floats  # of each run's ball, k x 3; none where they are so few that all are asked
    radius: Floats  # k
    shape: Any  # prepared; None for a line

    def covers(self, lon: float, lat: float) -> bool:
        """Whether the shape does; -180 <= lon <= 180. A place at 180 has two names."""
        if shapely.intersects_xy(self.shape, lon, lat):
            return True
        return abs(lon) == 180.0 and bool(shapely.intersects_xy(self.shape, -lon, lat))


def depth(fence: Geofence, lon: float, lat: float) -> float:
    """Metres to the boundary, positive inside, negative outside, 0.0 on it; by the WGS 84 geodesic.

    -180 <= lon <= 180. The sign is that of FenceIndex.at; right to 1 cm and 1e-4 of itself.
    """
    reach = fence.reach
    if reach is None:
        return area_depth(border_of(fence), lon, lat)
    if len(reach.line) == 1:
        return float(reach.metres - WGS84.inv(lon, lat, *reach.line[0])[2])
    return reach.metres - line_metres(border_of(fence), reach, lon, lat)


def area_depth(edges: Border, lon: float, lat: float) -> float:
    metres = nearest(edges, lon, lat)
    return metres if edges.covers(lon, lat) else -max(metres, LEAST)


def line_metres(edges: Border, reach: Reach, lon: float, lat: float) -> float:
    metres = nearest(edges, lon, lat)
    if abs(metres - reach.metres) > NEARLY:
        return metres
    off = chords_off(edges, np.array(in_space(lon, lat)))
    near = edges.edges[off <= (sqrt(off.min()) + 2 * edges.slack + NEARLY) ** 2]
    metres = to_nearest(near, lon, lat)
    return metres if abs(metres - reach.metres) > TOUCHING else to_edges(near, lon, lat)


def nearest(edges: Border, lon: float, lat: float) -> float:
    """Metres to the nearest edge."""
    place = np.array(in_space(lon, lat))
    if not len(edges.centre):
        found, off = None, chords_off(edges, place)
    else:
        found = near_runs(edges, place)
        off = chords_off(edges, place, found)
    metres = sqrt(off[off.argmin()])
    if edges.slack <= STRAIGHT and metres <= FAR:
        return metres
    near = (off <= (metres + 2 * edges.slack + TOUCHING) ** 2).nonzero()[0]
    return to_nearest(edges.edges[near if found is None else found[near]], lon, lat)


def to_nearest(edges: Floats, lon: float, lat: float) -> float:
    """distance.to_edges(), quick for few."""
    if len(edges) > FEW:
        return to_edges(edges, lon, lat)
    return min(to_edge(a_lon, a_lat, b_lon, b_lat, lon, lat) for a_lon, a_lat, b_lon, b_lat in edges.tolist())


def to_edge(a_lon: float, a_lat: float, b_lon: float, b_lat: float, lon: float, lat: float) -> float:
    """distance.to_edges() of one edge, without NumPy: a twentieth of the time."""
    t = foot(a_lon, a_lat, b_lon - a_lon, b_lat - a_lat, lon, lat)
    return float(WGS84.inv(lon, lat, a_lon + t * (b_lon - a_lon), a_lat + t * (b_lat - a_lat))[2])


def foot(a_lon: float, a_lat: float, d_lon: float, d_lat: float, lon: float, lat: float) -> float:
    """Where along an edge, 0 to 1, the place nearest to another lies: Gauss-Newton as in distance.feet()."""
    x, y, z = in_space(lon, lat)
    e_lon, e_lat = radians(d_lon), radians(d_lat)
    t = 0.5
    for _ in range(GUESSES):
        lam, phi = radians(a_lon + t * d_lon), radians(a_lat + t * d_lat)
        sine, cosine, sine_lam, cosine_lam = sin(phi), cos(phi), sin(lam), cos(lam)
        w = 1.0 - SQUARED_ECCENTRICITY * sine * sine
        normal = AXIS / sqrt(w)
        flat, meridian = normal * cosine, normal * (1.0 - SQUARED_ECCENTRICITY) / w
        east, north = e_lon * flat, e_lat * meridian  # the way of the edge at t, in metres
        off_x, off_y = x - flat * cosine_lam, y - flat * sine_lam
        off_z = z - normal * (1.0 - SQUARED_ECCENTRICITY) * sine
        off_east = off_y * cosine_lam - off_x * sine_lam
        off_north = off_z * cosine - sine * (off_x * cosine_lam + off_y * sine_lam)
        step = (off_east * east + off_north * north) / (east * east + north * north or 1.0)
        t, before = min(1.0, max(0.0, t + step)), t
        if abs(t - before) < SETTLED:
            break
    return t


def chords_off(edges: Border, place: Floats, some: Longs | None = None) -> Floats:
    """Metres straight through space from a place to each chord, squared."""
    _, start, chord, along, share, *_ = edges
    if some is not None:
        start, chord, along, share = start[some], chord[some], along[some], share[some]
    t = along @ place
    t -= share
    np.maximum(t, 0.0, out=t)
    np.minimum(t, 1.0, out=t)
    off = t[:, None] * chord
    off += start
    off -= place
    return squares(off)


def squares(vectors: Floats) -> Floats:
    found: Floats = np.einsum("ij,ij->i", vectors, vectors)
    return found


def near_runs(edges: Border, place: Floats) -> Longs:
    """Edges of the runs that may hold the nearest. The first run tells how near the others must come."""
    off = edges.centre - place
    least = np.sqrt(squares(off)) - edges.radius
    first = int(least.argmin())
    count = len(edges.start)
    most = sqrt(chords_off(edges, place, np.arange(first * RUN, min(count, (first + 1) * RUN))).min())
    run = (least <= most + 2 * edges.slack).nonzero()[0]
    found: Longs = (run[:, None] * RUN + np.arange(RUN)).ravel()
    return found if found[-1] < count else found[found < count]


def in_space(lon: float, lat: float) -> tuple[float, float, float]:
    """distance.space() of one place."""
    lam, phi = radians(lon), radians(lat)
    sine = sin(phi)
    normal = AXIS / sqrt(1.0 - SQUARED_ECCENTRICITY * sine * sine)
    flat = normal * cos(phi)
    return flat * cos(lam), flat * sin(lam), normal * (1.0 - SQUARED_ECCENTRICITY) * sine


def border_of(fence: Geofence) -> Border:
    return large_border(fence) if is_large(fence) else small_border(fence)


@lru_cache(maxsize=16_384)
def is_large(fence: Geofence) -> bool:
    """Whether its border may take a megabyte; a smaller one's takes a tenth of that at most."""
    lines = [fence.shape.length] if fence.reach is None else np.abs(np.diff(fence.reach.line, axis=0)).max(axis=1)
    pieces = sum(lines) / LONGEST_EDGE + shapely.get_num_coordinates(fence.shape)
    return bool(pieces > LARGE)


@lru_cache(maxsize=2048)
def small_border(fence: Geofence) -> Border:
    return made(fence)


@lru_cache(maxsize=64)
def large_border(fence: Geofence) -> Border:
    return made(fence)


def made(fence: Geofence) -> Border:
    if fence.reach is not None:
        return laid(divided(np.array(fence.reach.line)), None)
    shape = shapely.from_wkb(shapely.to_wkb(fence.shape))  # a copy, so that what is prepared leaves with this
    shapely.prepare(shape)
    return laid(border(fence.shape), shape)


def laid(edges: Floats, shape: Any) -> Border:
    a_lon, a_lat, b_lon, b_lat = edges.T
    start, end = space(a_lon, a_lat), space(b_lon, b_lat)
    middle = space((a_lon + b_lon) / 2, (a_lat + b_lat) / 2) - (start + end) / 2
    slack = 1.5 * float(np.sqrt((middle * middle).sum(axis=0).max()))
    start, chord = start.T.copy(), (end - start).T.copy()
    along = chord / np.maximum((chord * chord).sum(axis=1), 1e-12)[:, None]
    share = np.einsum("ij,ij->i", along, start)
    centre, radius = balls(start, chord, slack) if len(edges) > MANY else (start[:0], share[:0])
    return Border(edges, start, chord, along, share, slack, centre, radius, shape)


def balls(start: Floats, chord: Floats, slack: float) -> tuple[Floats, Floats]:
    """(centre, radius) of one round each run of edges."""
    begins = np.arange(0, len(start), RUN)
    end = start + chord
    low = np.minimum.reduceat(np.minimum(start, end), begins)
    high = np.maximum.reduceat(np.maximum(start, end), begins)
    return (low + high) / 2, np.sqrt(((high - low) ** 2).sum(axis=1)) / 2 + slack


@lru_cache(maxsize=16_384)
def breadth(fence: Geofence) -> float:
    """Metres, roughly how deep a place in it can lie: the radius of a circle, half a corridor's width; for polygons
    twice the area by the length of the border, of the part where that is most."""
    if fence.reach is not None:
        return fence.reach.metres
    return max(2 * area(part) / length(part) for part in polygons(fence.shape))


def length(part: Any) -> float:
    """Metres of a polygon's rings."""
    total = 0.0
    for ring in (part.exterior, *part.interiors):
        a_lon, a_lat, b_lon, b_lat = divided(shapely.get_coordinates(ring)).T
        total += float(np.sum(WGS84.inv(a_lon, a_lat, b_lon, b_lat)[2]))
    return total
