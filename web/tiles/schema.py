"""The Protomaps basemap layers as newline GeoJSON, one file each, as tippecanoe reads them."""

import json
from pathlib import Path
from typing import Any, Self, TextIO

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

NAMES = ("earth", "water", "boundaries", "places", "roads", "buildings", "landuse")
PRECISION = 1e-6  # degrees: 0.1 m, finer than zoom 14 can show


class Layers:
    """Open for as long as features are written."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, TextIO] = {name: (folder / f"{name}.ndjson").open("w") for name in NAMES}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files.values():
            file.close()
            path = Path(file.name)
            if path.stat().st_size == 0:  # tippecanoe refuses an empty layer
                path.unlink()

    def add(self, layer: str, shape: BaseGeometry, minzoom: int, maxzoom: int | None = None, **fields: Any) -> None:
        """Fields that are None or empty are left out; `shape` may be empty, and is then ignored."""
        shape = shape if shape.geom_type == "Point" else shapely.set_precision(shape, PRECISION)
        if shape.is_empty:
            return
        zooms = {"minzoom": minzoom} if maxzoom is None else {"minzoom": minzoom, "maxzoom": maxzoom}
        kept = {name: value for name, value in fields.items() if value not in (None, "")}
        feature = {"type": "Feature", "tippecanoe": zooms, "properties": kept, "geometry": mapping(shape)}
        self.files[layer].write(json.dumps(feature, ensure_ascii=False) + "\n")
