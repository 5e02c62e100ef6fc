"""Stay: a device's time inside one geofence. Candidate: a border that seems to have been crossed, not yet believed."""

import msgspec

from tracker.model.fix import Fix


class Episode(msgspec.Struct, frozen=True, gc=False):
    """Going too fast, from the fix `first` on. `peak` is the fix with the highest speed, `fastest` that speed."""

    first: Fix
    peak: Fix
    fastest: float  # m/s
    last: int  # ms, of the newest fix that was too fast
    count: int = 1
    told: bool = False


class Stay(msgspec.Struct, frozen=True, gc=False):
    """`dwelt`: the `at` of the dwell event that was told of it; `is_noted`: it began before the geofence was in
    force."""

    geofence: int  # key
    since: int  # ms
    dwelt: int | None = None
    episode: Episode | None = None
    is_noted: bool = False


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """`before`: the last fix on the side the device is settled on; then `count` fixes lay clear on the other side, the
    first of them and the last are kept. `is_noted`: the device was in doubt when the geofence came into force, so that
    nobody is told if it is inside after all."""

    geofence: int  # key
    before: Fix | None
    fixes: tuple[Fix, ...] = ()
    count: int = 0
    is_noted: bool = False

    @property
    def first(self) -> Fix | None:
        return self.fixes[0] if self.fixes else None
