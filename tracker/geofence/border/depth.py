"""Depth: how far inside a geofence a place lies, or how far outside; a place at a time, for the writer asks at borders.

Edges are held as chords through space, so that neither 180 degrees nor a pole is special. What an edge may leave its
chord by is known; where that could matter, the edge itself is asked.
"""

from collections.abc import Sequence
from math import cos, radians, sin, sqrt
from typing import Final

import numpy as np

from tracker.geofence.border.borders import RUN, Border, find_border
from tracker.geofence.shape.arrays import Floats, Longs
from tracker.geofence.shape.distance import WGS84, to_edges
from tracker.model.geofence import Geofence, Reach

STRAIGHT: Final = 0.005  # m: an edge that leaves its chord by less is its chord
NEARLY: Final = 0.01  # m: nearer to a reach than this, the edges are asked
TOUCHING: Final = 1e-6  # m: nearer than this, the index's own arithmetic decides
FEW: Final = 8  # edges asked one by one
GUESSES: Final = 6  # of Gauss-Newton at most; two or three do
SETTLED: Final = 1e-7  # of an edge: 3 mm of the longest
FAR: Final = 50_000.0  # m, up to which a chord is as long as the geodesic, to 2 mm
LEAST: Final = 1e-9  # m: outside is never 0
AXIS: Final = WGS84.a
SQUARED_ECCENTRICITY: Final = WGS84.es


def measure_depth(fence: Geofence, lon: float, lat: float) -> float:
    """Metres to the boundary, positive inside, negative outside, 0.0 on it; by the WGS 84 geodesic.

    -180 <= lon <= 180. The sign is that of FenceIndex.find_at; right to 1 cm and 1e-4 of itself.
    """
    reach = fence.reach
    if reach is None:
        return measure_area_depth(find_border(fence), lon, lat)
    if len(reach.line) == 1:
        return float(reach.metres - WGS84.inv(lon, lat, *reach.line[0])[2])
    return reach.metres - measure_to_line(find_border(fence), reach, lon, lat)


def measure_each_depth(fence: Geofence, places: Sequence[tuple[float, float]]) -> list[float]:
    """measure_depth() of a few places: together they cost little more than one."""
    edges = find_border(fence) if fence.reach is None else None
    if edges is None or len(places) == 1 or len(edges.centre):
        return [measure_depth(fence, *place) for place in places]
    metres = find_nearest_to_each(edges, places)
    covered = edges.covers_each(places)
    return [far if inside else -max(far, LEAST) for far, inside in zip(metres, covered, strict=True)]


def measure_area_depth(edges: Border, lon: float, lat: float) -> float:
    metres = find_nearest(edges, lon, lat)
    return metres if edges.covers(lon, lat) else -max(metres, LEAST)


def measure_to_line(edges: Border, reach: Reach, lon: float, lat: float) -> float:
    metres = find_nearest(edges, lon, lat)
    if abs(metres - reach.metres) > NEARLY:
        return metres
    off = chords_off(edges, np.array(in_space(lon, lat)))
    near = edges.edges[off <= (sqrt(off.min()) + 2 * edges.slack + NEARLY) ** 2]
    metres = to_nearest(near, lon, lat)
    return metres if abs(metres - reach.metres) > TOUCHING else to_edges(near, lon, lat)


def find_nearest(edges: Border, lon: float, lat: float) -> float:
    """Metres to the nearest edge."""
    place = np.array(in_space(lon, lat))
    if not len(edges.centre):
        found, off = None, chords_off(edges, place)
    else:
        found = near_runs(edges, place)
        off = chords_off(edges, place, found)
    return ask_edges(edges, off, lon, lat, found)


def ask_edges(edges: Border, off: Floats, lon: float, lat: float, some: Longs | None = None) -> float:
    """Metres to the nearest edge, of `some` or of all. `off`: to the chord of each, squared."""
    metres = sqrt(off[off.argmin()])
    if edges.slack <= STRAIGHT and metres <= FAR:
        return metres
    near = (off <= (metres + 2 * edges.slack + TOUCHING) ** 2).nonzero()[0]
    return to_nearest(edges.edges[near if some is None else some[near]], lon, lat)


def find_nearest_to_each(edges: Border, places: Sequence[tuple[float, float]]) -> list[float]:
    """find_nearest() of each, of a border so small that all of it is looked at."""
    space = np.array([in_space(*place) for place in places])
    t = space @ edges.along.T
    t -= edges.share
    np.maximum(t, 0.0, out=t)
    np.minimum(t, 1.0, out=t)
    off = t[:, :, None] * edges.chord
    off += edges.start
    off -= space[:, None, :]
    squared = np.einsum("ijk,ijk->ij", off, off)
    metres: list[float] = np.sqrt(squared.min(axis=1)).tolist()
    if edges.slack <= STRAIGHT and max(metres) <= FAR:
        return metres
    return [ask_edges(edges, off, *place) for off, place in zip(squared, places, strict=True)]


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
    """Edges of the runs that may hold the nearest. The first run tells how near the others must come: the one that is
    surely nearest, for a large one round the place may have no edge near it."""
    middle = np.sqrt(squares(edges.centre - place))
    least = middle - edges.radius
    first = int((middle + edges.radius).argmin())
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


def find_breadth(fence: Geofence) -> float:
    """Metres, roughly how deep a place in it can lie: what shape.size.measure_breadth said when it was read."""
    return fence.breadth
