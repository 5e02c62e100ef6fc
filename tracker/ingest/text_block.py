"""A text frame of many fixes as columns, where all are plain: what `accept` makes of each, made of all at once."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from tracker.model.block import Block
from tracker.model.fix import E7
from tracker.model.moment import EPOCH, MILLISECOND
from tracker.pipeline.accept import (
    FASTEST,
    HIGHEST,
    LOW_ACCURACY,
    LOWEST,
    SKEW_MS,
    find_oldest_plain,
)

FEW: Final = 12  # fixes below which one by one is quicker
NO_ACCURACY: Final = 5e-324  # a smaller one is none
EASTERNMOST: Final = 179.9999999  # degrees, as places are rounded: further east is another way to say -180
LEAST: Final = np.array(((0.0,), (0.0,), (NO_ACCURACY,), (LOWEST,), (0.0,)))
MOST: Final = np.array(((FASTEST,), (360.0,), (np.inf,), (HIGHEST,), (1.0,)))


class WireFix(msgspec.Struct, frozen=True, gc=False):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    lon: float
    lat: float
    accuracy: float | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: float | None = None
    battery: float | None = None
    attributes: dict[str, Any] | None = None


def find_block(fixes: list[WireFix], now: int) -> Block | None:
    """`now` in ms. None where any of them is refused, flagged or has attributes: then each is looked at by itself."""
    if [fix.attributes for fix in fixes].count(None) < len(fixes):
        return None
    exact = np.empty((3, len(fixes)), np.int64)
    exact[0] = at = [(fix.at - EPOCH) // MILLISECOND for fix in fixes]
    if min(at) < find_oldest_plain(now) or max(at) > now + SKEW_MS:
        return None
    places = np.array(([fix.lon for fix in fixes], [fix.lat for fix in fixes]))
    (west, south), (east, north) = places.min(axis=1).tolist(), places.max(axis=1).tolist()
    if west < -180.0 or east > EASTERNMOST or south < -90.0 or north > 90.0:
        return None
    places *= E7
    np.rint(places, out=places)
    if west < 1.0 and east > -1.0 and south < 1.0 and north > -1.0 and not places.any(axis=0).all():
        return None  # one of them is at 0, 0
    exact[1:] = places
    measured = measure(fixes)
    return None if measured is None else Block(exact, measured)


def measure(fixes: list[WireFix]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """None where one of them is too rough to go without a flag."""
    found = np.full((5, len(fixes)), np.nan)
    columns = (
        [fix.speed for fix in fixes],
        [fix.heading for fix in fixes],
        [fix.accuracy for fix in fixes],
        [fix.altitude for fix in fixes],
        [fix.battery for fix in fixes],
    )
    for row, values in enumerate(columns):
        if values.count(None) < len(values):
            found[row] = values
    if (found[2] > LOW_ACCURACY).any():
        return None
    found[(found < LEAST) | (found > MOST)] = np.nan
    speed_to_altitude = found[:4]
    speed_to_altitude *= 100
    np.rint(speed_to_altitude, out=speed_to_altitude)
    speed_to_altitude /= 100
    speed_to_altitude += 0.0  # -0.0 becomes 0.0, as an int does that `round` makes of it
    heading, accuracy, battery = found[1], found[2], found[4]
    heading[heading >= 360.0] = 0.0
    np.maximum(accuracy, 0.01, out=accuracy)
    if columns[4].count(None) < len(fixes):
        battery[:] = [round(value, 4) for value in battery.tolist()]
    return found
