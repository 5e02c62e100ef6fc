"""What is to be made here of what is there, and what is not taken. Pure."""

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

from tracker.model.device import is_slug
from tracker.traccar.area import CORRIDOR, read_area
from tracker.traccar.source import Traccar, TraccarDevice, TraccarGeofence, TraccarUser

KNOT: Final = 1852 / 3600  # m/s
FOREIGN: Final = re.compile(r"[^A-Za-z0-9._-]+")
NEVER: Final = (
    "positions and events: export them there, or let it forward what comes (docs/phones.md)",
    "passwords, notifications, drivers, calendars, maintenance, computed attributes, saved commands",
)


class PlannedDevice(msgspec.Struct, frozen=True):
    id: str
    name: str
    category: str | None
    notes: str
    groups: tuple[str, ...]


class PlannedInvitation(msgspec.Struct, frozen=True):
    email: str
    group: str
    role: Literal["viewer", "manager"]


class Plan(msgspec.Struct, frozen=True):
    """`groups`: names by id; `geofences`: features; `left`: what is not taken, in sentences."""

    groups: dict[str, str]
    devices: tuple[PlannedDevice, ...]
    geofences: tuple[dict[str, Any], ...]
    invitations: tuple[PlannedInvitation, ...]
    left: tuple[str, ...]


def make_plan(there: Traccar) -> Plan:
    names = choose_ids(there.devices)
    above = {group.id: group.groupId for group in there.groups}
    features, left = make_features(there, names)
    groups = {f"traccar-{group.id}": group.name[:200] or f"Group {group.id}" for group in there.groups}
    own, invitations, told = make_invitations(there)
    left += told + [f"{each.name}: disabled there, enabled here" for each in there.devices if each.disabled]
    return Plan(
        groups | {id: name for id, (name, _) in own.items()},
        tuple(make_device(each, names[each.id], above, own) for each in there.devices),
        tuple(features),
        tuple(invitations),
        (*left, *NEVER),
    )


def choose_ids(devices: Iterable[TraccarDevice]) -> dict[int, str]:
    """The identifier it reports by, where it can be an id; two that come to the same are told apart by their
    numbers."""
    found: dict[int, str] = {}
    taken = set[str]()
    for device in sorted(devices, key=lambda each: (not is_slug(each.uniqueId), each.id)):
        id = FOREIGN.sub("-", device.uniqueId).strip("-._")[:50] or f"device-{device.id}"
        if id in taken:
            id = f"{id}-{device.id}"
        taken.add(id)
        found[device.id] = id
    return found


def make_device(
    device: TraccarDevice, id: str, above: dict[int, int], own: dict[str, tuple[str, set[int]]]
) -> PlannedDevice:
    about = (("Phone", device.phone), ("Model", device.model), ("Contact", device.contact))
    notes = "\n".join(f"{word}: {text}" for word, text in about if text)
    groups = [f"traccar-{each}" for each in climb(device.groupId, above)]
    groups += [group for group, (_, held) in own.items() if device.id in held]
    return PlannedDevice(id, device.name[:200] or id, device.category or None, notes[:2000], tuple(groups))


def climb(group: int, above: dict[int, int]) -> list[int]:
    """The group and those it is in: here a group is in no other, so what it holds is in all of them."""
    found: list[int] = []
    while group in above and group not in found:
        found.append(group)
        group = above[group]
    return found


def make_features(there: Traccar, names: dict[int, str]) -> tuple[list[dict[str, Any]], list[str]]:
    features, left = list[dict[str, Any]](), list[str]()
    for fence in there.geofences:
        read = read_area(fence.area, number(fence.attributes.get("polylineDistance")) or CORRIDOR)
        if isinstance(read, str):
            left.append(f"geofence {fence.name}: {read}")
            continue
        devices = sorted(names[each] for each in there.fenced.get(fence.id, ()) if each in names)
        left += [f"geofence {fence.name}: {why}" for why in tell_left(fence, devices)]
        features.append(make_feature(fence, *read, devices))
    return features, left


def tell_left(fence: TraccarGeofence, devices: list[str]) -> list[str]:
    found = [] if devices else ["linked to no device there, so it is switched off here"]
    return found + (["its calendar is not taken: say its hours here"] if fence.calendarId else [])


def make_feature(
    fence: TraccarGeofence, geometry: dict[str, Any], sized: dict[str, float], devices: list[str]
) -> dict[str, Any]:
    properties: dict[str, Any] = {"name": fence.name[:200] or f"Geofence {fence.id}"} | sized
    properties |= {"devices": devices} if devices else {"enabled": False}
    if fence.description:
        properties["description"] = fence.description[:1000]
    if speed := number(fence.attributes.get("speedLimit")):
        properties["speed_limit"] = round(speed * KNOT, 2)
    return {"type": "Feature", "id": f"traccar-{fence.id}", "geometry": geometry, "properties": properties}


def make_invitations(
    there: Traccar,
) -> tuple[dict[str, tuple[str, set[int]]], list[PlannedInvitation], list[str]]:
    """With the groups that are made for people who have devices by themselves: by id, the name and the devices."""
    own, invitations, left = dict[str, tuple[str, set[int]]](), list[PlannedInvitation](), list[str]()
    grouped = {device.id: set(climb_to(there, device.groupId)) for device in there.devices}
    for user in there.users:
        if user.administrator or user.disabled or "@" not in user.email:
            left.append(f"user {user.name or user.email}: {tell_user(user)}")
            continue
        groups = there.groups_of.get(user.id, set())
        alone = {each for each in there.devices_of.get(user.id, ()) if not grouped.get(each, set()) & groups}
        if alone:
            own[f"traccar-user-{user.id}"] = ((user.name or user.email)[:200], alone)
        role: Literal["viewer", "manager"] = "viewer" if user.readonly or user.deviceReadonly else "manager"
        ids = [f"traccar-{each}" for each in sorted(groups)] + ([f"traccar-user-{user.id}"] if alone else [])
        invitations += [PlannedInvitation(user.email.strip(), id, role) for id in ids]
        left += [] if ids else [f"user {user.name or user.email}: sees no device there"]
    return own, invitations, left


def climb_to(there: Traccar, group: int) -> list[int]:
    return climb(group, {each.id: each.groupId for each in there.groups})


def tell_user(user: TraccarUser) -> str:
    if user.administrator:
        return "administers that server; who owns this one is said here"
    return "disabled there" if user.disabled else "has no e-mail address to invite"


def number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
