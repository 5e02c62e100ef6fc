"""Stretches: which parts of the way between two places lie inside a geofence. The way is straight in longitude and
latitude, as edges are, and goes the short way round; its parts are fractions of it, 0 to 1."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final

from tracker.geofence.border.borders import find_border
from tracker.geofence.border.capsules import find_capsule_stretches, is_plane
from tracker.geofence.border.depth import foot, measure_depth
from tracker.geofence.shape.arrays import Floats
from tracker.geofence.shape.way import Stretch, Way
from tracker.model.geofence import Geofence

Sample = tuple[float, float]  # fraction, depth there
GAP: Final = 1e-9  # of the way: what rounding opens between two edges is no gap
CLOSE: Final = 0.001  # m of depth at which a crossing is found
NARROW: Final = 0.01  # m of the way in which it is found, and the least that is divided
SHORT: Final = 1e-3  # of the way: what is shorter is divided no more
EDGE: Final = 0.1  # of what is divided: the least either part has
TRIES: Final = 100
ROUND: Final = 100_000.0  # m: distance from a circle's middle falls, then rises, along ways and within radii up to this


def find_stretches(fence: Geofence, way: Way) -> list[Stretch]:
    """In order, none touching the next. One of no length where the way only touches the border."""
    reach = fence.reach
    if reach is None:
        return find_area_stretches(fence, way)
    if len(reach.line) == 1 and max(reach.metres, way.metres) <= ROUND:
        return find_circle_stretches(fence, way, *reach.line[0])
    if len(reach.line) > 1 and way.metres > 0.0 and is_plane(way, reach.metres):
        return join_stretches(find_capsule_stretches(find_border(fence).edges, way, reach.metres), GAP)
    return find_reach_stretches(measure_depths(fence, way), way.metres)


def measure_depths(fence: Geofence, way: Way) -> Callable[[float], float]:
    """Depth by the fraction of the way."""

    def at(t: float) -> float:
        return measure_depth(fence, *way.at(t))

    return at


def find_area_stretches(fence: Geofence, way: Way) -> list[Stretch]:
    """Between two crossings all is inside or all outside; GEOS says of one place which."""
    edges = find_border(fence)
    if way.d_lon == way.d_lat == 0.0:
        return [(0.0, 1.0)] if edges.covers(way.lon, way.lat) else []
    cuts = [cut for turn in find_turns(way) for cut in find_crossings(edges.edges, way, turn)]
    at = sorted({0.0, 1.0, *cuts})
    parts = [*pairwise(at)]
    covered = edges.covers_each([way.at((begin + end) / 2) for begin, end in parts])
    found = [part for part, inside in zip(parts, covered, strict=True) if inside]
    touched = [(t, t) for t in cuts]
    return join_stretches(sorted(found + touched), GAP)


def find_turns(way: Way) -> list[float]:
    """By how many degrees the way must be moved to meet what lies within -180 to 180; two, where it crosses 180."""
    west, east = sorted((way.lon, way.lon + way.d_lon))
    return [turn for turn in (-360.0, 0.0, 360.0) if west + turn <= 180.0 and east + turn >= -180.0]


def find_crossings(edges: Floats, way: Way, turn: float) -> list[float]:
    """Fractions at which the way, moved by a turn, meets edges (n x 4). Of edges along it both ends. It mostly meets
    one or two of them, and what they come to is quicker told one by one."""
    lon, lat, d_lon, d_lat, _ = way
    seen = edges - (lon + turn, lat, lon + turn, lat)
    a_lon, a_lat, b_lon, b_lat = seen.T
    side_a, side_b = d_lon * a_lat - d_lat * a_lon, d_lon * b_lat - d_lat * b_lon
    met = (side_a * side_b <= 0).nonzero()[0]
    length2 = d_lon * d_lon + d_lat * d_lat
    found: list[float] = []
    for (ax, ay, bx, by), a, b in zip(seen[met].tolist(), side_a[met].tolist(), side_b[met].tolist(), strict=True):
        along_a, along_b = (ax * d_lon + ay * d_lat) / length2, (bx * d_lon + by * d_lat) / length2
        found += (along_a, along_b) if a == b else (along_a + a / (a - b) * (along_b - along_a),)
    return [part for part in found if 0.0 <= part <= 1.0]


def join_stretches(found: list[Stretch], gap: float) -> list[Stretch]:
    """Of stretches in order, those that meet as one."""
    whole: list[Stretch] = []
    for begin, end in found:
        if whole and begin <= whole[-1][1] + gap:
            whole[-1] = whole[-1][0], max(end, whole[-1][1])
        else:
            whole.append((begin, end))
    return whole


def find_circle_stretches(fence: Geofence, way: Way, lon: float, lat: float) -> list[Stretch]:
    """One at most, round where the way comes nearest to the middle: depth rises, then falls."""
    depth_at = measure_depths(fence, way)
    begin, end = depth_at(0.0), depth_at(1.0)
    if max(begin, end) < 0.0:
        t = foot(way.lon, way.lat, way.d_lon, way.d_lat, lon, lat)
        top = t, depth_at(t)
    else:
        top = max((0.0, begin), (1.0, end), key=find_depth)
    if top[1] < 0.0:
        return []
    enter = 0.0 if begin >= 0.0 else locate_crossing(depth_at, way.metres, (0.0, begin), top)
    leave = 1.0 if end >= 0.0 else locate_crossing(depth_at, way.metres, (1.0, end), top)
    return [(enter, leave)]


def find_reach_stretches(depth_at: Callable[[float], float], metres: float) -> list[Stretch]:
    """No depth changes by more than the metres gone: so much is surely inside or outside, the rest is divided."""
    found: list[Stretch] = []
    least = max(NARROW, metres * SHORT)
    waiting: list[tuple[Sample, Sample]] = [((0.0, depth_at(0.0)), (1.0, depth_at(1.0)))]
    while waiting:
        a, b = waiting.pop()
        gone = (b[0] - a[0]) * metres
        if a[1] + b[1] >= gone or (gone <= least and min(a[1], b[1]) >= 0.0):
            found.append((a[0], b[0]))
        elif gone <= least and max(a[1], b[1]) >= 0.0:
            t = locate_crossing(depth_at, metres, *sorted((a, b), key=find_depth))
            found.append((t, b[0]) if b[1] >= 0.0 else (a[0], t))
        elif gone > least and a[1] + b[1] >= -gone:
            t = choose_sample(a, b, metres)
            middle = t, depth_at(t)
            waiting += [(middle, b), (a, middle)]
    return join_stretches(found, GAP)


def find_depth(sample: Sample) -> float:
    return sample[1]


def choose_sample(a: Sample, b: Sample, metres: float) -> float:
    """Where between two samples most may be learnt: where it can be deepest, or least deep if both are inside."""
    highest = find_peak(a, b, metres)
    t = a[0] + b[0] - highest if min(a[1], b[1]) >= 0.0 else highest
    margin = EDGE * (b[0] - a[0])
    return min(max(t, a[0] + margin), b[0] - margin)


def find_peak(a: Sample, b: Sample, metres: float) -> float:
    """Where it can be deepest, if depth changes by no more than the metres gone."""
    return (a[0] + b[0]) / 2 + (b[1] - a[1]) / (2 * metres) if metres else a[0]


def locate_crossing(depth_at: Callable[[float], float], metres: float, outside: Sample, inside: Sample) -> float:
    """Where the border lies between a sample outside and one inside: regula falsi by the Illinois rule."""
    (t_a, a), (t_b, b) = outside, inside
    last = 0
    for _ in range(TRIES):
        t = (a * t_b - b * t_a) / (a - b)
        now = depth_at(t)
        if abs(now) <= CLOSE or abs(t_b - t_a) * metres <= NARROW:
            break
        if now < 0.0:
            t_a, a, b, last = t, now, b / 2 if last < 0 else b, -1
        else:
            t_b, b, a, last = t, now, a / 2 if last > 0 else a, 1
    return t


def find_deepest(depth_at: Callable[[float], float], metres: float, stretch: Stretch) -> float:
    """Metres of depth at the deepest place of a stretch, to 1 % or 10 cm. The best bound is tried first."""
    a, b = (stretch[0], depth_at(stretch[0])), (stretch[1], depth_at(stretch[1]))
    best = max(a[1], b[1])
    waiting = [(-find_most(a, b, metres), a, b)]
    for _ in range(TRIES):
        bound, a, b = heappop(waiting)
        if -bound <= max(best * 1.01, best + 0.1):
            break
        t = find_peak(a, b, metres)
        middle = t, depth_at(t)
        best = max(best, middle[1])
        heappush(waiting, (-find_most(a, middle, metres), a, middle))
        heappush(waiting, (-find_most(middle, b, metres), middle, b))
    return best


def find_most(a: Sample, b: Sample, metres: float) -> float:
    return (a[1] + b[1] + (b[0] - a[0]) * metres) / 2
