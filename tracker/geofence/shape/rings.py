"""Rings: from coordinates as people write them to valid polygons within -180 to 180.

An edge is a straight line in longitude and latitude (RFC 7946, 3.1.1), and goes the short way: one that jumps more than
180 degrees crosses the 180th meridian. So a ring may be written past 180 or with a jump; both mean the same.
"""

import re
from itertools import chain
from typing import Any, Final

import numpy as np
import shapely

from tracker.errors import Invalid
from tracker.geofence.shape.arrays import Floats, Longs

MAX_LONGITUDE: Final = 540.0  # one turn past 180 either way
MOST_NUMBERS: Final = 4  # of a position: height, and a measure that some programs write
AUTHALIC_RADIUS: Final = 6_371_007.1809  # m, sphere of the area of WGS 84
ECCENTRICITY: Final = 0.0818191908426215  # of WGS 84
HALF_GLOBE: Final = 2 * np.pi * AUTHALIC_RADIUS**2  # m2
TURN: Final = 10_000  # positions that are copied before other threads have their turn
LARGE: Final = 20_000.0  # square degrees: less is never half the globe, and need not be measured in metres
REASON: Final = re.compile(r"(.*?)\[(\S+) (\S+)\]")


def coordinates(positions: list[list[float]], where: str) -> Floats:
    """n x 2, longitudes made continuous. Invalid names the position that is wrong."""
    if set(map(len, positions)) != {2}:  # with altitudes, or short
        positions = [read_position(position, f"{where}[{index}]") for index, position in enumerate(positions)]
    points = np.empty((len(positions), 2))
    for begin in range(0, len(positions), TURN):
        points[begin : begin + TURN] = positions[begin : begin + TURN]
    wrong = ~((np.abs(points[:, 0]) <= MAX_LONGITUDE) & (np.abs(points[:, 1]) <= 90.0))  # NaN is wrong too
    if wrong.any():
        index = int(np.argmax(wrong))
        lon, lat = points[index]
        raise Invalid(
            f"{where}[{index}] is no longitude and latitude: {lon:.7g}, {lat:.7g}{hint(lon, lat)}", field="geometry"
        )
    step = points[1:, 0] - points[:-1, 0]
    jumps = np.abs(step) > 180.0
    if jumps.any():
        points[1:, 0] = turn_longitudes(points[1:, 0], -np.cumsum(np.round(step / 360.0) * jumps))
    return points


def hint(lon: float, lat: float) -> str:
    return "; metres of a map have to be made degrees first" if max(abs(lon), abs(lat)) > 1000.0 else ""


def read_position(position: list[float], where: str) -> list[float]:
    if len(position) < 2:
        raise Invalid(f"{where} needs a longitude and a latitude", field="geometry")
    if len(position) > MOST_NUMBERS:
        raise Invalid(f"{where} has {len(position):,} numbers, as if several places had become one", field="geometry")
    return position[:2]


def turn_longitudes(lon: Floats, turns: Floats | float) -> Floats:
    """Longitudes whole turns away, rounded to 1e-9 degrees so that a turn and back is where it began."""
    if np.ndim(turns) == 0 and turns == 0:
        return lon
    return np.where(np.equal(turns, 0), lon, np.round(lon + 360.0 * turns, 9))


def ring(positions: list[list[float]], where: str) -> Floats:
    """A closed ring. Invalid when too short, or when it goes round a pole."""
    if positions and positions[0] != positions[-1]:
        positions = [*positions, positions[0]]
    points = coordinates(positions, where)
    if has_too_few(positions):
        at = f" at {points[0, 0]:.7g}, {points[0, 1]:.7g}" if len(points) else ""
        raise Invalid(f"{where} needs at least 3 different points{at}", field="geometry")
    if points[0, 0] != points[-1, 0]:
        raise Invalid(f"{where} goes round a pole; split it into parts that do not", field="geometry")
    return points


