"""Fences: all geofences as of a revision, as the fold asks about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from tracker.geofence.applies import applies
from tracker.geofence.index import FenceIndex
from tracker.geofence.passing import Passages
from tracker.model.device import Device
from tracker.model.fix import E7, Fix
from tracker.model.geofence import EVERYWHERE, Geofence

NOWHERE: Final[frozenset[int]] = frozenset()
LEAST_E7: Final = 1_000  # 11 m of latitude: a shorter way passes through nothing that is clear of noise
GAP_MS: Final = 300_000  # no line is drawn across a longer silence,
GAP_METRES: Final = 10_000.0  # nor a longer one

Way = tuple[Fix | None, Fix]  # the fix before, and the fix


class Asked(NamedTuple):
    """One bulk question about many ways, answered; by their numbers."""

    here: dict[int, frozenset[int]]  # keys of the geofences that hold the fix; absent: none
    before: list[Fix | None]  # what each was asked with
    between: dict[int, tuple[int, ...]]  # those the way may pass through; absent: none


NOTHING_ASKED: Final = Asked({}, [], {})


@dataclass(frozen=True)
class Fences:
    """`ids` by key. `scoped`: keys of those that do not apply to everybody always. `passable`: of those of which it is
    inferred that somebody passed through. `since`: when a geofence became what it is, in the µs of `received_at`."""

    index: FenceIndex = field(default_factory=lambda: FenceIndex.build([]))
    passages: Passages = field(default_factory=lambda: Passages.build([]))
    ids: dict[int, str] = field(default_factory=dict)
    scoped: frozenset[int] = NOWHERE
    passable: frozenset[int] = NOWHERE
    since: dict[int, int] = field(default_factory=dict)
    revision: int = 0

    def __contains__(self, key: object) -> bool:
        return key in self.ids

    def __getitem__(self, key: int) -> Geofence:
        return self.index.fence(key)

    def changed(
        self, removed: Iterable[int], added: Iterable[Geofence], revision: int, since: Mapping[int, int]
    ) -> "Fences":
        """The next one. `added` replace those of the same key, `since` these microseconds; one that is not enabled is
        removed."""
        added = list(added)
        enabled = [fence for fence in added if fence.scope.enabled]
        new = {fence.key: fence.id for fence in enabled}
        gone = (set(removed) | {fence.key for fence in added}) & self.ids.keys()
        kept = {key: id for key, id in self.ids.items() if key not in gone}
        scoped = frozenset(fence.key for fence in enabled if fence.scope != EVERYWHERE)
        passable = [fence for fence in enabled if fence.preset != "strict"]
        return Fences(
            self.index.changed(gone - new.keys(), enabled),
            self.passages.changed(gone, passable),
            kept | new,
            (self.scoped & kept.keys()) | scoped,
            (self.passable & kept.keys()) | {fence.key for fence in passable},
            {key: at for key, at in self.since.items() if key in kept} | {key: since[key] for key in new},
            revision,
        )

    def applying(self, keys: frozenset[int], device: Device, at: int) -> frozenset[int]:
        """Those of the keys that are still there and apply to this device at this time (ms)."""
        known = frozenset(key for key in keys if key in self.ids)
        if self.scoped.isdisjoint(known):
            return known
        return frozenset(key for key in known if applies(self[key].scope, device.id, device.category, at))

    def asked(self, ways: Iterable[Way]) -> Asked:
        """Of all ways at once, which is many times cheaper than one by one."""
        ways = list(ways) if self.ids else []
        if not ways:
            return NOTHING_ASKED
        before = [way[0] for way in ways]
        fixes = [way[1] for way in ways]
        lon = np.array([fix.lon_e7 for fix in fixes], dtype=np.float64) / E7
        lat = np.array([fix.lat_e7 for fix in fixes], dtype=np.float64) / E7
        numbers, keys = self.index.covering(lon, lat)
        return Asked(grouped(numbers.tolist(), keys.tolist()), before, self._between(before, fixes))

    def passing(self, asked: Asked, number: int, before: Fix | None, fix: Fix) -> tuple[int, ...]:
        """What the way to the fix with this number may pass through: as it was asked, or asked anew where the fix does
        not follow the expected one, since that came late or is not believed."""
        if asked.before and asked.before[number] is not before:
            return self.between(before, fix)
        return asked.between.get(number, ())

    def between(self, before: Fix | None, fix: Fix) -> tuple[int, ...]:
        """What one way may pass through."""
        return self._between([before], [fix]).get(0, ()) if self.ids else ()

    def _between(self, before: list[Fix | None], fixes: list[Fix]) -> dict[int, tuple[int, ...]]:
        if not self.passable:
            return {}
        ways = [number for number, (a, b) in enumerate(zip(before, fixes, strict=True)) if a and is_way(a, b)]
        if not ways:
            return {}
        ends = np.array([(before[n].lon_e7, before[n].lat_e7, fixes[n].lon_e7, fixes[n].lat_e7) for n in ways]) / E7  # type: ignore[union-attr]
        numbers, keys = self.passages.candidates(*ends.T)
        found: dict[int, tuple[int, ...]] = {}
        for number, key in zip(numbers.tolist(), keys.tolist(), strict=True):
            found[ways[number]] = (*found.get(ways[number], ()), key)
        return found


def is_way(a: Fix, b: Fix) -> bool:
    """Whether what lies between two fixes is asked about at all."""
    if not 0 < b.at - a.at <= GAP_MS:
        return False
    return abs(b.lat_e7 - a.lat_e7) > LEAST_E7 or abs(b.lon_e7 - a.lon_e7) > LEAST_E7


def grouped(numbers: list[int], keys: list[int]) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    for number, key in zip(numbers, keys, strict=True):
        here = alone(key)
        found[number] = here if number not in found else found[number] | here
    return found


@lru_cache(maxsize=100_000)
def alone(key: int) -> frozenset[int]:
    """Most places that lie in a geofence lie in one, and many of them in the same."""
    return frozenset((key,))


def fences_of(fences: Mapping[int, Geofence]) -> Fences:
    """As they are, none of them ever changed."""
    return Fences().changed((), fences.values(), 0, dict.fromkeys(fences, 0))
