"""Geofence lookups against shapely's STRtree, in one run: `python -m bench.fences [--json FILE] [COUNT ...]`.

Star-shaped fences over a city of 40 by 45 km, half of the fences and the places crowded in its centre.
"""

import argparse
import gc
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.geofence.index import FenceIndex
from tracker.model.geofence import Geofence

Floats = NDArray[np.float64]
CENTRE = (13.40, 52.52)
SPREAD = (0.30, 0.20)  # degrees, half the city's sides
BATCHES = (1, 10, 100, 1000, 10_000)
PAIRS = 1_000_000  # compared with the oracle


def places(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """On the grid of 1e-7 degrees that fixes lie on."""
    crowded = rng.random(count) < 0.5
    x = np.where(crowded, rng.normal(0, 0.2, count), rng.uniform(-1, 1, count))
    y = np.where(crowded, rng.normal(0, 0.2, count), rng.uniform(-1, 1, count))
    return np.round(CENTRE[0] + x * SPREAD[0], 7), np.round(CENTRE[1] + y * SPREAD[1], 7)


def star(rng: np.random.Generator, lon: float, lat: float) -> Any:
    corners = int(np.exp(rng.uniform(np.log(8), np.log(200))))
    radius = min(np.exp(rng.normal(np.log(350), 0.7)), 5000.0) / 111_195
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radius * rng.uniform(0.6, 1.4, corners)
    x, y = lon + reach * np.cos(angle) / np.cos(np.radians(lat)), lat + reach * np.sin(angle)
    return shapely.Polygon(np.round(np.column_stack((x, y)), 7))


def fences(count: int, seed: int) -> list[Geofence]:
    rng = np.random.default_rng(seed)
    lons, lats = places(rng, count)
    return [fence(key, star(rng, lons[key], lats[key])) for key in range(count)]


def fence(key: int, shape: Any) -> Geofence:
    feature = shapely.to_geojson(shape).encode()
    return Geofence(key, f"fence-{key}", f"Fence {key}", 1, "strict", None, "polygon", shape, None, feature)


def cost(call: Callable[[Floats, Floats], Any], batch: int, total: int) -> float:
    """Microseconds of CPU per place: the median of seven rounds, each of new places."""
    rounds = []
    for seed in range(7):
        lon, lat = places(np.random.default_rng(1000 + seed), total)
        begin = time.process_time()
        for at in range(0, total, batch):
            call(lon[at : at + batch], lat[at : at + batch])
        rounds.append((time.process_time() - begin) / total * 1e6)
    return statistics.median(rounds)


def disagreements(index: FenceIndex, tree: Any, wanted: int) -> tuple[int, int]:
    """(pairs compared, pairs only one of them found)."""
    pairs = wrong = 0
    seed = 0
    while pairs < wanted and seed < 400:
        lon, lat = places(np.random.default_rng(5000 + seed), 20_000)
        place, key = index.covering(lon, lat)
        found = tree.query(shapely.points(lon, lat), predicate="intersects")
        ours = np.sort(place.astype(np.int64) << 32 | key)
        theirs = np.sort(found[0].astype(np.int64) << 32 | found[1])
        wrong += len(np.setxor1d(ours, theirs))
        pairs += len(theirs)
        seed += 1
    return pairs, wrong


def edits(index: FenceIndex, rounds: int) -> tuple[float, float, float]:
    """Milliseconds until an edited fence is in an index that answers: (median, worst) by the clock, mean of CPU."""
    rng = np.random.default_rng(3)
    took = []
    lon, lat = places(rng, 1)
    spent = 0.0
    for _ in range(rounds):
        key = int(rng.integers(len(index)))
        edited = fence(key, star(rng, *(float(at[0]) for at in places(rng, 1))))
        begin, cpu = time.perf_counter(), time.process_time()
        index = index.changed([key], [edited])
        index.covering(lon, lat)
        took.append((time.perf_counter() - begin) * 1000)
        spent += (time.process_time() - cpu) * 1000
    return statistics.median(took), max(took), spent / rounds


def memory_mib() -> float:
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 2**20


def measured(count: int) -> dict[str, Any]:
    gc.collect()
    before = memory_mib()
    all_fences = fences(count, 1)
    held = memory_mib()
    begin = time.process_time()
    index = FenceIndex.build(all_fences)
    built = time.process_time() - begin
    gc.collect()
    row: dict[str, Any] = {
        "fences": count, "build_s": built, "fences_mib": held - before, "index_mib": memory_mib() - held,
    }  # fmt: skip
    tree = shapely.STRtree([fence.shape for fence in all_fences])
    tree.query(shapely.points(*CENTRE))
    row["edit_ms"], row["edit_worst_ms"], row["edit_cpu_ms"] = edits(index, 25 if count <= 10_000 else 5)
    total = 20_000 if count <= 1000 else 10_000 if count <= 10_000 else 1_000

    def oracle(lon: Floats, lat: Floats) -> Any:
        return tree.query(shapely.points(lon, lat), predicate="intersects")

    for batch in BATCHES:
        asked = min(total, 300 * batch)
        ours, theirs = cost(index.covering, batch, asked), cost(oracle, batch, asked)
        row[f"batch_{batch}"] = {"us": ours, "strtree_us": theirs, "ratio": ours / theirs}
    row["pairs"], row["disagreements"] = disagreements(index, tree, PAIRS if count <= 10_000 else 200_000)
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """One line a batch size; build, edits and memory behind each count's last."""
    lines = ["fences   batch  index us  STRtree us  ratio | build s  edit ms (worst, CPU)  MiB of both  pairs  wrong"]
    for row in rows:
        for batch in BATCHES:
            at = row[f"batch_{batch}"]
            figures = f"{at['us']:>9.3f} {at['strtree_us']:>11.3f} {at['ratio']:>6.3f}"
            lines.append(f"{row['fences']:>6} {batch:>7} {figures} |")
        lines[-1] += (f" {row['build_s']:>7.1f} {row['edit_ms']:>8.1f}"
                      f" ({row['edit_worst_ms']:.1f}, {row['edit_cpu_ms']:.1f})"
                      f" {row['fences_mib']:>10.0f}, {row['index_mib']:.0f}"
                      f" {row['pairs']:>14,} {row['disagreements']:>5}")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("counts", nargs="*", type=int, default=[100, 1000, 10_000])
    arguments.add_argument("--json", help="write the figures to this file, too")
    chosen = arguments.parse_args()
    rows = [measured(count) for count in chosen.counts]
    print(table(rows))
    if chosen.json:
        with open(chosen.json, "w") as out:
            json.dump(rows, out, indent=1)
    sys.exit(any(row["disagreements"] for row in rows))


if __name__ == "__main__":
    main()
