"""What of an archive makes an area: its tiles by the archive's directories, and their bytes in chunks."""

import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from pmtiles.tile import (
    Compression,
    Entry,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    zxy_to_tileid,
)

from tracker.errors import MapUnusable
from tracker.streets.area import Area, count_tiles, list_tiles
from tracker.streets.packed import is_whole

if TYPE_CHECKING:
    from tracker.streets.source import WorldMap  # a server that shows streets fetches none: it needs no HTTP client

HEADER: Final = 127  # bytes
FIRST_ZOOM: Final = 7  # the map that ships with the server has the world up to 6
MOST_TILES: Final = 2_000_000
LARGEST_DIRECTORY: Final = 16 * 1024 * 1024  # bytes, compressed
LARGEST_TILE: Final = 8 * 1024 * 1024  # bytes, compressed
DEEPEST: Final = 4  # directories below each other
GAP: Final = 16 * 1024  # bytes that are read for nothing rather than asked past
CHUNK: Final = 2 * 1024 * 1024  # bytes of one request


class Tile(NamedTuple):
    """`id` as PMTiles numbers tiles; where its bytes are in the archive."""

    id: int
    offset: int
    length: int


class Chunk(NamedTuple):
    offset: int
    length: int


class Archive(msgspec.Struct, frozen=True):
    """What its header says: where the root directory, the others and the tiles are, and its zooms."""

    root: Chunk
    leaves: int
    data: int
    first_zoom: int
    last_zoom: int


def read_archive(source: "WorldMap") -> Archive:
    try:
        found = deserialize_header(source.read(0, HEADER))
    except (MagicNumberNotFound, SpecVersionUnsupported, ValueError, UnicodeDecodeError):
        raise MapUnusable(f"{source.name} is no PMTiles archive of version 3") from None
    gzip = Compression.GZIP
    if (found["tile_type"], found["tile_compression"], found["internal_compression"]) != (TileType.MVT, gzip, gzip):
        raise MapUnusable(f"{source.name} holds no vector tiles in gzip: a build of Protomaps does")
    return Archive(
        Chunk(found["root_offset"], found["root_length"]),
        found["leaf_directory_offset"],
        found["tile_data_offset"],
        found["min_zoom"],
        found["max_zoom"],
    )


def find_tiles(source: "WorldMap", archive: Archive, area: Area, last_zoom: int) -> list[Tile]:
    """Those of the area that the archive has, by id. Empty sea has none."""
    zooms = range(max(FIRST_ZOOM, archive.first_zoom), min(last_zoom, archive.last_zoom) + 1)
    many = sum(count_tiles(area, zoom) for zoom in zooms)
    if many > MOST_TILES:
        raise MapUnusable(f"{many:,} tiles are too many: take a smaller area, or --max-zoom {last_zoom - 1}")
    wanted = sorted(zxy_to_tileid(zoom, x, y) for zoom in zooms for x, y in list_tiles(area, zoom))
    return sorted(_look_up(source, archive, archive.root, wanted, 1))


def _look_up(source: "WorldMap", archive: Archive, at: Chunk, wanted: Sequence[int], depth: int) -> Iterator[Tile]:
    entries = _read_directory(source, at, depth)
    for entry, following in zip(entries, [*(each.tile_id for each in entries[1:]), None], strict=True):
        first = bisect_left(wanted, entry.tile_id)
        ids = wanted[first : len(wanted) if following is None else bisect_left(wanted, following)]
        if entry.run_length == 0 and ids:
            below = Chunk(archive.leaves + entry.offset, entry.length)
            yield from _look_up(source, archive, below, ids, depth + 1)
        elif entry.length > LARGEST_TILE:
            raise MapUnusable(f"{source.name} has a tile of {entry.length} bytes")
        else:
            held = (id for id in ids if id < entry.tile_id + entry.run_length)
            yield from (Tile(id, archive.data + entry.offset, entry.length) for id in held)


def _read_directory(source: "WorldMap", at: Chunk, depth: int) -> list[Entry]:
    if depth > DEEPEST or not 0 < at.length <= LARGEST_DIRECTORY:
        raise MapUnusable(f"the directories of {source.name} are broken")
    read = source.read(at.offset, at.length)
    try:
        found: list[Entry] = deserialize_directory(read) if is_whole(read) else []
    except (EOFError, OSError, ValueError, IndexError, MemoryError, zlib.error):
        raise MapUnusable(f"the directories of {source.name} are broken") from None
    if not found:
        raise MapUnusable(f"the directories of {source.name} are broken")
    return found


def join_chunks(tiles: Sequence[Tile]) -> list[Chunk]:
    """The bytes of the tiles, each once, in requests of a good size."""
    chunks: list[Chunk] = []
    for offset, length in sorted({(tile.offset, tile.length) for tile in tiles}):
        last = chunks[-1] if chunks else None
        end = offset + length
        if last and offset <= last.offset + last.length + GAP and end - last.offset <= CHUNK:
            chunks[-1] = Chunk(last.offset, max(last.length, end - last.offset))
        else:
            chunks.append(Chunk(offset, length))
    return chunks
