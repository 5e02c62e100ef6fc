"""Pair: two devices of which it is told when they are near each other, and when they are apart again."""

import msgspec

from tracker.model.fix import Fix
from tracker.model.geofence import Preset


class Pair(msgspec.Struct, frozen=True):
    """`devices` by their ids, in the order they were given; `keys` in the same."""

    key: int
    id: str
    devices: tuple[str, str]
    keys: tuple[int, int]
    distance: float  # m
    preset: Preset = "balanced"


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """Where the two were, in the order of the pair, and how far from each other."""

    fixes: tuple[Fix, Fix]
    metres: float

    @property
    def at(self) -> int:
        """In ms; the older of the fixes is taken to hold until then."""
        return max(self.fixes[0].at, self.fixes[1].at)


class Nearness(msgspec.Struct, frozen=True, gc=False):
    """Whether the two are near each other, as it was told last, of `told_at` (ms). Since then `count` sightings said
    otherwise and are not believed yet; the first of them and the last are kept."""

    is_near: bool = False
    told_at: int = -1
    sightings: tuple[Sighting, ...] = ()
    count: int = 0


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """A pair as it is in force, and what is folded of it until `stamp` (µs, the writer's). `newest`: of each of the two
    the fix that moved its marker last. `seen`: until when it is folded of each of the two, where these have owners of
    their own, whose stamps are of two counters; then `stamp` is of the first of the two."""

    pair: Pair
    nearness: Nearness = Nearness()
    newest: tuple[Fix | None, Fix | None] = (None, None)
    stamp: int = 0
    seen: tuple[int, int] | None = None

    def find_stamp(self, device: int) -> int:
        """Until when it is folded of this one of the two."""
        return self.stamp if self.seen is None else self.seen[self.pair.keys.index(device)]
