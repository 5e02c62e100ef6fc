"""Geofence: a named area. What it covers is decided once, when it is read; see geofence/reading/feature.py."""

from typing import Any, Final, Literal

import msgspec

Preset = Literal["strict", "balanced", "calm"]
FenceKind = Literal["polygon", "circle", "corridor"]
AlreadyInside = Literal["entered", "noted"]


class Reach(msgspec.Struct, frozen=True, gc=False):
    """What a circle or a corridor covers: every place within `metres` of `line`, by the WGS 84 geodesic.

    The line is straight in longitude and latitude from vertex to vertex, continuous (so it may run past 180), and a
    single point for a circle.
    """

    line: tuple[tuple[float, float], ...]
    metres: float


class Window(msgspec.Struct, frozen=True, gc=False):
    """`start` and `end` in minutes since midnight; `end` may be less, and then the night is meant. `days`: those on
    which it starts, Monday is 0."""

    days: tuple[int, ...]
    start: int
    end: int


class Hours(msgspec.Struct, frozen=True, gc=False):
    """When a geofence is active: in any of these windows, by the clocks of `zone`."""

    zone: str
    windows: tuple[Window, ...]


class Scope(msgspec.Struct, frozen=True, gc=False):
    """To whom a geofence applies, and when. None: to all of them, always."""

    enabled: bool = True
    hours: Hours | None = None
    expires: int | None = None  # ms; from then on it applies to nobody
    devices: frozenset[str] | None = None  # ids
    categories: frozenset[str] | None = None


class Expectation(msgspec.Struct, frozen=True, gc=False):
    """These devices, by their ids, are to be inside at some moment of the window, by the clocks of `zone`."""

    devices: frozenset[str]
    window: Window
    zone: str


EVERYWHERE: Final = Scope()


class Geofence(msgspec.Struct, frozen=True, eq=False):
    """`key` is the number used inside, `id` the slug people see; both and `revision` are 0 or given until it is stored.

    `shape` is a valid shapely Polygon or MultiPolygon within -180 to 180. For polygons it is the exact area, its edges
    straight in longitude and latitude; for the others it is an outline to look at and `reach` is exact. `breadth`: see
    geofence.shape.size.measure_breadth.
    """

    key: int
    id: str
    name: str
    revision: int
    preset: Preset
    dwell: float | None  # s
    kind: FenceKind
    shape: Any  # shapely.Polygon | shapely.MultiPolygon
    reach: Reach | None
    feature: bytes  # the GeoJSON Feature as it is stored
    breadth: float  # m
    scope: Scope = EVERYWHERE
    speed_limit: float | None = None  # m/s
    expects: tuple[Expectation, ...] = ()
    since: int = 0  # the revision since which it decides as it does
    already_inside: AlreadyInside = "entered"  # what those are that are inside when it comes into force
