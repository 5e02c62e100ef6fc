"""Pieces of geofences, which the index cuts into cells: each part of a polygon, or a line with its reach."""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import shapely

from tracker.geofence.index.parity import bound_error
from tracker.geofence.shape.arrays import Floats, Ints, Longs, ends
from tracker.geofence.shape.distance import divide_line
from tracker.model.geofence import Geofence


class Piece(NamedTuple):
    """One polygon of a geofence, or one line with its reach. `vertices` are the ends of its edges."""

    fence: int  # key
    shape: Any  # shapely.Polygon, None for a line
    reach: float  # m, NaN for a polygon
    vertices: Floats  # n x 2
    edges: Longs  # each the index of its first vertex; its second follows
    bounds: tuple[float, float, float, float]


class Pieces(NamedTuple):
    """Geofences' pieces, by the number that entries know them by."""

    fence: Ints  # key; -1: removed
    reach: Floats  # m, NaN for a polygon
    shape: Any  # of shapely.Polygon or None
    vertex: Ints  # its first
    error: Floats  # see parity.bound_error

    @classmethod
    def of(cls, found: list[Piece], first_vertex: int) -> "Pieces":
        shapes = np.empty(len(found), dtype=object)
        shapes[:] = [piece.shape for piece in found]
        begins = ends(np.array([len(piece.vertices) for piece in found], dtype=np.int64))[:-1]
        fence, reach = [piece.fence for piece in found], [piece.reach for piece in found]
        vertex = (begins + first_vertex).astype(np.int32)
        error = [bound_error(piece.bounds) for piece in found]
        return cls(np.array(fence, np.int32), np.array(reach, np.float64), shapes, vertex, np.array(error, np.float64))

    def join(self, more: "Pieces") -> "Pieces":
        return Pieces(*map(np.concatenate, zip(self, more, strict=True)))

    def remove(self, fences: Collection[int]) -> "Pieces":
        gone = np.isin(self.fence, list(fences))
        return self._replace(fence=np.where(gone, np.int32(-1), self.fence), shape=np.where(gone, None, self.shape))


def cut_pieces(fence: Geofence) -> list[Piece]:
    if fence.reach is not None:
        return [make_line_piece(fence.key, np.array(fence.reach.line), fence.reach.metres)]
    if fence.shape.geom_type == "Polygon":  # of which get_parts would make a copy
        return [make_polygon_piece(fence.key, fence.shape)]
    return [make_polygon_piece(fence.key, part) for part in shapely.get_parts(fence.shape)]


def make_polygon_piece(key: int, shape: Any) -> Piece:
    vertices, ring = shapely.get_coordinates(shapely.get_rings(shape), return_index=True)
    return Piece(key, shape, np.nan, vertices, np.flatnonzero(ring[:-1] == ring[1:]), shape.bounds)


def make_line_piece(key: int, line: Floats, metres: float) -> Piece:
    edges = divide_line(line)
    vertices = np.vstack((edges[:, :2], edges[-1:, 2:]))
    return Piece(key, None, metres, vertices, np.arange(len(edges)), bound_reach(line, metres))


def bound_reach(line: Floats, metres: float) -> tuple[float, float, float, float]:
    """Bounds of all within reach of a line, on the safe side; longitudes run on past 180."""
    (west, south), (east, north) = line.min(axis=0), line.max(axis=0)
    angle = metres / 6_330_000.0  # radians, on the sphere of the sharpest curvature
    rise = np.degrees(angle)
    if max(abs(south), abs(north)) + rise >= 90.0:
        return -180.0, max(-90.0, south - rise), 180.0, min(90.0, north + rise)
    aside = np.degrees(np.arcsin(min(1.0, np.sin(angle) / np.cos(np.radians(max(abs(south), abs(north)))))))
    if east - west + 2 * aside >= 360.0:
        return -180.0, south - rise, 180.0, north + rise
    return west - aside, south - rise, east + aside, north + rise
