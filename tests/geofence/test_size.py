"""Size: what a geofence costs is paid where it is made; one that the fold could not bear is refused and told why."""

import math
import random
import time
from collections.abc import Callable

import msgspec
import pytest
import shapely

from tests.geofence.shapes import box
from tests.geofence.test_depth import SHAPES
from tracker.errors import Invalid, TooLarge
from tracker.geofence.border.borders import find_border
from tracker.geofence.border.depth import find_breadth, measure_depth
from tracker.geofence.border.near import find_plane, is_further
from tracker.geofence.border.passing import find_chord
from tracker.geofence.border.touch import touches
from tracker.geofence.fences import make_fences
from tracker.geofence.reading.feature import MAX_CORNERS, MAX_EDGES, parse
from tracker.geofence.shape import rings
from tracker.geofence.shape.arrays import Floats
from tracker.geofence.shape.crossings import crossings
from tracker.geofence.shape.distance import border
from tracker.geofence.shape.rings import area, split_polygons
from tracker.geofence.shape.size import count_edges, measure_breadth
from tracker.model.geofence import Geofence

QUICK_S = 0.030  # what the event loop may be held for by one geofence, on a machine that is busy


def feature(geometry: object, **properties: object) -> bytes:
    return msgspec.json.encode({"type": "Feature", "id": "x", "geometry": geometry, "properties": properties})


