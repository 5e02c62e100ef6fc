"""What there is on a Traccar server, read by its API: https://www.traccar.org/api-reference/."""

from typing import Any, Final, TypeVar

import httpx2
import msgspec

from tracker.errors import TrackerError

PATIENCE: Final = 60.0  # s; ten thousand devices are one answer
T = TypeVar("T")


class TraccarRefused(TrackerError):
    """The Traccar server does not answer, or not as one does."""


class TraccarGroup(msgspec.Struct, frozen=True):
    """`groupId`: the group it is in; 0: none."""

    id: int
    name: str
    groupId: int = 0  # its word


class TraccarDevice(msgspec.Struct, frozen=True):
    id: int
    name: str
    uniqueId: str
    groupId: int = 0
    disabled: bool = False
    category: str | None = None
    phone: str | None = None
    model: str | None = None
    contact: str | None = None


class TraccarGeofence(msgspec.Struct, frozen=True):
    id: int
    name: str
    area: str
    description: str | None = None
    calendarId: int = 0
    attributes: dict[str, Any] = {}


class TraccarUser(msgspec.Struct, frozen=True):
    id: int
    email: str
    name: str = ""
    administrator: bool = False
    readonly: bool = False
    deviceReadonly: bool = False
    disabled: bool = False


class Traccar(msgspec.Struct, frozen=True):
    """All of it. By the id of a geofence, the devices it is linked to, by themselves or by a group above them; by the
    id of a user, the groups and the devices that are theirs."""

    groups: list[TraccarGroup]
    devices: list[TraccarDevice]
    geofences: list[TraccarGeofence]
    users: list[TraccarUser]
    fenced: dict[int, set[int]]
    groups_of: dict[int, set[int]]
    devices_of: dict[int, set[int]]


def read_traccar(url: str, login: tuple[str, str] | None, token: str | None) -> Traccar:
    """As an administrator sees it; others see what is theirs, and no users. TraccarRefused."""
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with httpx2.Client(base_url=url.rstrip("/"), auth=login, headers=headers, timeout=PATIENCE) as api:
        devices = fetch(api, "/api/devices?all=true", list[TraccarDevice])
        geofences = fetch(api, "/api/geofences?all=true", list[TraccarGeofence])
        users = fetch(api, "/api/users", list[TraccarUser], refused=[])
        own = "/api/{}?userId={}"
        return Traccar(
            fetch(api, "/api/groups?all=true", list[TraccarGroup]),
            devices,
            geofences,
            users,
            find_fenced(api, devices),
            {user.id: ids(fetch(api, own.format("groups", user.id), list[TraccarGroup])) for user in users},
            {user.id: ids(fetch(api, own.format("devices", user.id), list[TraccarDevice])) for user in users},
        )


def find_fenced(api: httpx2.Client, devices: list[TraccarDevice]) -> dict[int, set[int]]:
    """Traccar answers for a device with what its groups have, too."""
    found: dict[int, set[int]] = {}
    for device in devices:
        for fence in fetch(api, f"/api/geofences?deviceId={device.id}", list[TraccarGeofence]):
            found.setdefault(fence.id, set()).add(device.id)
    return found


def ids(things: list[Any]) -> set[int]:
    return {each.id for each in things}


def fetch(api: httpx2.Client, path: str, kind: type[T], refused: T | None = None) -> T:
    """`refused`: what it is where one may not see it; None: then it is an error."""
    try:
        answer = api.get(path)
    except httpx2.TransportError as error:
        raise TraccarRefused(f"{api.base_url} does not answer: {error}") from None
    if answer.status_code in (400, 401, 403) and refused is not None:
        return refused
    if answer.status_code == 401:
        raise TraccarRefused(f"{api.base_url} does not let us in: check --user and --password, or --traccar-token")
    if not answer.is_success:
        raise TraccarRefused(f"{api.base_url}{path}: {answer.status_code} {answer.text[:200]}")
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise TraccarRefused(f"{api.base_url}{path} answers what no Traccar server says") from None
