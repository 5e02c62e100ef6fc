"""Geofence lookups against shapely's STRtree, in one run: `python -m bench.fences [--json FILE] [COUNT ...]`.

Star-shaped fences over a city of 40 by 45 km, half of the fences and the places crowded in its centre. Each count has a
process of its own, for its memory to be its own.
"""

import argparse
import gc
import json
import math
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from tracker.geofence.border.depth import measure_depth
from tracker.geofence.border.passing import Passages
from tracker.geofence.index.index import FenceIndex
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
    """As the writer holds it: without the text it was read from."""
    return Geofence(key, f"fence-{key}", f"Fence {key}", 1, "strict", None, "polygon", shape, None, b"", 0.0)


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
        place, key = index.find_covering(lon, lat)
        found = tree.query(shapely.points(lon, lat), predicate="intersects")
        ours = np.sort(place.astype(np.int64) << 32 | key)
        theirs = np.sort(found[0].astype(np.int64) << 32 | found[1])
        wrong += len(np.setxor1d(ours, theirs))
        pairs += len(theirs)
        seed += 1
    return pairs, wrong


class Held(NamedTuple):
    """What a server keeps of its geofences to decide by."""

    lookup: FenceIndex
    passages: Passages

    def change(self, removed: list[int], added: list[Geofence]) -> "Held":
        return Held(self.lookup.change(removed, added), self.passages.change(removed, added))


def edits(held: Held, rounds: int) -> tuple[float, float, float]:
    """Milliseconds until an edited fence decides over a batch: (median, worst) by the clock, mean of CPU."""
    rng = np.random.default_rng(3)
    took = []
    lon, lat = places(rng, 1)
    spent = 0.0
    for _ in range(rounds):
        key = int(rng.integers(len(held.lookup)))
        edited = fence(key, star(rng, *(float(at[0]) for at in places(rng, 1))))
        begin, cpu = time.perf_counter(), time.process_time()
        held = held.change([key], [edited])
        held.lookup.find_covering(lon, lat)
        held.passages.find_candidates(lon, lat, lon, lat)
        took.append((time.perf_counter() - begin) * 1000)
        spent += (time.process_time() - cpu) * 1000
    return statistics.median(took), max(took), spent / rounds


def ways(passages: Passages, batch: int) -> float:
    """Microseconds of CPU for each way of 10 to 300 m: which fences it may lead through."""

    def asked(lon: Floats, lat: Floats) -> None:
        rng = np.random.default_rng(len(lon))
        azimuth, degrees = rng.uniform(0, 2 * math.pi, len(lon)), rng.uniform(10, 300, len(lon)) / 111_195
        lons, lats = (
            lon + degrees * np.sin(azimuth) / math.cos(math.radians(CENTRE[1])),
            lat + degrees * np.cos(azimuth),
        )
        passages.find_candidates(lon, lat, lons, lats)

    return cost(asked, batch, min(20_000, 300 * batch))


def depths(known: list[Geofence]) -> float:
    """Microseconds of CPU to say how deep a place lies that is within 50 m of a corner; twenty places each, as of a
    device that is parked there."""
    rng = np.random.default_rng(9)
    some = [(fence, *shapely.get_coordinates(fence.shape)[0]) for fence in known[:100]]
    moves = rng.normal(0, 50 / 111_195, (20, 2)).tolist()
    for fence, lon, lat in some:
        measure_depth(fence, lon, lat)
    begin = time.process_time()
    for fence, lon, lat in some:
        for x, y in moves:
            measure_depth(fence, lon + x, lat + y)
    return (time.process_time() - begin) / (len(some) * len(moves)) * 1e6


def memory_mb() -> float:
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 1e6


def measured(count: int) -> dict[str, Any]:
    gc.collect()
    empty = memory_mb()
    all_fences = fences(count, 1)
    begin = time.process_time()
    held = Held(FenceIndex.build(all_fences), Passages.build(all_fences))
    built = time.process_time() - begin
    held.passages.find_candidates(*(np.array([at]) for at in (*CENTRE, *CENTRE)))
    gc.collect()
    row: dict[str, Any] = {"fences": count, "build_s": built, "mb": memory_mb(), "empty_mb": empty}
    row["edit_ms"], row["edit_worst_ms"], row["edit_cpu_ms"] = edits(held, 25 if count <= 10_000 else 5)
    tree = shapely.STRtree([fence.shape for fence in all_fences])
    tree.query(shapely.points(*CENTRE))
    total = 20_000 if count <= 1000 else 10_000 if count <= 10_000 else 1_000

    def oracle(lon: Floats, lat: Floats) -> Any:
        return tree.query(shapely.points(lon, lat), predicate="intersects")

    for batch in BATCHES:
        asked = min(total, 300 * batch)
        ours, theirs = cost(held.lookup.find_covering, batch, asked), cost(oracle, batch, asked)
        row[f"batch_{batch}"] = {"us": ours, "strtree_us": theirs, "ratio": ours / theirs}
    row["pairs"], row["disagreements"] = disagreements(held.lookup, tree, PAIRS if count <= 10_000 else 200_000)
    row["way_us"], row["few_ways_us"], row["depth_us"] = (
        ways(held.passages, 2000),
        ways(held.passages, 8),
        depths(all_fences),
    )
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """Lookups, a line for each batch size; then what else a count of fences costs."""
    lines = ["| geofences | batch | us per place | STRtree us | ratio |", "|---|---|---|---|---|"]
    for row in rows:
        for batch in BATCHES:
            at = row[f"batch_{batch}"]
            lines.append(
                f"| {row['fences']:,} | {batch:,} | {at['us']:.2f} | {at['strtree_us']:.2f} | {at['ratio']:.3f} |"
            )
    lines += [
        "",
        "| geofences | pairs compared | wrong | an edit, ms (worst; CPU) | built, s | process, MB (empty) |"
        " us per way, of 2,000 (of 8) | us per depth |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['fences']:,} | {row['pairs']:,} | {row['disagreements']} | {row['edit_ms']:.1f}"
            f" ({row['edit_worst_ms']:.1f}; {row['edit_cpu_ms']:.1f}) | {row['build_s']:.1f} | {row['mb']:.0f}"
            f" ({row['empty_mb']:.0f}) | {row['way_us']:.2f} ({row['few_ways_us']:.2f})"
            f" | {row['depth_us']:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("counts", nargs="*", type=int, default=[1000, 10_000, 100_000])
    arguments.add_argument("--json", help="write the figures to this file, too")
    chosen = arguments.parse_args()
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as alone:
        rows = alone.map(measured, chosen.counts, chunksize=1)
    print(table(rows))
    if chosen.json:
        with open(chosen.json, "w") as out:
            json.dump(rows, out, indent=1)
    sys.exit(any(row["disagreements"] for row in rows))


if __name__ == "__main__":
    main()
