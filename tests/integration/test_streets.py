"""Streets cut out of an archive: from a file, by ranges, from who lies and from what breaks off."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from click.testing import CliRunner
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from tests.answering import answering
from tests.integration.conftest import Readiness
from tracker.api.app import BuiltPage, Parts, build_app
from tracker.cli import main
from tracker.errors import Invalid, MapUnusable
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.streets import source as streets_source
from tracker.streets.area import Area, list_tiles, read_area
from tracker.streets.command import add_area
from tracker.streets.folder import list_areas

ROOT: Final = Path(__file__).parents[2]
SHIPPED: Final = ROOT / "web/public/tiles/helsinki.pmtiles"  # a real one: zoom 7 to 14
HELSINKI: Final = Area(24.936, 60.166, 24.946, 60.173)
EAST: Final = Area(24.947, 60.166, 24.952, 60.173)
NORTH: Final = Area(24.936, 60.174, 24.95, 60.179)
ALWAYS: Final = -2  # every answer from the fourth on
READ_BACK: Final = """
import { open } from 'node:fs/promises';
import { PMTiles } from 'pmtiles';
const file = await open(process.argv[2]);
const archive = new PMTiles({
  getKey: () => 'a',
  getBytes: async (offset, length) => {
    const read = Buffer.alloc(length);
    const { bytesRead } = await file.read(read, 0, length, offset);
    return { data: read.buffer.slice(read.byteOffset, read.byteOffset + bytesRead) };
  },
});
const header = await archive.getHeader();
const sizes = {};
for (const [z, x, y] of JSON.parse(process.argv[3]))
  sizes[[z, x, y]] = (await archive.getZxy(z, x, y))?.data.byteLength ?? 0;
