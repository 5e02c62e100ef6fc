"""Fences: all geofences as of a revision, as the fold asks about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from tracker.geofence.applies import applies
from tracker.geofence.border.borders import prepare_border
from tracker.geofence.border.near import prepare_plane
from tracker.geofence.border.passing import Passages
from tracker.geofence.border.touch import prepare_grown, touches
from tracker.geofence.index.few import make_single
from tracker.geofence.index.index import FEW, FenceIndex
from tracker.geofence.shape.arrays import Floats, Longs
from tracker.model.fix import E7, Fix
from tracker.model.geofence import EVERYWHERE, Geofence

NOWHERE: Final[frozenset[int]] = frozenset()
PENDING: Final = -1  # in place of a stamp
LEAST_E7: Final = 1_000  # 11 m of latitude: a shorter way passes through nothing that is clear of noise
GAP_MS: Final = 300_000  # no line is drawn across a silence that lasted longer
GAP_METRES: Final = 10_000.0  # nor one that is longer than this


class Asked(NamedTuple):
    """One bulk question about many fixes, answered; by their numbers."""

    here: dict[int, frozenset[int]]  # keys of the geofences that hold the fix; absent: none
    before: Sequence[Fix | None]  # what each was asked to follow; empty: nothing lies between
    between: dict[int, tuple[int, ...]]  # those the way may pass through; absent: none
    breaks: Sequence[int] = ()  # see pipeline/lineup.py; empty where it was not asked by column


NOTHING_ASKED: Final = Asked({}, [], {})


@dataclass(frozen=True)
class Fences:
    """`ids` by key. `scoped`: keys of those that do not apply to everybody always. `passable`: of those of which it is
    inferred that somebody passed through. `since`: the stamp from which on a geofence decides as it does; `stamp`: the
    newest of them there ever was. `expecting`: of those in which somebody is expected; `noting`: of those that note who
    is inside when they come into force."""

    index: FenceIndex = field(default_factory=lambda: FenceIndex.build([]))
    passages: Passages = field(default_factory=lambda: Passages.build([]))
    ids: dict[int, str] = field(default_factory=dict)
    scoped: frozenset[int] = NOWHERE
    passable: frozenset[int] = NOWHERE
    since: dict[int, int] = field(default_factory=dict)
    revision: int = 0
    stamp: int = 0
    expecting: frozenset[int] = NOWHERE
    noting: frozenset[int] = NOWHERE

    def __contains__(self, key: object) -> bool:
        return key in self.ids

    def __getitem__(self, key: int) -> Geofence:
        return self.index.fence(key)

    def change(
        self, removed: Iterable[int], added: Iterable[Geofence], revision: int, since: Mapping[int, int]
    ) -> "Fences":
        """The next one. `added` replace those of the same key, `since` are their stamps, PENDING for those that have
        none yet; one that is not enabled is removed."""
        added = list(added)
        enabled = [fence for fence in added if fence.scope.enabled]
        for fence in enabled:
            prepare(fence)
        new = {fence.key: fence.id for fence in enabled}
        gone = (set(removed) | {fence.key for fence in added}) & self.ids.keys()
        kept = {key: id for key, id in self.ids.items() if key not in gone}
        scoped = frozenset(fence.key for fence in enabled if fence.scope != EVERYWHERE)
        passable = [fence for fence in enabled if fence.preset != "strict"]
        return Fences(
            self.index.change(gone - new.keys(), enabled),
            self.passages.change(gone, passable),
            kept | new,
            (self.scoped & kept.keys()) | scoped,
            (self.passable & kept.keys()) | {fence.key for fence in passable},
            {key: at for key, at in self.since.items() if key in kept} | {key: since[key] for key in new},
            revision,
            self.stamp,
            (self.expecting & kept.keys()) | {fence.key for fence in enabled if fence.expects},
            (self.noting & kept.keys()) | {fence.key for fence in enabled if fence.already_inside == "noted"},
        )

    def put_in_force(self, stamp: int) -> "Fences":
        """The same, in force from this stamp on: it is given to those that were PENDING."""
        if PENDING not in self.since.values():
            return self
        return replace(self, since={key: stamp if at == PENDING else at for key, at in self.since.items()}, stamp=stamp)

    def find_applying(self, keys: frozenset[int], device: str, category: str | None, at: int) -> frozenset[int]:
        """Those of the keys that are still there and apply to the device of this id and category at this time (ms)."""
        known = frozenset(key for key in keys if key in self.ids)
        if self.scoped.isdisjoint(known):
            return known
        return frozenset(key for key in known if applies(self[key].scope, device, category, at))

    def ask(self, fixes: Sequence[Fix], before: Iterable[Fix | None]) -> Asked:
        """Ask about all fixes at once, which is many times cheaper than one by one. `before`: the one each follows; it
        is not looked at where nothing is inferred from the ways between them."""
        if not self.ids or not fixes:
            return NOTHING_ASKED
        here = self.find_here(fixes)
        if not self.passable:
            return Asked(here, [], {})
        followed = list(before)
        return Asked(here, followed, self._find_between(followed, fixes, here))

    def find_here(self, fixes: Sequence[Fix]) -> dict[int, frozenset[int]]:
        """The keys of the geofences that hold each fix, by its number."""
        if len(fixes) <= FEW:
            each = enumerate(fixes)
            return {
                number: here for number, fix in each if (here := self.index.find_at(fix.lon_e7 / E7, fix.lat_e7 / E7))
            }
        lon = np.array([fix.lon_e7 for fix in fixes], dtype=np.float64) / E7
        lat = np.array([fix.lat_e7 for fix in fixes], dtype=np.float64) / E7
        return self.find_here_in_columns(lon, lat)

    def find_here_in_columns(self, lon: Floats, lat: Floats) -> dict[int, frozenset[int]]:
        numbers, keys = self.index.find_covering(lon, lat)
        return group_by_fix(numbers.tolist(), keys.tolist())

    def ask_columns(self, fixes: Longs, before: Longs) -> Asked:
        """As `ask`: at (ms), lon_e7 and lat_e7 of all fixes, and of the one each follows, 3 x n each; where there is
        none, its `at` is 0. `before` of the answer is left empty."""
        if not self.ids:
            return NOTHING_ASKED
        here = self.find_here_in_columns(fixes[1] / E7, fixes[2] / E7)
        if not self.passable:
            return Asked(here, [], {})
        at, lon, lat = fixes - before
        is_long = (np.abs(lat) > LEAST_E7) | (np.abs(lon) > LEAST_E7)
        numbers = (is_long & (at > 0) & (at <= GAP_MS)).nonzero()[0]
        ends = np.concatenate((before[1:, numbers], fixes[1:, numbers])) / E7
        return Asked(here, [], self._find_touched(numbers, ends, here) if len(numbers) else {})

    def find_passing(self, asked: Asked, number: int, before: Fix | None, fix: Fix) -> tuple[int, ...]:
        """What the way to the fix with this number may pass through: as it was asked, or asked anew where the fix does
        not follow the expected one, since that came late or is not believed."""
        if asked.before and asked.before[number] is not before:
            return self.find_between(before, fix)
        return asked.between.get(number, ())

    def find_between(self, before: Fix | None, fix: Fix) -> tuple[int, ...]:
        """What one way may pass through."""
        return self._find_between([before], [fix], {}).get(0, ()) if self.passable else ()

    def _find_between(
        self, before: Sequence[Fix | None], fixes: Sequence[Fix], here: Mapping[int, frozenset[int]]
    ) -> dict[int, tuple[int, ...]]:
        """Of ways that are long enough to pass through anything, and not too long to be drawn. Who is inside after
        it has not passed through."""
        asked = [
            (number, a.lon_e7, a.lat_e7, b.lon_e7, b.lat_e7)
            for number, (a, b) in enumerate(zip(before, fixes, strict=True))
            if a is not None
            and (abs(b.lat_e7 - a.lat_e7) > LEAST_E7 or abs(b.lon_e7 - a.lon_e7) > LEAST_E7)
            and 0 < b.at - a.at <= GAP_MS
        ]
        if not asked:
            return {}
        table = np.array(asked, dtype=np.float64).T
        return self._find_touched(table[0].astype(np.int64), table[1:] / E7, here)

    def _find_touched(
        self, numbers: Longs, ends: Floats, here: Mapping[int, frozenset[int]]
    ) -> dict[int, tuple[int, ...]]:
        """Of ways from (lon, lat) to (lon, lat), 4 x n degrees; each belongs to the fix with this number."""
        ways, keys = self.passages.find_candidates(*ends)
        numbers = numbers[ways]
        pairs = enumerate(zip(numbers.tolist(), keys.tolist(), strict=True))
        left = np.array([pair for pair, (number, key) in pairs if key not in here.get(number, NOWHERE)], dtype=np.int64)
        found: dict[int, tuple[int, ...]] = {}
        asked_of = [self[key] for key in keys[left].tolist()]
        for pair in left[touches(asked_of, *ends[:, ways[left]])].tolist() if len(left) else ():
            number = int(numbers[pair])
            found[number] = (*found.get(number, ()), int(keys[pair]))
        return found


def prepare(fence: Geofence) -> None:
    """What would cost the first fix in it, or the first way past it, milliseconds."""
    if fence.preset != "strict":
        prepare_border(fence)
        prepare_plane(fence)
        prepare_grown(fence)


def group_by_fix(numbers: list[int], keys: list[int]) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    for number, key in zip(numbers, keys, strict=True):
        here = make_single(key)
        found[number] = here if number not in found else found[number] | here
    return found


def make_fences(fences: Mapping[int, Geofence]) -> Fences:
    """As they are, none of them ever changed."""
    return Fences().change((), fences.values(), 0, dict.fromkeys(fences, 0))
