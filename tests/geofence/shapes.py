"""Geofences to test with, from a few numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tracker.geofence.reading.feature import parse
from tracker.model.geofence import Geofence

SHARED = Path(__file__).parents[2].parent / "shared"


def shared(name: str) -> Any:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the data set {name} is not beside the repository")
    return json.loads(path.read_bytes())


def feature(geometry: dict[str, Any], **properties: Any) -> bytes:
    return json.dumps({"type": "Feature", "geometry": geometry, "properties": properties}).encode()


def polygon(*rings: list[tuple[float, float]], key: int = 1, **properties: Any) -> Geofence:
    return parse(feature({"type": "Polygon", "coordinates": rings}, **properties), id=f"f{key}", key=key)


def circle(lon: float, lat: float, radius: float, key: int = 1, **properties: Any) -> Geofence:
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return parse(feature(geometry, radius=radius, **properties), id=f"f{key}", key=key)


def corridor(line: list[tuple[float, float]], width: float, key: int = 1, **properties: Any) -> Geofence:
    geometry = {"type": "LineString", "coordinates": line}
    return parse(feature(geometry, width=width, **properties), id=f"f{key}", key=key)


def box(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    return [(west, south), (east, south), (east, north), (west, north)]
