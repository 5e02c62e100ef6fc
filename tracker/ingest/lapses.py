"""Lapses: geofences with devices inside that come to apply to nobody as time goes by, or to somebody again.

The fold lets go of a device with its next fix. Until then viewers would be shown in a geofence who is in none any more,
so what they are shown is asked of the clock, and those concerned are shown anew. Nothing is decided here."""

from collections import Counter
from typing import Final

from tracker.geofence.applies import is_in_time
from tracker.geofence.fences import NOWHERE, Fences

LOOK_MS: Final = 1000  # between two looks
MINUTE_MS: Final = 60_000  # hours begin and end with one


class Lapses:
    """By device, in which of the geofences it is that do not apply always; bounded by the number of devices."""

    def __init__(self) -> None:
        self.inside: dict[int, frozenset[int]] = {}
        self.occupied: Counter[int] = Counter()  # by geofence
        self.lapsed: set[int] = set()  # geofences, when it was looked last
        self.looked = self.minute = 0

    def put(self, device: int, keys: frozenset[int]) -> None:
        before = self.inside.pop(device, NOWHERE)
        if keys:
            self.inside[device] = keys
        if keys != before:
            self.occupied.subtract(before)
            self.occupied.update(keys)

    def look(self, fences: Fences, now: int) -> set[int]:
        """The devices that are to be shown anew at `now`, in ms. The week's hours are asked once a minute: in ten
        thousand geofences that takes 50 ms."""
        if 0 <= now - self.looked < LOOK_MS:
            return set()
        self.looked = now
        is_new_minute, self.minute = now // MINUTE_MS != self.minute, now // MINUTE_MS
        self.occupied = +self.occupied
        scopes = {key: fences[key].scope for key in self.occupied if key in fences.scoped}
        if is_new_minute:
            lapsed = {key for key, scope in scopes.items() if not is_in_time(scope, now)}
        else:
            expired = {key for key, scope in scopes.items() if scope.expires is not None and now >= scope.expires}
            lapsed = (self.lapsed & scopes.keys()) | expired
        moved, self.lapsed = lapsed ^ self.lapsed, lapsed
        return {device for device, keys in self.inside.items() if not keys.isdisjoint(moved)} if moved else set()
