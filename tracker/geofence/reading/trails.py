"""Many points that follow each other are the trail of a recording, also where nothing says so: each would be a circle,
and each circle hold the next. What people mark places with lies apart, or has names."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from tracker.geo.distance import distance
from tracker.geofence.reading.found import Found
from tracker.geofence.reading.geojson import Feature, Point
from tracker.geofence.reading.notes import FeatureNote

LEAST: Final = 10  # points: fewer may be anything
NEAR: Final = 100.0  # m between two that have no names: more than a car drives from one second to the next
NUMBER: Final = re.compile(r"[\W_\d]+")


def mark_trails(found: Iterable[Found | FeatureNote], radius: float | None) -> Iterator[Found | FeatureNote]:
    """`radius`, in metres, is what points get that have none of their own; without it none becomes a circle anyway."""
    if radius is None:
        yield from found
        return
    run: list[Found | FeatureNote] = []
    last: Found | None = None
    for each in found:
        if isinstance(each, FeatureNote):
            run.append(each)
            continue
        point = each if _is_bare_point(each) else None
        if last is None or point is None or not _is_next(last, point, radius):
            yield from _mark(run)
            run = []
        run.append(each)
        last = point
    yield from _mark(run)


def _mark(run: list[Found | FeatureNote]) -> Iterable[Found | FeatureNote]:
    if sum(isinstance(each, Found) for each in run) < LEAST:
        return run
    return (msgspec.structs.replace(each, is_in_trail=True) if isinstance(each, Found) else each for each in run)


def _is_bare_point(found: Found) -> bool:
    feature = found.feature
    if not isinstance(feature, Feature) or not isinstance(feature.geometry, Point):
        return False
    return len(feature.geometry.coordinates) >= 2 and feature.properties.get("radius") in (None, "")


def _is_next(last: Found, point: Found, radius: float) -> bool:
    """Names that differ by a number only are no names where each circle holds the next point all the same."""
    before, after = _find_label(last), _find_label(point)
    if before != after and NUMBER.sub("", before) != NUMBER.sub("", after):
        return False
    near = max(radius, NEAR) if before == after else radius
    (lon_a, lat_a), (lon_b, lat_b) = _place(last), _place(point)
    return distance(lon_a, lat_a, lon_b, lat_b) <= near


def _find_label(found: Found) -> str:
    """What a person would tell it by."""
    assert isinstance(found.feature, Feature)
    names = (value for key, value in found.feature.properties.items() if key.lower() == "name" and value)
    label = next(names, found.id if isinstance(found.id, str) and not found.id.isdecimal() else "")
    return str(label)


def _place(found: Found) -> tuple[float, float]:
    assert isinstance(found.feature, Feature) and isinstance(found.feature.geometry, Point)
    lon, lat = found.feature.geometry.coordinates[:2]
    return lon, lat


def tell_trail(count: int) -> str:
    return (
        f"{count:,} points that follow each other closely are taken for a recording and passed over; "
        "one with a radius of its own is a geofence"
    )
