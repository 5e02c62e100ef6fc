"""A GeoJSON Feature becomes a Geofence, or is refused with the field and the place that is wrong."""

import math
import secrets
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import shapely

from tracker.errors import Invalid, TooLarge
from tracker.geofence.reading.geojson import (
    MAX_PROPERTIES,
    MAX_SIMPLIFIED,
    MAX_VERTICES,
    Feature,
    Geometry,
    LineString,
    MultiPolygon,
    Point,
    Polygon,
    Ring,
    check_vertices,
    decode,
    make_refusal,
)
from tracker.geofence.reading.outline import draw_outline
from tracker.geofence.reading.scope import Expected, ScopeProperties, expectations_of, scope_of
from tracker.geofence.shape import rings
from tracker.geofence.shape.crossings import MAX_CROSSINGS, crossings
from tracker.geofence.shape.size import count_edges, measure_breadth
from tracker.model import absent
from tracker.model.device import is_slug
from tracker.model.geofence import AlreadyInside, FenceKind, Geofence, Preset, Reach

MAX_RADIUS: Final = 5_000_000.0  # m; a circle of 10,000 km is half the globe
MAX_WIDTH: Final = 1_000_000.0  # m
MAX_DEGREES: Final = 720.0  # of a corridor's length: twice round the globe
MAX_CORNERS: Final = 100_000  # of a corridor's outline
MAX_EDGES: Final = 30_000  # of a polygon's border, none longer than a quarter of a degree
MOST_EXPECTED: Final = 10  # expectations of one geofence
MAX_SPEED: Final = 400.0  # m/s: a faster fix is taken for an impossible jump
REVISION: Final = 64  # bytes, for the revision that is put to the properties
MIN_METRES: Final = 0.1  # a fix is whole 1e-7 degrees, 1.1 cm

SIZED: Final = {"radius": Point, "width": LineString}

Covered = tuple[FenceKind, Any, Reach | None, dict[str, Any] | None]  # kind, shape, reach, what a repair did


OWN_ADDRESS: Final = frozenset({"dry-run", "export", "import"})  # below /api/geofences, where ids are, too


class GeofenceProperties(ScopeProperties, frozen=True):
    """Those that mean something here; others are kept. `dwell` in seconds, `radius` and `width` in metres,
    `speed_limit` in metres per second; `expect`: who is to be inside by when; `already_inside`: whether those that are
    inside when it comes into force count as entered, or are noted and nobody is told. `repair` mends a geometry that is
    not valid."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    preset: Preset = "balanced"
    dwell: Annotated[float, msgspec.Meta(gt=0, le=30 * 86_400)] | None = None
    radius: float | None = None
    width: float | None = None
    repair: bool = False
    speed_limit: Annotated[float, msgspec.Meta(gt=0, le=MAX_SPEED)] | None = None  # m/s
    expect: Annotated[list[Expected], msgspec.Meta(max_length=MOST_EXPECTED)] | None = None
    already_inside: AlreadyInside = "entered"


def parse(feature: bytes, *, id: str | None = None, key: int = 0, revision: int = 0) -> Geofence:
    """`id` wins over the feature's own; without either one is drawn. Raises Malformed, Invalid, TooLarge."""
    return read(decode(feature), id, key, revision)


def read(feature: Feature, id: str | None = None, key: int = 0, revision: int = 0) -> Geofence:
    """As `parse` does."""
    properties = feature.properties
    known = read_properties(properties, feature.geometry)
    slug = choose_name(feature, id)
    scope = scope_of(known)
    try:
        kind, shape, reach, note = find_covered(feature.geometry, known)
    except shapely.errors.GEOSException as error:
        if "bad_alloc" in str(error):
            raise TooLarge("geometry: takes more memory to read than is granted", field="geometry") from None
        raise Invalid(f"geometry: {error}", field="geometry") from None
    geometry: Any = feature.geometry
    if note is not None:
        geometry = shapely.geometry.mapping(shape)
    kept = {name: value for name, value in properties.items() if name not in ("repair", "revision")}
    kept |= {"name": known.name or slug, "preset": known.preset} | ({} if note is None else {"repaired": note})
    if len(msgspec.json.encode(kept)) > MAX_PROPERTIES - REVISION:  # KML has no limit of its own
        raise TooLarge(f"properties: {MAX_PROPERTIES // 1024} kB are allowed", field="properties")
    stored = msgspec.json.encode({"type": "Feature", "id": slug, "geometry": geometry, "properties": kept})
    if b"\\u0000" in stored:
        raise Invalid("properties: text may not hold the character 0", field="properties")  # nor can jsonb
    return Geofence(
        key,
        slug,
        known.name or slug,
        revision,
        known.preset,
        known.dwell,
        kind,
        shape,
        reach,
        stored,
        measure_breadth(shape, reach),
        scope,
        known.speed_limit,
        expectations_of(known.expect),
        already_inside=known.already_inside,
    )


def read_properties(properties: dict[str, Any], geometry: Geometry) -> GeofenceProperties:
    """null is absent. A radius and a width of what has none are somebody else's, as a street's on its area."""
    foreign = {name for name, kind in SIZED.items() if not isinstance(geometry, kind)}
    given = {name: value for name, value in properties.items() if value is not None and name not in foreign}
    try:
        return absent.convert(given, GeofenceProperties)
    except msgspec.ValidationError as error:
        raise make_refusal(error, "properties") from None


