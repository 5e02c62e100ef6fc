"""Passing: which geofences the way between two fixes leads through, where, and how deep."""

from collections.abc import Collection, Iterable
from math import inf
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from tracker.geofence.border.stretches import find_deepest, find_stretches, measure_depths
from tracker.geofence.index.index import keep_once
from tracker.geofence.index.pieces import bound_reach
from tracker.geofence.shape.arrays import Floats, Ints, Longs
from tracker.geofence.shape.distance import divide_line
from tracker.geofence.shape.way import Place, Stretch, Way
from tracker.model.geofence import Geofence

RECENT: Final = 256  # boxes of the small tree at least, before it is joined with the large one
MOST_STRETCHES: Final = 8  # of a way that crosses a border a thousand times
PARTS: Final = 16  # boxes of a corridor at most
WRONG: Final = 0.001  # of a depth, more than what `measure_depth` is wrong by, with ...
ROUNDED: Final = 0.05  # m


class Chord(NamedTuple):
    """The part of a way that lies inside a geofence: fractions of the way, 0 to 1, and metres at its deepest place."""

    enter: float
    exit: float
    depth: float


def find_chord(fence: Geofence, a: Place, b: Place) -> Chord | None:
    """Of the way from a to b (lon, lat), straight in longitude and latitude, the short way across 180; the deepest
    stretch where there are several. None where it does not touch. `depth` is right to 1 % or 10 cm, the fractions are
    those of the border: exact for polygons, to 2 cm of depth for circles and corridors (of large ones a way may
    miss what is shorter than a thousandth of it). Of very many stretches only the longest are looked at."""
    way = Way.of(a, b)
    found = find_stretches(fence, way)
    if not found:
        return None
    depth_at = measure_depths(fence, way)
    best: Chord | None = None
    for enter, leave in sorted(found, key=lambda each: bound_depth(each, way.metres), reverse=True)[:MOST_STRETCHES]:
        if best is not None and bound_depth((enter, leave), way.metres) <= best.depth:
            break
        each = Chord(enter, leave, find_deepest(depth_at, way.metres, (enter, leave)))
        best = each if best is None or each.depth > best.depth else best
    return best


def bound_depth(stretch: Stretch, metres: float) -> float:
    """How deep a stretch can be at most: half its length, since it comes from the border and goes to it. Where it
    begins or ends inside, nothing can be said."""
    enter, leave = stretch
    return (leave - enter) * metres / 2 if enter > 0.0 and leave < 1.0 else inf


def bound_way_depth(a: Place, b: Place) -> float:
    """How deep (m) a way that begins and ends outside can lead into anything, as `find_chord` measures it."""
    return Way.of(a, b).metres / 2 * (1 + WRONG) + ROUNDED


def find_crossing(fence: Geofence, outside: Place, inside: Place) -> float:
    """Where on the way from a place outside to one inside the border is crossed for the last time, 0 to 1: from there
    on all is inside. For leaving, give the places the other way round and take the result from 1."""
    found = find_stretches(fence, Way.of(outside, inside))
    if not found or found[-1][1] < 1.0:
        return 1.0  # `inside` lies on the border, or is not inside
    return found[-1][0]


class Boxes(NamedTuple):
    """Boxes in a tree, and whose they are."""

    shapes: Any  # n geometries; only their boxes count
    keys: Ints  # -1: removed
    tree: shapely.STRtree
    in_parts: bool  # whether any fence has more than one

    @classmethod
    def of(cls, fences: Iterable[Geofence]) -> "Boxes":
        found = [(fence.key, make_boxes(fence)) for fence in fences]
        keys = np.repeat(np.array([key for key, _ in found], dtype=np.int32), [len(parts) for _, parts in found])
        shapes = np.empty(len(keys), dtype=object)
        shapes[:] = [part for _, parts in found for part in parts]
        return cls(shapes, keys, shapely.STRtree(shapes), len(keys) > len(found))

    def remove(self, removed: Collection[int]) -> "Boxes":
        gone = np.isin(self.keys, list(removed))
        return self._replace(keys=np.where(gone, np.int32(-1), self.keys)) if gone.any() else self

    def join(self, more: "Boxes") -> "Boxes":
        stays = self.keys >= 0
        shapes = np.concatenate((self.shapes[stays], more.shapes))
        keys = np.concatenate((self.keys[stays], more.keys))
        return Boxes(shapes, keys, shapely.STRtree(shapes), self.in_parts or more.in_parts)

    def is_mostly_removed(self) -> bool:
        return 2 * int(np.count_nonzero(self.keys < 0)) > max(RECENT, len(self.keys))

    def find_met(self, ways: Any) -> tuple[Longs, Ints]:
        """(way index, key) where the boxes of both meet."""
        way, box = self.tree.query(ways)
        key = self.keys[box]
        stays = key >= 0
        return (way, key) if stays.all() else (way[stays], key[stays])


