"""Borders: the edges of a geofence as depth and ways ask about them, made once and kept while there is room."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from tracker.geofence.border.kept import Kept
from tracker.geofence.shape.arrays import Floats
from tracker.geofence.shape.distance import border, divide_line, space
from tracker.model.geofence import Geofence

MANY: Final = 256  # edges, from which they are divided into runs
RUN: Final = 32  # edges in a row that share a ball, and are looked at together or not at all
ROOM: Final = 256 * 1024 * 1024  # bytes of borders, of a hundred and more of the largest there may be
EDGE_BYTES: Final = 250  # with what GEOS keeps


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
        """Whether the shape covers it; -180 <= lon <= 180. A place at 180 is asked as -180 too, for it has both
        longitudes."""
        if shapely.intersects_xy(self.shape, lon, lat):
            return True
        return abs(lon) == 180.0 and bool(shapely.intersects_xy(self.shape, -lon, lat))

    def covers_each(self, places: Sequence[tuple[float, float]]) -> list[bool]:
        """The same of several: GEOS answers them together."""
        if len(places) == 1 or any(abs(lon) == 180.0 for lon, _ in places):
            return [self.covers(*place) for place in places]
        found: list[bool] = shapely.intersects_xy(self.shape, np.array(places)).tolist()
        return found


def find_border(fence: Geofence) -> Border:
    return _borders.of(fence)


def prepare_border(fence: Geofence) -> None:
    """Make it where that may take long, in a thread: made when it is first asked for, it would hold up the fix that
    asks."""
    if _borders.prepared(fence):
        edges = find_border(fence)
        if edges.shape is not None:
            edges.covers(*edges.edges[0, :2].tolist())  # what GEOS prepares it prepares when it is first asked


def make_border(fence: Geofence) -> Border:
    if fence.reach is not None:
        return lay_out(divide_line(np.array(fence.reach.line)), None)
    shape = shapely.from_wkb(shapely.to_wkb(fence.shape))  # a copy, so that what is prepared leaves with this
    shapely.prepare(shape)
    return lay_out(border(fence.shape), shape)


def lay_out(edges: Floats, shape: Any) -> Border:
    a_lon, a_lat, b_lon, b_lat = edges.T
    start, end = space(a_lon, a_lat), space(b_lon, b_lat)
    middle = space((a_lon + b_lon) / 2, (a_lat + b_lat) / 2) - (start + end) / 2
    slack = 1.5 * float(np.sqrt((middle * middle).sum(axis=0).max()))
    start, chord = start.T.copy(), (end - start).T.copy()
    along = chord / np.maximum((chord * chord).sum(axis=1), 1e-12)[:, None]
    share = np.einsum("ij,ij->i", along, start)
    centre, radius = make_balls(start, chord, slack) if len(edges) > MANY else (start[:0], share[:0])
    return Border(edges, start, chord, along, share, slack, centre, radius, shape)


def make_balls(start: Floats, chord: Floats, slack: float) -> tuple[Floats, Floats]:
    """(centre, radius) of one round each run of edges."""
    begins = np.arange(0, len(start), RUN)
    end = start + chord
    low = np.minimum.reduceat(np.minimum(start, end), begins)
    high = np.maximum.reduceat(np.maximum(start, end), begins)
    return (low + high) / 2, np.sqrt(((high - low) ** 2).sum(axis=1)) / 2 + slack


_borders: Final = Kept(make_border, lambda border: EDGE_BYTES * len(border.edges), ROOM)
