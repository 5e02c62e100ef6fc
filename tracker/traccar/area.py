"""An area as Traccar writes it: well-known text with latitude first, and CIRCLE, which the standard has not. Pure."""

import re
from typing import Any, Final

WORDS: Final = re.compile(r"\s*(CIRCLE|POLYGON|LINESTRING)\s*\((.*)\)\s*", re.IGNORECASE | re.DOTALL)
CORRIDOR: Final = 25.0  # m to each side of a line, where neither it nor the server says more: Traccar's own default
Geometry = dict[str, Any]


def read_area(text: str, polyline_m: float = CORRIDOR) -> tuple[Geometry, dict[str, float]] | str:
    """GeoJSON's geometry and the properties that belong to it; a text: why it is none. `polyline_m`: how far from a
    line counts as on it."""
    found = WORDS.fullmatch(text)
    if found is None:
        return f"an area that is not understood: {text[:60]}"
    kind, inside = found[1].upper(), found[2]
    try:
        if kind == "CIRCLE":
            center, _, radius = inside.rpartition(",")
            return {"type": "Point", "coordinates": read_place(center)}, {"radius": float(radius)}
        if kind == "LINESTRING":
            return {"type": "LineString", "coordinates": read_line(inside)}, {"width": 2 * polyline_m}
        return {"type": "Polygon", "coordinates": [close(read_line(ring)) for ring in read_rings(inside)]}, {}
    except (ValueError, IndexError):
        return f"an area that is not understood: {text[:60]}"


def read_rings(text: str) -> list[str]:
    return re.findall(r"\(([^()]*)\)", text)


def read_line(text: str) -> list[list[float]]:
    return [read_place(each) for each in text.split(",")]


def read_place(text: str) -> list[float]:
    """Longitude first. ValueError for what are not two numbers of a place."""
    lat, lon = map(float, text.split())
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise ValueError
    return [lon, lat]


def close(ring: list[list[float]]) -> list[list[float]]:
    """Traccar draws rings that end where they began, and takes others."""
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]