console.log(JSON.stringify({ zooms: [header.minZoom, header.maxZoom], sizes }));
"""


def add(name: str, folder: Path, area: Area = HELSINKI, last_zoom: int = 14) -> str:
    return add_area(name, area, folder, last_zoom, lambda question: True, lambda here, total: None)


def read_back(path: Path, tiles: list[tuple[int, int, int]]) -> dict[str, Any]:
    """By npm's pmtiles, as the page does."""
    command = ["node", "--input-type=module", "-e", READ_BACK, "-", str(path), json.dumps(tiles)]
    run = subprocess.run(command, cwd=ROOT / "web", capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


class Served:
    """A server of ranges whose answers a test may spoil: `spoil` gets the bytes of each and gives what is sent."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []
        self.ranges = True
        self.breaks_at = -1  # the number of the answer that ends in its middle
        self.etag = '"1"'

    def spoil(self, read: bytes) -> bytes:
        return read


@contextmanager
def serving(served: Served) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            assert wanted
            first, last = int(wanted[1]), int(wanted[2])
            served.asked.append((first, last))
            read = served.spoil(served.data[first : last + 1]) if served.ranges else served.data
            self.send_response(206 if served.ranges else 200)
            self.send_header("Content-Length", str(len(read)))
            self.send_header("ETag", served.etag)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(served.data)}")
            self.end_headers()
            if len(served.asked) - 1 == served.breaks_at or (served.breaks_at == ALWAYS and len(served.asked) > 3):
                self.wfile.write(read[: len(read) // 2])
                self.close_connection = True
                return
            self.wfile.write(read)

        def log_message(self, format: str, *args: object) -> None:
            return

    with answering(Handler) as url:
        yield f"{url}/world.pmtiles"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streets_source, "PAUSE_S", 0.01)


def test_three_areas_are_one_source_that_npms_pmtiles_reads(tmp_path: Path) -> None:
    for area in (HELSINKI, EAST, NORTH):
        add(str(SHIPPED), tmp_path, area)
    assert sorted(each.west for each in list_areas(tmp_path)) == [24.936, 24.936, 24.947]
    tiles = sorted(
        {(z, x, y) for area in (HELSINKI, EAST, NORTH) for z in range(7, 15) for x, y in list_tiles(area, z)}
    )
    mine, source = read_back(tmp_path / "streets.pmtiles", tiles), read_back(SHIPPED, tiles)
    assert mine == source and mine["zooms"] == [7, 14]
    assert sum(size > 0 for size in mine["sizes"].values()) >= 10
    outside = (14, 0, 0)
    assert read_back(tmp_path / "streets.pmtiles", [outside])["sizes"] == {"14,0,0": 0}


def test_an_archive_with_directories_below_the_root_is_cut_by_ranges_that_are_few(tmp_path: Path) -> None:
    world = tmp_path / "world.pmtiles"
    with world.open("wb") as file:
        writer = Writer(file)
        wanted = [(12, x, y) for x in range(2200, 2350) for y in range(1150, 1250)]
        for id, (z, x, y) in sorted((zxy_to_tileid(*tile), tile) for tile in wanted):
            writer.write_tile(id, gzip.compress(f"{z}/{x}/{y}".encode() * 9, mtime=0))
        writer.finalize({"tile_type": TileType.MVT, "tile_compression": Compression.GZIP}, {})
    served = Served(world.read_bytes())
    area = Area(14.0, 61.0, 15.0, 61.5)
    with serving(served) as url:
        add(url, tmp_path / "map", area, 12)
    tiles = [(12, x, y) for x, y in list_tiles(area, 12)]
    assert read_back(tmp_path / "map/streets.pmtiles", tiles)["sizes"] == read_back(world, tiles)["sizes"]
    assert sum(last - first + 1 for first, last in served.asked) < len(served.data) / 2
    assert len(served.asked) < 30


def test_what_breaks_off_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.streets.cut.CHUNK", 20_000)
    served = Served(SHIPPED.read_bytes())
    served.breaks_at = ALWAYS
    with serving(served) as url:
        with pytest.raises(MapUnusable, match="broke off"):
            add(url, tmp_path)
        (part,) = tmp_path.glob("areas/*.part")
        kept = part.stat().st_size
        assert kept > 0 and list_areas(tmp_path) == []
        served.breaks_at = len(served.asked) + 4  # once more in the middle: that is tried again at once
        before = len(served.asked)
        add(url, tmp_path)
        again = sum(last - first + 1 for first, last in served.asked[before:])
    assert again < len(served.data)
    assert not list(tmp_path.glob("areas/*.part"))
    tiles = [(14, x, y) for x, y in list_tiles(HELSINKI, 14)]
    assert read_back(tmp_path / "streets.pmtiles", tiles)["sizes"] == read_back(SHIPPED, tiles)["sizes"]


def lying(kind: str) -> Served:
    served = Served(SHIPPED.read_bytes())
    if kind == "no ranges":
        served.ranges = False
    elif kind == "other bytes":
        served.spoil = lambda read: read if len(served.asked) < 3 else bytes(len(read))  # type: ignore[method-assign]
    elif kind == "too few":
        served.spoil = lambda read: read[:-1]  # type: ignore[method-assign]
    elif kind == "too many":
        served.spoil = lambda read: read + b"x" * 100  # type: ignore[method-assign]
    elif kind == "no archive":
        served.data = b"<!doctype html>" * 1000
    elif kind == "broken directory":
        served.data = served.data[:127] + bytes(len(served.data) - 127)
    return served


@pytest.mark.parametrize("kind", ["no ranges", "other bytes", "too few", "too many", "no archive", "broken directory"])
def test_who_lies_is_not_believed_and_nothing_of_it_is_shown(kind: str, tmp_path: Path) -> None:
    with serving(lying(kind)) as url, pytest.raises(MapUnusable):
        add(url, tmp_path)
    assert list_areas(tmp_path) == [] and not (tmp_path / "streets.pmtiles").exists()


def test_a_source_that_changes_meanwhile_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.streets.cut.CHUNK", 20_000)
    served = Served(SHIPPED.read_bytes())
    served.breaks_at = ALWAYS
    with serving(served) as url:
        with pytest.raises(MapUnusable):
            add(url, tmp_path)
        served.breaks_at, served.etag = -1, '"2"'
        add(url, tmp_path)
    assert len(list_areas(tmp_path)) == 1


def test_one_is_asked_with_the_size_before_anything_is_fetched(tmp_path: Path) -> None:
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    done = add_area(str(SHIPPED), HELSINKI, tmp_path, 14, refuse, lambda here, total: None)
    assert "MB" in asked[0] and "nothing was fetched" in done
    assert not list(tmp_path.glob("areas/*"))


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "2,1,1,2", "1,2,3,2", "-181,0,0,1", "0,0,1,86", "nan,0,1,1"])
def test_what_is_no_area_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_area(text)


def test_where_the_source_has_nothing_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(MapUnusable, match="no streets there"):
        add(str(SHIPPED), tmp_path, Area(-8.7, 52.6, -8.5, 52.7))
    with pytest.raises(MapUnusable, match="too many"):
        add(str(SHIPPED), tmp_path, Area(-180, -80, 180, 80))
    with pytest.raises(MapUnusable, match="no file"):
        add(str(tmp_path / "nothing"), tmp_path)


async def test_what_was_added_is_served_by_ranges_and_named_to_the_page(
    gate: Any, ready: Readiness, tmp_path: Path
) -> None:
    parts = Parts(gate=gate, table=Table(), metrics=Metrics(), ready=ready)
    client = build_app(parts, BuiltPage(streets=tmp_path)).test_client()
    assert (await client.get("/map/streets.pmtiles")).status_code == 404
    assert (await (await client.get("/api/config")).get_json())["streets"] == []
    add(str(SHIPPED), tmp_path)
    assert (await (await client.get("/api/config")).get_json())["streets"] == [list(msgspec.structs.astuple(HELSINKI))]
    answer = await client.get("/map/streets.pmtiles", headers={"Range": "bytes=0-6"})
    assert (answer.status_code, await answer.get_data()) == (206, b"PMTiles")


def test_the_command_asks_and_says_what_is_wrong(tmp_path: Path) -> None:
    given = ["map", "add", "24.936,60.166,24.946,60.173", "--data", str(tmp_path)]
    run = CliRunner().invoke(main, [*given, "--from", str(SHIPPED)], input="n\n")
    assert run.exit_code == 0 and "nothing was fetched" in run.output
    run = CliRunner().invoke(main, [*given, "--from", str(SHIPPED), "--yes"])
    assert run.exit_code == 0 and "1 areas" in run.output, run.output
    west = CliRunner().invoke(main, ["map", "add", "-8.7,52.6,-8.5,52.7", "--from", str(SHIPPED), "--yes"])
    assert west.exit_code == 1 and "no streets there" in west.output
    assert "TRACKER_MAP_SOURCE" in CliRunner().invoke(main, given).output