def polygon(rings: list[list[list[float]]], where: str) -> Any:
    """One shapely polygon, perhaps invalid, its west end in -180 to 180 and its holes in the same turn."""
    if not rings:
        raise Invalid(f"{where} has no ring", field="geometry")
    shell, *holes = [ring(positions, f"{where}[{index}]") for index, positions in enumerate(rings)]
    shell[:, 0] = turn_longitudes(shell[:, 0], -np.floor((shell[:, 0].min() + 180.0) / 360.0))
    west, east = shell[:, 0].min(), shell[:, 0].max()
    if east - west >= 360.0:
        raise Invalid(f"{where} goes once round the globe", field="geometry")
    for hole in holes:  # nearest turn: a hole written on the other side of 180 still lies in its shell
        turns = np.round((west + east - hole[:, 0].min() - hole[:, 0].max()) / 720.0)
        hole[:, 0] = turn_longitudes(hole[:, 0], turns)
    return shapely.Polygon(shell, holes)


def read_plainly(parts: list[list[list[list[float]]]]) -> Any | None:
    """The same as `polygon` of each and `multipolygon` of all, for polygons that are right as they are written, which
    almost all are and all that are stored: in a tenth of the time, so other threads wait less. None for others.
    """
    lines = [ring for part in parts for ring in part]
    positions = list(chain.from_iterable(lines))
    if not all(parts) or not all(lines) or set(map(len, positions)) != {2}:
        return None
    points, count = np.array(positions), np.array(list(map(len, lines)))
    if count.min() < 4 or not is_plain(points, np.cumsum(count) - count, np.cumsum(count) - 1):
        return None
    rings = shapely.linearrings(points, indices=np.repeat(np.arange(len(lines)), count))
    shapes = shapely.polygons(rings, indices=np.repeat(np.arange(len(parts)), list(map(len, parts))))
    shape = shapes[0] if len(shapes) == 1 else shapely.MultiPolygon(shapes.tolist())
    return shape if shapely.is_valid(shape) and 0.0 < shapely.area(shape) <= LARGE else None


def is_plain(points: Floats, first: Longs, last: Longs) -> bool:
    """Whether rings, by their first and last points, are closed and lie as they are written: none jumps, goes round the
    globe or lies at its seam."""
    step = np.abs(np.diff(points[:, 0]))
    step[last[:-1]] = 0.0  # from ring to ring
    return bool(
        (points[first] == points[last]).all()
        and (np.abs(points[:, 0]) < 180.0).all()
        and (np.abs(points[:, 1]) <= 90.0).all()
        and (step <= 180.0).all()
    )


def multipolygon(parts: list[Any]) -> Any:
    """The valid shape of these polygons, split at 180. Invalid tells what is wrong and where."""
    if not parts:
        raise Invalid("geometry: covers no area", field="geometry")
    for part in parts:
        check(part)
    shape = cut_at_180(parts)
    if shape is not parts[0]:
        check(shape)
    degrees2 = shapely.area(shape)
    if degrees2 == 0.0:
        raise Invalid("geometry: covers no area", field="geometry")
    if degrees2 > LARGE and area(shape) > HALF_GLOBE:
        raise Invalid("geometry: covers over half the globe", field="geometry")
    return shape


def check(shape: Any) -> None:
    """Invalid with the reason and the place where a shape is not valid."""
    if shapely.is_valid(shape):
        return
    found = REASON.match(shapely.is_valid_reason(shape))
    if not found:
        raise Invalid(f"geometry: {shapely.is_valid_reason(shape).lower()}", field="geometry")
    lon = (float(found[2]) + 180.0) % 360.0 - 180.0
    raise Invalid(f"geometry: {found[1].lower()} at {lon:.7g}, {float(found[3]):.7g}", field="geometry")


def drop_scraps(part: list[list[list[float]]]) -> list[list[list[float]]]:
    """The rings of a polygon that enclose anything: for a repair. None, where the shell does not."""
    kept = [ring for ring in part if not has_too_few(ring)]
    return kept if kept and kept[0] is part[0] else []


