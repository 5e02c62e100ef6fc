"""Leads: the rows of a history at which a geofence may have something to decide, found for all of them at once."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from tracker.geo.distance import EARTH_RADIUS
from tracker.geofence.applies import is_open
from tracker.geofence.border.passing import make_boxes
from tracker.geofence.border.touch import touches
from tracker.geofence.fences import GAP_MS, LEAST_E7, Fences
from tracker.geofence.shape.arrays import Bools, Floats, Ints, Longs
from tracker.model.fix import E7, NO_MARKER
from tracker.model.geofence import Geofence, Hours
from tracker.model.history import History
from tracker.pipeline.jump import FASTEST, NEAR_E7, SLACK
from tracker.pipeline.presets import PRESETS

DRIFT_E7: Final = 1_000  # 11 m of latitude at most: half of what motion.STILL asks for
MINUTE_MS: Final = 60_000
SURE: Final = 0.99  # of what is possible: nothing here is decided by a rounding


class Leads(msgspec.Struct, frozen=True, eq=False):
    """`history` without the rows that decide nothing by themselves. By row: whether the geofence covers it; whether
    that counts, for the geofence applies then; and whether the way from the row before may pass through. `stops`: rows
    that may differ from the one before in what they mean, ascending.
    """

    history: History
    covered: Bools
    inside: Bools
    passes: Bools
    stops: Longs

    def find_devices(self) -> Iterator[tuple[int, int]]:
        """Where the rows of each begin, and where they end."""
        device = self.history.device
        begins = [0, *(np.flatnonzero(np.diff(device)) + 1).tolist(), len(device)] if len(device) else [0]
        return pairwise(begins)

    def find_stop(self, row: int, end: int, due: int | None) -> int:
        """The first row from here on that may mean something, or `end`; `due`: or one from this time (ms) on."""
        turn = int(self.stops.searchsorted(row))
        stop = min(int(self.stops[turn]), end) if turn < len(self.stops) else end
        if due is not None and stop > row and int(self.history.at[stop - 1]) >= due:
            stop = row + int(self.history.at[row:stop].searchsorted(due))
        return stop


def find_leads(fence: Geofence, fences: Fences, history: History) -> Leads:
    history = history.rows((history.flags & NO_MARKER) == 0)
    covered = np.zeros(len(history), bool)
    covered[fences.index.find_covering(history.lon_e7 / E7, history.lat_e7 / E7)[0]] = True
    inside = covered & find_applying(fence, history.at)
    passes = find_passing(fence, fences, history, inside)
    stops = passes | ~find_following(history)
    stops[1:] |= inside[1:] != inside[:-1]
    if fence.speed_limit is not None:
        limit = fence.speed_limit * (1 + PRESETS[fence.preset].tolerance)
        stops |= inside & ~(history.speed <= limit)  # a speed that is missing is drawn from the way,
        stops[1:] |= inside[1:] & (history.speed[1:] == 0.0) & find_moved(history)  # and so is a 0 that it contradicts
    return Leads(history, covered, inside, passes, np.flatnonzero(stops))


def find_applying(fence: Geofence, at: Longs) -> Bools:
    """When it is active. To whom it applies was asked before the history was read."""
    scope = fence.scope
    active = np.full(len(at), scope.enabled)
    if scope.expires is not None:
        active &= at < scope.expires
    if scope.hours is not None:
        active &= find_open(scope.hours, at)
    return active


def find_open(hours: Hours, at: Longs) -> Bools:
    """By the minute: windows begin and end with one, and zones have been whole minutes apart since 2000."""
    minutes, of_row = np.unique(at // MINUTE_MS, return_inverse=True)
    is_active = [is_open(hours, minute * MINUTE_MS) for minute in minutes.tolist()]
    return np.array(is_active, bool)[of_row]


def find_following(history: History) -> Bools:
    """Whether the device of the row before could have come here: `possible`, with something to spare."""
    found = np.zeros(len(history), bool)
    same = history.device[1:] == history.device[:-1]
    east, north = find_steps(history.lon_e7), find_steps(history.lat_e7)
    near = (np.abs(east) < NEAR_E7) & (np.abs(north) < NEAR_E7)
    found[1:] = same & near
    far = np.flatnonzero(same & ~near)
    waited = (history.at[far + 1] - history.at[far]) / 1000
    found[far + 1] = measure_steps(history, far) <= SURE * (SLACK + FASTEST * waited)
    return found


def find_moved(history: History) -> Bools:
    """Whether a row lies further from the one before than a device at rest drifts; rather too often than not."""
    east, north = find_steps(history.lon_e7), find_steps(history.lat_e7)
    found: Bools = (np.abs(east) > DRIFT_E7) | (np.abs(north) > DRIFT_E7)
    return found


def find_steps(places: Ints) -> Longs:
    far = places.astype(np.int64)
    found: Longs = far[1:] - far[:-1]
    return found


def measure_steps(history: History, row: Longs) -> Floats:
    """From these rows to the ones after them, as tracker.geo.distance.distance says."""
    lon_a, lat_a = np.radians(history.lon_e7[row] / E7), np.radians(history.lat_e7[row] / E7)
    lon_b, lat_b = np.radians(history.lon_e7[row + 1] / E7), np.radians(history.lat_e7[row + 1] / E7)
    chord = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    found: Floats = 2 * EARTH_RADIUS * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    return found


def find_passing(fence: Geofence, fences: Fences, history: History, inside: Bools) -> Bools:
    """From outside to outside, by a way that is asked about in the live fold (`Fences.asked`), near the geofence."""
    found = np.zeros(len(history), bool)
    if fence.key not in fences.passable or not len(history):
        return found
    waited, east, north = np.diff(history.at), np.abs(find_steps(history.lon_e7)), np.abs(find_steps(history.lat_e7))
    is_way = (waited > 0) & (waited <= GAP_MS) & ((north > LEAST_E7) | (east > LEAST_E7))
    is_way &= (history.device[1:] == history.device[:-1]) & ~inside[1:] & ~inside[:-1]
    a = np.flatnonzero(is_way)
    a = a[find_beside(fence, history, a)]
    lon_a, lat_a = history.lon_e7[a] / E7, history.lat_e7[a] / E7
    lon_b, lat_b = history.lon_e7[a + 1] / E7, history.lat_e7[a + 1] / E7
    ways = fences.passages.find_candidates(lon_a, lat_a, lon_b, lat_b)[0]
    ways = ways[touches([fence], lon_a[ways], lat_a[ways], lon_b[ways], lat_b[ways])]
    found[a[ways] + 1] = True
    return found


def find_beside(fence: Geofence, history: History, row: Longs) -> Bools:
    """Whether the box of the way from the row to the one after touches a box of the geofence: cheap, to ask fewer."""
    a_lon, b_lon = history.lon_e7[row].astype(np.int64), history.lon_e7[row + 1].astype(np.int64)
    a_lat, b_lat = history.lat_e7[row], history.lat_e7[row + 1]
    west, east = np.minimum(a_lon, b_lon), np.maximum(a_lon, b_lon)
    south, north = np.minimum(a_lat, b_lat), np.maximum(a_lat, b_lat)
    found: Bools = east - west > 180 * E7  # across the 180th meridian
    for box in make_boxes(fence):
        w, s, e, n = (edge * E7 for edge in box.bounds)
        found |= (east >= w - 1) & (west <= e + 1) & (north >= s - 1) & (south <= n + 1)
    return found
