"""The folder of the map: an archive for each area, and all of them as the one that the page reads."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from typing import Any, Final

import msgspec
from pmtiles.reader import MmapSource, all_tiles
from pmtiles.tile import deserialize_header, zxy_to_tileid
from pmtiles.writer import Writer

from tracker.streets.area import Area
from tracker.streets.fetch import make_header

STREETS: Final = "streets.pmtiles"
AREAS: Final = "areas.json"


def list_areas(folder: Path) -> list[Area]:
    """What has been added, as `join` left it."""
    try:
        return msgspec.json.decode((folder / AREAS).read_bytes(), type=list[Area])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def join(folder: Path) -> list[Area]:
    """Makes the one archive of those of all areas; it takes the place of the former at once."""
    paths = sorted(folder.glob("areas/*.pmtiles"))
    areas = [_read_area(path) for path in paths]
    new = folder / "streets.new"
    with ExitStack() as stack:
        sources = [MmapSource(stack.enter_context(path.open("rb"))) for path in paths]
        writer = Writer(stack.enter_context(new.open("wb")))
        last = -1
        for id, data in merge(*(_tiles(source) for source in sources), key=lambda tile: tile[0]):
            if id != last:  # areas that touch share tiles
                writer.write_tile(id, data)
            last = id
        writer.finalize(make_header(areas), {"attribution": "© OpenStreetMap contributors"})
    os.replace(new, folder / STREETS)
    (folder / "areas.new").write_bytes(msgspec.json.encode(areas))
    os.replace(folder / "areas.new", folder / AREAS)
    return areas


def _tiles(source: Any) -> Iterator[tuple[int, bytes]]:
    for (zoom, x, y), data in all_tiles(source):
        yield zxy_to_tileid(zoom, x, y), data


def _read_area(path: Path) -> Area:
    with path.open("rb") as file:
        found = deserialize_header(file.read(127))
    west, south = found["min_lon_e7"] / 1e7, found["min_lat_e7"] / 1e7
    return Area(west, south, found["max_lon_e7"] / 1e7, found["max_lat_e7"] / 1e7)
