"""Sight: what one reader may see, and to what it may do what. Whoever shows anything asks it first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tracker.model.event import Event

NOTHING: Final[frozenset[Any]] = frozenset()


class Things(msgspec.Struct, frozen=True):
    """Some devices, or geofences: by key, for SQL and masks, and by id, for what is told."""

    keys: frozenset[int] = NOTHING
    ids: frozenset[str] = NOTHING

    def join(self, other: "Things") -> "Things":
        return Things(self.keys | other.keys, self.ids | other.ids)

    def without(self, other: "Things") -> "Things":
        return Things(self.keys - other.keys, self.ids - other.ids)


class Sight(msgspec.Struct, frozen=True, dict=True):
    """`devices` None: all but the `hidden` ones, which are somebody's own; `fences` None: all; `subscriptions` (keys)
    None: all. `everywhere` are the actions it holds over whatever it sees, `groups` those in each group, by its key;
    `own` are the devices of the person whose sight it is, to which it may do everything, `wishes` (keys) the
    subscriptions; `foreign` (keys) are the subscriptions of other people, which nobody else sees. A device that was
    ever vague or paused has a guise, a slot in which all others see it."""

    devices: Things | None = Things()
    hidden: Things = Things()
    fences: Things | None = Things()
    subscriptions: frozenset[int] | None = NOTHING
    everywhere: frozenset[str] = NOTHING
    groups: Mapping[int, frozenset[str]] = {}
    own: Things = Things()
    wishes: frozenset[int] = NOTHING
    foreign: frozenset[int] = NOTHING
    veiled: Mapping[int, int] = {}  # of devices it sees that are not its own and have a guise: the slots of these
    guises: frozenset[int] = NOTHING  # the slots of all guises
    dots: tuple[frozenset[int], ...] = ()  # slots of which one is shown: they are of one person

    @property
    def is_all(self) -> bool:
        """Sees everything there is: then nothing has to be left out."""
        return self.devices is None and self.fences is None and not self.hidden.keys

    @property
    def is_blind(self) -> bool:
        """No right is left."""
        return not self.everywhere and not self.groups and not self.own.keys

    def holds(self, action: str) -> bool:
        """Over anything at all."""
        return action in self.everywhere or any(action in each for each in self.groups.values()) or self.owns(action)

    def owns(self, action: str) -> bool:
        return bool(self.own.keys) and action in ("see", "command", "devices", "share")

    def find_groups(self, action: str) -> list[int]:
        """The keys of those in which it holds the action."""
        return [key for key, held in self.groups.items() if action in held]

    def find_reach(self, action: str) -> list[int] | None:
        """The same; None where it holds the action over all there is."""
        return None if action in self.everywhere else self.find_groups(action)

    def may_do(self, action: str, held_in: Iterable[int]) -> bool:
        """To what these groups hold."""
        return action in self.everywhere or any(action in self.groups.get(each, NOTHING) for each in held_in)

    def sees(self, key: int) -> bool:
        """The device with this key."""
        return key not in self.hidden.keys and (self.devices is None or key in self.devices.keys)

    def sees_device(self, id: str) -> bool:
        return id not in self.hidden.ids and (self.devices is None or id in self.devices.ids)

    def sees_fence(self, id: str) -> bool:
        return self.fences is None or id in self.fences.ids

    def may(self, event: Event) -> bool:
        """Whether it may be told of this. What a device did while it was vague or paused is its person's."""
        return event.private <= self.own.ids and self.sees_all_of(event.device, event.other, event.geofence)

    def sees_all_of(self, device: str, other: str | None, fence: str | None) -> bool:
        """What an event is about: its device, its other device, and its geofence, where there are any."""
        return (
            self.sees_device(device)
            and (other is None or self.sees_device(other))
            and (fence is None or self.sees_fence(fence))
        )

    def cut(self, fences: Sequence[str]) -> Sequence[str]:
        """Of these ids of geofences, those it sees."""
        return fences if self.fences is None else [each for each in fences if each in self.fences.ids]


EVERYTHING: Final = Sight(devices=None, fences=None, subscriptions=None)  # what the server itself looks with
BLIND: Final = Sight()