def make_boxes(fence: Geofence) -> list[Any]:
    """Geometries whose boxes together hold all the fence covers. One polygon is its own: that takes no memory."""
    if fence.reach is not None:
        parts = np.array_split(divide_line(np.array(fence.reach.line)), PARTS)
        bounds = [bound_reach(part.reshape(-1, 2), fence.reach.metres) for part in parts if len(part)]
    elif fence.shape.geom_type == "Polygon":
        return [fence.shape]
    else:
        bounds = shapely.bounds(shapely.get_parts(fence.shape)).tolist()
    return [
        shapely.box(west + turn, south, east + turn, north)
        for west, south, east, north in bounds
        for turn in (-360.0, 0.0, 360.0)
        if west + turn <= 180.0 and east + turn >= -180.0
    ]


class Passages:
    """Which geofences each of many ways may touch, by their boxes. Never changes; `changed` makes the next one: what
    came last has a small tree of its own, so an edit does not make the large one anew."""

    def __init__(self, most: Boxes, recent: Boxes) -> None:
        self._most: Final = most
        self._recent: Final = recent

    @classmethod
    def build(cls, fences: Iterable[Geofence]) -> "Passages":
        return cls(Boxes.of({fence.key: fence for fence in fences}.values()), Boxes.of([]))

    def change(self, removed: Collection[int], added: Iterable[Geofence]) -> "Passages":
        """Without the removed ones and with the added, which replace those of the same key."""
        new = {fence.key: fence for fence in added}
        gone = set(removed) | new.keys()
        most = self._most.remove(gone)
        recent = self._recent.remove(gone).join(Boxes.of(new.values()))
        if len(recent.keys) > max(RECENT, len(most.keys) // 16) or most.is_mostly_removed():
            return Passages(most.join(recent), Boxes.of([]))
        return Passages(most, recent)

    def find_candidates(self, lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> tuple[Ints, Ints]:
        """(way index, fence key) of each pair where the way from a to b, the short way across 180, may touch the fence;
        `chord` says whether it does. Each pair once, in no order. Degrees, -180 <= lon <= 180."""
        d_lon = lon_b - lon_a
        ends = np.empty((len(lon_a), 2, 2))
        ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1] = lon_a, lat_a, lon_b, lat_b
        beyond = np.flatnonzero((np.abs(d_lon) > 180.0) | (np.maximum(np.abs(lon_a), np.abs(lon_b)) == 180.0))
        if not len(beyond):
            way, key = self._met(shapely.linestrings(ends))
            return keep_once(way, key) if self._in_parts else (way.astype(np.int32), key)
        ends[:, 1, 0] -= np.round(d_lon / 360.0) * 360.0
        turn = np.where(ends[beyond, :, 0].mean(axis=1) < 0, 360.0, -360.0)
        turned = ends[beyond]
        turned[:, :, 0] += turn[:, None]
        way, key = self._met(shapely.linestrings(np.concatenate((ends, turned))))
        return keep_once(np.concatenate((np.arange(len(ends)), beyond))[way], key)

    @property
    def _in_parts(self) -> bool:
        return self._most.in_parts or self._recent.in_parts

    def _met(self, ways: Any) -> tuple[Longs, Ints]:
        way, key = self._most.find_met(ways)
        if not len(self._recent.keys):
            return way, key
        more_way, more_key = self._recent.find_met(ways)
        return np.concatenate((way, more_way)), np.concatenate((key, more_key))