def has_too_few(ring: list[list[float]]) -> bool:
    """Whether a ring has no 3 different points."""
    seen = set[tuple[float, ...]]()
    for position in ring:
        seen.add(tuple(position[:2]))
        if len(seen) == 3:
            return False
    return True


def repair_polygons(parts: list[Any]) -> list[Any]:
    """Valid polygons of the same rings: what is enclosed stays enclosed, lines and points are dropped."""
    mended = [shapely.make_valid(part, method="structure", keep_collapsed=False) for part in parts]
    # A ring that was a hole may have become a polygon, in another turn than its shell.
    begun = [turn_polygon(part) for shape in mended for part in split_polygons(shape) if not part.is_empty]
    whole = shapely.union_all(np.array(split_polygons(cut_at_180(begun)), dtype=object)) if begun else shapely.Polygon()
    return [part for part in split_polygons(whole) if not part.is_empty]


def turn_polygon(part: Any) -> Any:
    """The polygon with its west end in -180 to 180."""
    turns = -np.floor((part.bounds[0] + 180.0) / 360.0)
    return shapely.transform(part, lambda points: np.column_stack((turn_longitudes(points[:, 0], turns), points[:, 1])))


def cut_at_180(parts: list[Any]) -> Any:
    """Polygons that begin in -180 to 180, cut where they run past 180."""
    if len(parts) == 1 and parts[0].bounds[2] <= 180.0:
        return parts[0]
    pieces: list[Any] = []
    for part in parts:
        west, south, east, north = part.bounds
        if east <= 180.0:
            pieces += split_polygons(part)
            continue
        pieces += split_polygons(shapely.intersection(part, shapely.box(west, south, 180.0, north)))
        beyond = shapely.intersection(part, shapely.box(180.0, south, east, north))
        pieces += split_polygons(shapely.transform(beyond, turn_back))
    return pieces[0] if len(pieces) == 1 else shapely.MultiPolygon(pieces)


def turn_back(points: Floats) -> Floats:
    return np.column_stack((turn_longitudes(points[:, 0], -1.0), points[:, 1]))


def split_polygons(shape: Any) -> list[Any]:
    if shape.geom_type == "Polygon":
        return [shape]
    return [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]


def area(shape: Any) -> float:
    """Square metres on WGS 84 of what straight edges in longitude and latitude enclose."""
    return float(sum(measure_parts(shape)))


def measure_parts(shape: Any) -> Floats:
    """The same of each part of it, all their rings at once."""
    parts = np.array(split_polygons(shape), dtype=object)
    if not len(parts):
        return np.zeros(0)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    enclosed = np.abs(sum_by_owner(ring[1:], measure_under(points) * (ring[1:] == ring[:-1]), len(rings)))
    is_shell = np.diff(part, prepend=-1) > 0
    return sum_by_owner(part, np.where(is_shell, enclosed, -enclosed), len(parts))


def sum_by_owner(of: Longs, values: Floats, count: int) -> Floats:
    """The sum of the values of each of so many, by the number of whose they are."""
    found: Floats = np.bincount(of, values, minlength=count).astype(np.float64)
    return found


def measure_under(points: Floats) -> Floats:
    """Of each edge the area between it and the equator, square metres. The equal-area cylinder: the integral of
    sin(latitude) over longitude in closed form."""
    lon, lat = np.radians(points[:, 0]), authalic(points[:, 1])
    step, rise = np.diff(lon), np.diff(lat)
    middle = (lat[1:] + lat[:-1]) / 2
    mean_sine = np.sin(middle) * np.sinc(rise / 2 / np.pi)  # of sin over an edge on which latitude is linear
    found: Floats = step * mean_sine * AUTHALIC_RADIUS**2
    return found


def authalic(lat: Floats) -> Floats:
    """Radians on the sphere of equal area (Snyder, Map Projections, 3-11 and 3-12). Degrees of latitude in."""
    e = ECCENTRICITY

    def q(sine: Floats | float) -> Any:
        return (1 - e * e) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)

    sphere: Floats = np.arcsin(np.clip(q(np.sin(np.radians(lat))) / q(1.0), -1.0, 1.0))
    return sphere
