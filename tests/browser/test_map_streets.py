"""Where there are no streets the page says so, with the command that adds them; run, it draws them after a reload."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from tests.browser.conftest import enter
from tests.browser.looking import HERE, MAP, start_at, until
from tests.running import ROOT, RunningServer
from tracker.streets.area import Area, list_tiles

SIZES: Final = ((320, 640), (390, 844), (1440, 900))
LIMERICK: Final = (-8.63, 52.66)
AROUND: Final = Area(-8.8, 52.55, -8.45, 52.75)


def move_streets(into: Path) -> None:
    """An archive with Helsinki's streets in Limerick: real tiles in another place."""
    with (ROOT / "web/public/tiles/helsinki.pmtiles").open("rb") as file, into.open("wb") as out:
        shipped, writer = Reader(MmapSource(file)), Writer(out)
        for zoom in range(7, 15):
            (x, y), *_ = list_tiles(Area(*HERE, HERE[0] + 1e-6, HERE[1] + 1e-6), zoom)
            tile = shipped.get(zoom, x, y)
            assert tile
            for id in sorted(zxy_to_tileid(zoom, *each) for each in list_tiles(AROUND, zoom)):
                writer.write_tile(id, tile)
        writer.finalize({"tile_type": TileType.MVT, "tile_compression": Compression.GZIP}, {})


def test_streets_are_added_where_there_were_none(page: Page, server: RunningServer, tmp_path: Path) -> None:
    data = Path(server.environment["TRACKER_DATA"])
    move_streets(tmp_path / "world.pmtiles")
    start_at(page, *LIMERICK, 13)
    enter(page, server)
    note = page.locator(".no-streets")
    expect(note).to_contain_text("There are no streets here yet.")
    for width, height in SIZES:  # nothing lies over what hides it
        page.set_viewport_size({"width": width, "height": height})
        note.get_by_role("button").click(trial=True)
    _, *command = note.locator("code").inner_text().split()
    given = ["--from", str(tmp_path / "world.pmtiles"), "--data", str(data), "--yes"]
    try:
        subprocess.run([sys.executable, *command, *given], cwd=ROOT, check=True, timeout=60, capture_output=True)
        page.reload()
        expect(page.locator(".badge")).to_contain_text("Live")
        roads = f"{MAP}.querySourceFeatures('added', {{sourceLayer: 'roads'}})"
        until(page, f"() => {MAP}.getSource('added') && {roads}.length > 5")
        expect(note).to_have_count(0)
    finally:
        shutil.rmtree(data / "map", ignore_errors=True)
