"""What stands in a file of strangers, one after the other, before it is anything of ours."""

from typing import Any

import msgspec

from tracker.errors import TrackerError
from tracker.geofence.reading.geojson import Feature


class Found(msgspec.Struct, frozen=True):
    """A feature of a file, or what is wrong with it; `id` is its own as it stands there. One with several geometries is
    found several times, as `part` 0, 1 and so on."""

    index: int
    id: Any
    feature: Feature | TrackerError
    part: int = 0
    name: str | None = None  # of one that is wrong
    is_timed: bool = False  # its place has a moment
    is_in_trail: bool = False  # it is one of many points that follow each other
