"""Who may see what, said once more from sets alone: what readers get is held against it."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Final

GROUPS: Final = ("north", "south")
DEVICES: Final = ("van", "bus", "boat", "bike", "phone")
FENCES: Final = ("yard", "port")
WISHES: Final = ("wish", "other-wish")
PEOPLE: Final = ("ann", "bob", "eve", "owner")
OWN: Final = {"phone": "ann"}
THINGS: Final[Mapping[str, tuple[str, ...]]] = {"device": DEVICES, "geofence": FENCES, "subscription": WISHES}
READERS: Final = ("ann", "bob", "eve", "owner", "token north", "token all", "operator")


@dataclass
class Told:
    """An event, as far as rights ask: what it names, and by which revision of the rights it is to be told."""

    id: int
    device: str
    other: str | None
    fence: str | None
    revision: int


@dataclass
class State:
    """What groups hold, by noun and group, and the roles of people in them."""

    held: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: {noun: {group: set() for group in GROUPS} for noun in THINGS}
    )
    roles: dict[str, dict[str, str]] = field(default_factory=lambda: {group: {} for group in GROUPS})
    owners: set[str] = field(default_factory=lambda: {"owner"})

    def groups_of(self, reader: str) -> list[str]:
        if reader.startswith("token "):
            return [reader.removeprefix("token ")]
        return [group for group in GROUPS if reader in self.roles[group]]

    def sees_most(self, reader: str) -> bool:
        return reader in self.owners | {"operator", "token all"}

    def is_private(self, device: str, reader: str) -> bool:
        """Somebody else's own, in no group."""
        return device in OWN and OWN[device] != reader and not any(device in self.held["device"][g] for g in GROUPS)

    def sees_device(self, reader: str, device: str) -> bool:
        if OWN.get(device) == reader:
            return True
        if self.sees_most(reader):
            return not self.is_private(device, reader)
        return any(device in self.held["device"][group] for group in self.groups_of(reader))

    def sees_fence(self, reader: str, fence: str) -> bool:
        return self.sees_most(reader) or any(fence in self.held["geofence"][group] for group in self.groups_of(reader))

    def sees_event(self, reader: str, event: Told) -> bool:
        return (
            self.sees_device(reader, event.device)
            and (event.other is None or self.sees_device(reader, event.other))
            and (event.fence is None or self.sees_fence(reader, event.fence))
        )

    def is_told(self, wish: str, event: Told) -> bool:
        """To a subscription: it sees what its groups see; one of no group all that is nobody's own."""
        holders = [group for group in GROUPS if wish in self.held["subscription"][group]]
        named = [event.device] + ([event.other] if event.other else [])
        if not holders:
            return not any(self.is_private(each, "nobody") for each in named)
        seen = set().union(*(self.held["device"][group] for group in holders))
        fences = set().union(*(self.held["geofence"][group] for group in holders))
        return seen.issuperset(named) and (event.fence is None or event.fence in fences)

    def devices_of(self, reader: str, among: Iterable[str] = DEVICES) -> set[str]:
        return {each for each in among if self.sees_device(reader, each)}

    def fences_of(self, reader: str, among: Iterable[str] = FENCES) -> set[str]:
        return {each for each in among if self.sees_fence(reader, each)}

    def copy(self) -> "State":
        return deepcopy(self)
