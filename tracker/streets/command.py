"""`tracker map add`: an area's streets, from the operator's archive into the data folder."""

import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from tracker.errors import MapUnusable
from tracker.streets.area import Area, read_area
from tracker.streets.cut import find_tiles, join_chunks, read_archive
from tracker.streets.fetch import Progress, fetch, write_area
from tracker.streets.folder import STREETS, join
from tracker.streets.source import WorldMap, open_source

Agreed = Callable[[str], bool]  # to the question
SPARE: Final = 200_000_000  # bytes of the disk that are left alone
COPIES: Final = 3  # what is fetched, the area of it, and the archive of all areas


def add_area(name: str, area: Area, folder: Path, last_zoom: int, agreed: Agreed, told: Progress) -> str:
    """`name`: of the source, `folder`: of the map. Asks with the size before it takes anything. What was done."""
    with closing(open_source(name)) as source:
        return _add(source, area, folder, last_zoom, agreed, told)


def _add(source: WorldMap, area: Area, folder: Path, last_zoom: int, agreed: Agreed, told: Progress) -> str:
    archive = read_archive(source)
    tiles = find_tiles(source, archive, area, last_zoom)
    if not tiles:
        raise MapUnusable(f"{source.name} has no streets there")
    chunks = join_chunks(tiles)
    size = sum(chunk.length for chunk in chunks)
    (folder / "areas").mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < COPIES * size + SPARE:
        raise MapUnusable(f"{say_size(size)} are to be fetched, and {say_size(free)} of disk are too little for it")
    if not agreed(f"{len(tiles):,} tiles, {say_size(size)}; {say_size(free)} of disk are free. Fetch them?"):
        return "nothing was fetched"
    part = folder / "areas" / f"{area.name}.part"
    fetch(source, chunks, part, told)
    write_area(part, chunks, tiles, area, part.with_suffix(".pmtiles"))
    areas = join(folder)
    return f"{folder / STREETS}: {len(areas)} areas, {say_size((folder / STREETS).stat().st_size)}. Reload the page."


def add_with_bar(name: str, area: str, folder: Path, last_zoom: int, yes: bool) -> str:
    """In a terminal: asked there unless `yes`, with a bar."""

    def agree(question: str) -> bool:
        return yes or click.confirm(question, default=True, err=True)

    with click.progressbar(length=1000, label="fetching", file=sys.stderr) as bar:

        def tell(here: int, total: int) -> None:
            bar.update(round(1000 * here / total) - bar.pos)

        return add_area(name, read_area(area), folder, last_zoom, agree, tell)


def say_size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"
