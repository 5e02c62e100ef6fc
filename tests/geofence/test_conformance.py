"""Answers other systems agree on: Traccar, PostGIS, Tile38, and a bus that passed its stops."""

import csv
import gzip
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import shapely

from tests.geofence.shapes import SHARED, circle, corridor, feature, polygon, shared
from tracker.geofence.border.passing import find_chord
from tracker.geofence.fences import make_fences
from tracker.geofence.index.index import FenceIndex
from tracker.geofence.reading.feature import parse
from tracker.geofence.shape.distance import to_boundary
from tracker.geofence.shape.rings import area
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.fix import E7, Fix
from tracker.model.geofence import Geofence
from tracker.model.moment import format_ms
from tracker.model.moment import parse as parse_time
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.question import Question


def inside(fence: Geofence, lon: float, lat: float) -> bool:
    lon = (lon + 180.0) % 360.0 - 180.0
    return len(FenceIndex.build([fence]).find_covering(np.array([lon]), np.array([lat]))[0]) == 1


def traccar(fence: dict[str, Any]) -> Geofence:
    if fence["type"] == "circle":
        return circle(fence["lon"], fence["lat"], fence["radius_m"])
    line = [(lon, lat) for lat, lon in fence["latlon"]]
    return polygon(line) if fence["type"] == "polygon" else corridor(line, max(0.1, 2 * fence["buffer_m"]))


def test_traccar() -> None:
    """Its points, its ways between two fixes, and its areas."""
    asked = 0
    for case in shared("conformance/traccar_geofence.json")["cases"]:
        query = case["query"]
        if "point" in query:
            lat, lon = query["point"]
            assert inside(traccar(case["fence"]), lon, lat) == case["expect"], case["id"]
        elif "area_km2" in query:
            assert area(traccar(case["fence"]).shape) / 1e6 == pytest.approx(case["independent"], abs=0.01)
        else:
            (lat_a, lon_a), (lat_b, lon_b) = query["segment"]
            through = find_chord(traccar(case["fence"]), (lon_a, lat_a), (lon_b, lat_b))
            assert (through is not None) == case["expect"], case["id"]
        asked += 1
    assert asked >= 13


def test_postgis() -> None:
    """Points in polygons of degrees, and points near them in metres."""
    asked = 0
    for case in shared("conformance/postgis_covers_dwithin.json")["cases"]:
        pair = [shapely.from_wkt(case["a"]), shapely.from_wkt(case["b"])]
        shape, other = sorted(pair, key=lambda found: found.geom_type != "Polygon")
        if other.geom_type != "Point" or shape.geom_type != "Polygon" or shapely.get_coordinates(shape).max() > 360:
            continue  # of two areas or two points, or in the metres of a projection
        fence = parse(feature(shapely.geometry.mapping(shape)))
        found = inside(fence, other.x, other.y)
        if case["op"] == "dwithin_geography_m":
            found = found or to_boundary(fence, other.x, other.y) <= case["metres"]
        assert found == case["expect"], case["id"]
        asked += 1
    assert asked >= 6


def test_postgis_lines_and_areas() -> None:
    """Covered: every place of the other's line or border is. Near: one of them is."""
    asked = 0
    for case in shared("conformance/postgis_covers_dwithin.json")["cases"]:
        area, other = shapely.from_wkt(case["a"]), shapely.from_wkt(case["b"])
        if area.geom_type != "Polygon" or other.geom_type == "Point":
            continue
        fence, places = parse(feature(shapely.geometry.mapping(area))), along(other)
        within = [inside(fence, lon, lat) for lon, lat in places]
        if case["op"] == "dwithin_geography_m":
            near = any(to_boundary(fence, lon, lat) <= case["metres"] for lon, lat in places)
            assert (any(within) or near) == case["expect"], case["id"]
        else:
            assert all(within) == case["expect"], case["id"]
        asked += 1
    assert asked >= 5


def along(shape: Any) -> list[tuple[float, float]]:
    """Places on its line or border, each edge the short way round."""
    corners = shapely.get_coordinates(shape)
    steps = np.diff(corners, axis=0)
    steps[:, 0] -= 360.0 * np.round(steps[:, 0] / 360.0)
    places = [
        corner + part * step for corner, step in zip(corners, steps, strict=False) for part in np.linspace(0, 1, 11)
    ]
    return [((lon + 180.0) % 360.0 - 180.0, lat) for lon, lat in places]