def choose_name(feature: Feature, id: str | None) -> str:
    slug = id or (str(feature.id) if feature.id is not None else f"fence-{secrets.token_hex(8)}")
    if not is_slug(slug):
        raise Invalid("id: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit", field="id")
    if id is None and slug in OWN_ADDRESS:
        raise Invalid(f"id: /api/geofences/{slug} is taken", field="id")
    return slug


def find_covered(geometry: Geometry, known: GeofenceProperties) -> Covered:
    match geometry:
        case Point(position):
            metres = check_metres(known.radius, "radius", MAX_RADIUS)
            reach = Reach(read_places([position], "geometry.coordinates"), metres)
            return "circle", draw_outline(reach), reach, None
        case LineString(positions):
            check_vertices(len(positions), lambda: shapely.LineString(rings.coordinates(positions, "")))
            half = check_metres(known.width, "width", MAX_WIDTH) / 2
            line = read_places(positions, "geometry.coordinates")
            if len(set(line)) < 2:
                raise Invalid("geometry: a corridor needs at least 2 different points", field="geometry")
            check_line_length(line)
            reach = Reach(line, half)
            return "corridor", check_drawing(draw_outline(reach)), reach, None
        case Polygon(coordinates):
            return read_area([coordinates], ["geometry.coordinates"], known.repair)
        case MultiPolygon(coordinates):
            wheres = [f"geometry.coordinates[{index}]" for index in range(len(coordinates))]
            return read_area(coordinates, wheres, known.repair)


def check_metres(metres: float | None, name: str, most: float) -> float:
    """The radius or the width. Finite and real: a feature need not come from JSON."""
    if metres is None:
        raise Invalid(f"properties.{name}: is needed, in metres", field=f"properties.{name}")
    if not math.isfinite(metres) or not MIN_METRES <= metres <= most:
        raise Invalid(
            f"properties.{name}: {metres:g} is not from {MIN_METRES:g} to {most:,.0f} metres",
            field=f"properties.{name}",
        )
    return metres


def check_line_length(line: tuple[tuple[float, float], ...]) -> None:
    """A line written over and over the globe would be a million edges."""
    degrees = float(np.abs(np.diff(np.array(line), axis=0)).max(axis=1).sum())
    if degrees > MAX_DEGREES:
        raise Invalid(
            f"geometry: a corridor of {degrees:,.0f} degrees is too long; {MAX_DEGREES:,.0f} are allowed",
            field="geometry",
        )


def read_places(positions: Ring, where: str) -> tuple[tuple[float, float], ...]:
    points = rings.coordinates(positions, where)
    if not len(points):
        raise Invalid(f"{where} is empty", field="geometry")
    points[:, 0] = rings.turn_longitudes(points[:, 0], -np.floor((points[0, 0] + 180.0) / 360.0))
    return tuple((lon, lat) for lon, lat in points.tolist())


def read_area(coordinates: list[list[Ring]], wheres: list[str], repair: bool) -> Covered:
    """What is right is left as it is, so that what is stored is read again as it was."""
    if not coordinates:
        raise Invalid("geometry.coordinates is empty", field="geometry")
    if is_small(coordinates) and (shape := rings.read_plainly(coordinates)) is not None:
        return "polygon", check_breadth(shape), None, None
    try:
        return "polygon", check_breadth(rings.multipolygon(draw_polygons(coordinates, wheres))), None, None
    except Invalid as error:
        if not repair:
            raise
        parts = draw_polygons([kept for part in coordinates if (kept := rings.drop_scraps(part))], wheres)
        check_tangle(parts)
        mended = check_breadth(rings.multipolygon(rings.repair_polygons(parts)))
        note = {"reason": str(error), "area_before": sum(map(rings.area, parts)), "area_after": rings.area(mended)}
        return "polygon", mended, None, note


def is_small(coordinates: list[list[Ring]]) -> bool:
    """Whether there are no more vertices than may be: of more it is said how many simplifying would leave."""
    return sum(len(ring) for part in coordinates for ring in part) <= MAX_VERTICES


def check_tangle(parts: list[Any]) -> None:
    """Before GEOS is asked to mend it, which takes all memory there is for ten million crossings."""
    if crossings(parts, MAX_CROSSINGS) > MAX_CROSSINGS:
        raise Invalid(
            f"geometry: its edges cross more than {MAX_CROSSINGS:,} times, which is too much to mend", field="geometry"
        )


def check_drawing(shape: Any) -> Any:
    """TooLarge for a corridor that turns so often that its outline is no longer one to look at."""
    corners = int(shapely.get_num_coordinates(shape))
    if corners > MAX_CORNERS:
        raise TooLarge(
            f"geometry: the outline of this corridor has {corners:,} corners; {MAX_CORNERS:,} are allowed",
            field="geometry",
        )
    return shape


def check_breadth(shape: Any) -> Any:
    """TooLarge for a border that goes round the globe so often that each fix would be held against very many edges."""
    edges = count_edges(shape)
    if edges > MAX_EDGES:
        raise TooLarge(
            f"geometry: a border of {edges:,} edges, none longer than a quarter of a degree; {MAX_EDGES:,} are allowed",
            field="geometry",
        )
    return shape


def draw_polygons(coordinates: list[list[Ring]], wheres: list[str]) -> list[Any]:
    """Polygons, perhaps invalid. TooLarge for more vertices than may be."""
    vertices = sum(len(ring) for part in coordinates for ring in part)
    read = [] if vertices > MAX_SIMPLIFIED else zip(coordinates, wheres, strict=False)
    parts = [rings.polygon(part, where) for part, where in read]
    check_vertices(vertices, lambda: shapely.MultiPolygon(parts))
    return parts