def holes(count: int = 2_400, size: float = 0.5) -> bytes:
    """A square with triangular holes in rows."""
    across = math.ceil(count**0.5)
    step = size / across
    rings = [box(7.0, 43.0, 7.0 + size, 43.0 + size)]
    for number in range(count):
        west, south = 7.0 + (number % across + 0.2) * step, 43.0 + (number // across + 0.2) * step
        rings.append([(west, south), (west + step / 3, south), (west, south + step / 3), (west, south)])
    return feature({"type": "Polygon", "coordinates": rings})


def star(radius: float, corners: int = 9_998) -> bytes:
    ring = []
    for number in range(corners):
        angle, reach = 2 * math.pi * number / corners, radius * (1.0 if number % 2 else 0.3)
        ring.append((7.4 + reach * math.cos(angle), 43.7 + reach * math.sin(angle)))
    return feature({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


def zigzag(corners: int) -> bytes:
    line = [(7.0 + 0.0001 * number, 43.02 if number % 2 else 43.0) for number in range(corners)]
    return feature({"type": "LineString", "coordinates": line}, width=10)


def as_it_was(shape: shapely.Geometry) -> float:
    """Ring by ring, as the definition says."""
    found = []
    for part in split_polygons(shape):
        rings = [shapely.Polygon(ring) for ring in (part.exterior, *part.interiors)]
        shell, *inner = (area(ring) for ring in rings)
        length = sum(2 * area(ring) / measure_breadth(ring, None) for ring in rings)
        found.append(2 * (shell - sum(inner)) / length)
    return max(found)


def test_the_breadth_of_all_rings_at_once_is_that_of_each() -> None:
    for fence in (*SHAPES.values(), parse(holes(30))):
        if fence.reach is None:
            assert find_breadth(fence) == pytest.approx(as_it_was(fence.shape), rel=1e-9), fence.id
            assert count_edges(fence.shape) >= len(border(fence.shape)) > 0


@pytest.mark.parametrize("make", [lambda: holes(), lambda: holes(size=0.05), lambda: star(0.05), lambda: zigzag(2_000)])
def test_the_first_fix_in_it_is_as_quick_as_the_next(make: Callable[[], bytes]) -> None:
    """With the best of a few: others have the processor, too."""
    assert min(dearest(parse(make(), key=1)) for _ in range(5)) < QUICK_S


def dearest(fence: Geofence) -> float:
    make_fences({1: fence})
    west, south, east, north = fence.shape.bounds
    lon, lat = (west + east) / 2, (south + north) / 2

    def ends(*lon_lat: float) -> list[Floats]:
        return [shapely.get_coordinates(shapely.Point(0, each))[:, 1] for each in lon_lat]

    asked = (
        lambda: find_breadth(fence),
        lambda: measure_depth(fence, lon, lat),
        lambda: is_further(fence, lon, lat, 10.0),
        lambda: touches([fence], *ends(west, lat, lon, lat)),
    )
    spans = []
    for each in asked:
        began = time.thread_time()  # what other programs take of the machine is not its
        each()
        spans.append(time.thread_time() - began)
    return max(spans)


def test_a_border_that_goes_round_the_globe_too_often_is_refused() -> None:
    with pytest.raises(TooLarge, match=f"{MAX_EDGES:,} are allowed") as refused:
        parse(star(20.0))
    assert refused.value.field == "geometry"


def test_a_corridor_that_turns_too_often_is_refused() -> None:
    with pytest.raises(TooLarge, match=f"{MAX_CORNERS:,} are allowed") as refused:
        parse(zigzag(9_999))
    assert refused.value.field == "geometry"


def test_what_is_right_as_it_is_written_is_read_as_all_is() -> None:
    known = [fence.shape for fence in SHAPES.values() if fence.reach is None] + [parse(holes(50)).shape]
    plain = 0
    for shape in known:
        mapped = shapely.geometry.mapping(shape)
        parts = [mapped["coordinates"]] if mapped["type"] == "Polygon" else mapped["coordinates"]
        written = [[[list(place) for place in ring] for ring in part] for part in parts]
        quick = rings.read_plainly(written)
        if quick is not None:
            plain += 1
            slow = rings.multipolygon([rings.polygon(part, "") for part in written])
            assert shapely.to_wkb(quick) == shapely.to_wkb(slow)
    assert plain >= 5
    closed = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    for ring in (closed[:3], closed[:2] * 2, [[180.0, y] for _, y in closed], [[*place, 5.0] for place in closed], []):
        assert rings.read_plainly([[ring]]) is None
    assert (
        rings.read_plainly([]) is None
        and rings.read_plainly([[]]) is None
        and rings.read_plainly([[closed], [closed]]) is None
    )


def random_ring(corners: int) -> list[list[float]]:
    draw = random.Random(1)
    ring = [[round(7 + draw.random(), 4), round(43 + draw.random(), 4)] for _ in range(corners)]
    return [*ring, ring[0]]


def test_what_crosses_itself_too_often_is_not_mended() -> None:
    with pytest.raises(Invalid, match="cross more than 10,000 times") as refused:
        parse(feature({"type": "Polygon", "coordinates": [random_ring(9_999)]}, repair=True))
    assert refused.value.field == "geometry"
    assert b"repaired" in parse(feature({"type": "Polygon", "coordinates": [random_ring(60)]}, repair=True)).feature
    closed = [list(place) for place in (*box(0, 0, 1, 1), (0, 0))]
    for ring in (random_ring(60), closed, closed[:-1] * 10 + closed[:1]):
        edges = [shapely.LineString(ring[at : at + 2]) for at in range(len(ring) - 1)]
        apart = [(a, b) for a in range(len(edges)) for b in range(a) if edges[a].intersects(edges[b])]
        assert crossings([shapely.Polygon(ring)], 100_000) == len(apart) - len(edges)


def test_a_way_through_a_thousand_holes_is_looked_at_where_it_may_be_deepest() -> None:
    fence = parse(holes(size=0.05), key=1)
    found = find_chord(fence, (6.99, 43.0001), (7.06, 43.0001))  # below all the holes, along the edge
    across = find_chord(fence, (6.99, 42.99), (7.06, 43.06))  # from corner to corner
    assert found is not None and 0.0 < found.depth < 12.0
    assert across is not None and 0.0 < across.depth < 500.0


def test_borders_are_kept_while_there_is_room() -> None:
    one, other = parse(star(0.05), key=1), parse(box_of(0.01), key=2)
    assert find_border(one) is find_border(one) and find_plane(other) is find_plane(other)


def box_of(size: float) -> bytes:
    return feature({"type": "Polygon", "coordinates": [box(7.0, 43.0, 7.0 + size, 43.0 + size)]})