def tile38_fences(case: dict[str, Any]) -> dict[int, str]:
    return dict(enumerate(case.get("fences", {"only": case.get("fence")})))


def test_tile38_order() -> None:
    """One jump over fences side by side: exits first, then enters, each once."""
    asked = 0
    for case in shared("conformance/tile38_fence_sequences.json")["cases"]:
        if "fences" not in case or not all(isinstance(ring, list) for ring in case["fences"].values()):
            continue
        names = tile38_fences(case)
        fences = [
            polygon([tuple(place) for place in case["fences"][name]], key=key, preset="strict")
            for key, name in names.items()
        ]
        steps = [case["initial"], *case["steps"]]
        fixes = [Fix(n * 3_600_000, round(step["lon"] * E7), round(step["lat"] * E7)) for n, step in enumerate(steps)]
        told = [f"{each.kind}:{names[each.geofence]}" for each in walked(fixes, fences)]
        wanted = [word for step in case["steps"] for word in step["expect_ordered"] if word[:5] in ("exit:", "enter")]
        assert told == ["enter:A", "enter:B", *wanted]
        asked += 1
    assert asked


def test_tile38_sequences() -> None:
    """Enter and exit as there. Its `cross` jumps 3,000 km, across which nothing is inferred here; what it means is told
    where hundreds of metres are jumped."""
    asked = 0
    for case in shared("conformance/tile38_fence_sequences.json")["cases"]:
        if case.get("fence", {}).get("type") != "circle":
            continue
        area, steps = case["fence"], case["steps"]
        fixes = [Fix(n * 6 * HOUR, round(step["lon"] * E7), round(step["lat"] * E7)) for n, step in enumerate(steps)]
        for preset in ("strict", "balanced"):
            fence = circle(area["lon"], area["lat"], area["radius_m"], preset=preset)
            twice = sorted(
                fixes + [Fix(fix.at + 10_000, fix.lon_e7, fix.lat_e7) for fix in fixes], key=lambda at: at.at
            )
            wanted = [word for step in steps for word in step["expect"] if word in ("enter", "exit")]
            assert [each.kind for each in walked(twice, [fence])] == wanted, case["id"]
        asked += 1
    assert asked >= 2


def test_tile38_cross_nearby() -> None:
    """Inside, away, and past on the other side."""
    fence = circle(10.0, 10.0, 100, preset="balanced")
    places = [10.0, 10.0, 9.99, 9.99, 10.01]
    fixes = [Fix(n * 30_000, 10 * E7, round(lat * E7)) for n, lat in enumerate(places)]
    assert [each.kind for each in walked(fixes, [fence])] == ["enter", "exit", "cross"]


HOUR = 3_600_000  # ms


def walked(fixes: Iterable[Fix], fences: Iterable[Geofence]) -> list[Transition]:
    """What one device is told to have done on its way."""
    around = make_fences({fence.key: fence for fence in fences})
    state, told = State(), list[Transition]()
    for fix in fixes:
        here, between = around.index.find_at(fix.lon, fix.lat), around.find_between(state.newest, fix)
        step = advance(Device(1, "bus", "Bus"), state, Question(fix, fix.at * 1000, here, between), around)
        state = step.state
        told += [each for each in step.transitions if each.is_told]
    return told


def test_limerick_bus_stops() -> None:
    """71 enters and exits of 50 m circles, as a geodesic brute force found them."""
    expected = [
        (case["t"], case["stop"], case["event"])
        for case in shared("conformance/limerick_bus_stop_events.json")["cases"]
    ]
    stops = shared("data/geofences/limerick_304_stops.geojson")["features"]
    places = [stop["geometry"]["coordinates"] for stop in stops]
    names = [stop["properties"]["name"] for stop in stops]
    fences = [circle(lon, lat, 50, key, preset="strict") for key, (lon, lat) in enumerate(places)]
    with gzip.open(SHARED / "data/tracks/bus_limerick_304_2019-02-18.csv.gz", "rt") as text:
        rows = list(csv.DictReader(text))
    fixes = [Fix(parse_time(row["t"]), round(float(row["lon"]) * E7), round(float(row["lat"]) * E7)) for row in rows]
    found = [(format_ms(each.at), names[each.geofence], each.kind) for each in walked(fixes, fences)]
    assert sorted(found) == sorted(expected)
    assert len(found) == 71
