"""The bytes of an area, chunk after chunk into one file, so that what breaks off goes on where it was."""

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from pmtiles.tile import Compression, TileType, tileid_to_zxy
from pmtiles.writer import Writer

from tracker.errors import MapUnusable
from tracker.streets.area import Area
from tracker.streets.cut import Chunk, Tile
from tracker.streets.packed import is_whole

if TYPE_CHECKING:
    from tracker.streets.source import WorldMap

Progress = Callable[[int, int], None]  # bytes that are here, of how many


class PartOf(msgspec.Struct, frozen=True):
    """What a part that was begun is of: only the same is gone on with."""

    source: str
    version: str
    chunks: list[Chunk]


def fetch(source: "WorldMap", chunks: Sequence[Chunk], part: Path, told: Progress) -> None:
    """Into `part`, with what it is of beside it."""
    beside, total = part.with_suffix(".json"), sum(chunk.length for chunk in chunks)
    begun = msgspec.json.encode(PartOf(source.name, source.version, list(chunks)))
    if not (part.exists() and beside.exists() and beside.read_bytes() == begun):
        beside.write_bytes(begun)
        part.write_bytes(b"")
    ends = list(accumulate(chunk.length for chunk in chunks))
    whole = bisect_right(ends, part.stat().st_size)
    with part.open("r+b") as file:
        here = ends[whole - 1] if whole else 0
        file.truncate(here)
        file.seek(here)
        for chunk in chunks[whole:]:
            file.write(source.read(chunk.offset, chunk.length))
            here += chunk.length
            told(here, total)
        file.flush()
        os.fsync(file.fileno())


def write_area(part: Path, chunks: Sequence[Chunk], tiles: Sequence[Tile], area: Area, into: Path) -> None:
    """The archive of the area, once each of its tiles has been opened. Where one is broken the part goes, too: what was
    fetched cannot be trusted."""
    with part.open("rb") as file:
        for tile, data in _read_tiles(file, chunks, tiles):
            if not is_whole(data):
                part.unlink()
                zoom, x, y = tileid_to_zxy(tile.id)
                raise MapUnusable(f"tile {zoom}/{x}/{y} of the source is broken; run the command again to fetch anew")
        new = into.with_suffix(".new")
        with new.open("wb") as out:
            writer = Writer(out)
            for tile, data in _read_tiles(file, chunks, tiles):
                writer.write_tile(tile.id, data)
            writer.finalize(make_header([area]), {"attribution": "© OpenStreetMap contributors"})
    os.replace(new, into)
    part.unlink()
    part.with_suffix(".json").unlink()


def _read_tiles(file: BinaryIO, chunks: Sequence[Chunk], tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
    """Out of a part, in which the chunks stand one behind the other."""
    offsets = [chunk.offset for chunk in chunks]
    starts = [0, *accumulate(chunk.length for chunk in chunks)]
    for tile in tiles:
        at = bisect_right(offsets, tile.offset) - 1
        file.seek(starts[at] + tile.offset - offsets[at])
        yield tile, file.read(tile.length)


def make_header(areas: Sequence[Area]) -> dict[str, object]:
    """Without what the writer counts."""
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": round(min(each.west for each in areas) * 1e7),
        "min_lat_e7": round(min(each.south for each in areas) * 1e7),
        "max_lon_e7": round(max(each.east for each in areas) * 1e7),
        "max_lat_e7": round(max(each.north for each in areas) * 1e7),
    }
