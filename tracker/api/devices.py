"""Devices: who reports. Making one gives its token, once."""

import secrets
from functools import partial
from typing import Annotated, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, sight
from tracker.access.objects import check_action, check_removal, choose_group, find_allowed, hide_owner, put_into
from tracker.access.own import give_device
from tracker.access.relation import see_person
from tracker.access.rights import Action
from tracker.access.tokens import issue
from tracker.api.edge import (
    Cursor,
    Name,
    Page,
    Slug,
    answer,
    below,
    clean,
    clean_name,
    empty,
    read_json,
    read_query,
    shown_origin,
)
from tracker.api.privacy import PrivacyAnswer, tell_privacy
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.model.device import ERASED, Device, Icon
from tracker.model.moment import format_if_any, format_ms, from_datetime
from tracker.model.sight import Sight
from tracker.store.addresses import select_ingest_key
from tracker.store.appearance import select_notes, update_appearance, update_guard
from tracker.store.device_status import DeviceStatus, select_status
from tracker.store.devices import delete_device, insert_device, select_device, select_devices, update_device
from tracker.store.erasures import insert_erasure
from tracker.store.friends import select_shows_friends
from tracker.store.people import select_owner_of_device, select_owners_of_devices, update_owner_of_device
from tracker.store.pool import borrow
from tracker.store.privacies import select_privacy
from tracker.store.tokens import revoke_device_tokens

Category = Annotated[str, msgspec.Meta(max_length=64)]
Color = Annotated[str, msgspec.Meta(pattern=r"^(#[0-9a-fA-F]{6})?$")]
Notes = Annotated[str, msgspec.Meta(max_length=2_000)]
Interval = Annotated[float, msgspec.Meta(ge=1, le=86_400)]  # s


class NewDevice(msgspec.Struct, frozen=True):
    """`id` is generated where none is given; `name` is the id where none is. `interval`: seconds between its fixes; a
    device that has one is told to be offline when it is silent for three. `group`: which one it is put into;
    needed from a manager of several. `person`: the number of whose own it is, whom alone it is shown; then it is in no
    group."""

    id: Slug | None = None
    name: Name | None = None
    category: Category | None = None
    interval: Interval | None = None
    group: Slug | None = None
    person: Annotated[int, msgspec.Meta(ge=1, lt=2**31)] | None = None


class DeviceChange(msgspec.Struct, frozen=True):
    """What is absent stays; an interval of 0 takes it away, and so does an empty category, color (`#rrggbb`), icon or
    text of notes. `trips`: it is told when it sets out and stops. `guard`: it is told, once, when it was moved so many
    metres from where it is now; 0: no more, and each other value arms it anew. `person`: whose own it is from now on,
    by its number; it leaves its groups. Of what is somebody's own only that person says so; 0: it is nobody's."""

    name: Name | None = None
    category: Category | None = None
    interval: Annotated[float, msgspec.Meta(ge=0, le=86_400)] | None = None
    person: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] | None = None
    color: Color | None = None
    icon: Icon | Literal[""] | None = None
    notes: Notes | None = None
    trips: bool | None = None
    guard: Annotated[float, msgspec.Meta(ge=0, le=100_000)] | None = None


class DeviceQuery(Page, frozen=True):
    after: Cursor = ""


class StatusAnswer(msgspec.Struct, frozen=True):
    """What the device said of itself beside its fixes. `until`: when its pause ends."""

    at: str
    page: str
    battery: float | None
    steps: int | None
    paused: bool
    until: str | None


class GuardAnswer(msgspec.Struct, frozen=True):
    """`radius` in metres; `since`: when it was armed, and there."""

    radius: float
    since: str


class DeviceAnswer(msgspec.Struct, frozen=True):
    """`token` is there when it was just made, and never again. `ingest_url`, one address for every phone app, is shown
    to who may change the device, where it alone is asked for, and so is `owntracks_friends`, whether its OwnTracks
    shows others. `person` says whose own it is, if anybody's; there `may` says what the caller may do to it, `privacy`
    that it is vague or paused to others, and `notes` what people noted about it. `color` and `icon` are there where it
    has them, and `photo` says which picture is at `/photo`; `trips` and `guard` where they are
    asked for."""

    id: str
    name: str
    category: str | None
    interval: float | None
    color: str | msgspec.UnsetType = msgspec.UNSET
    icon: str | msgspec.UnsetType = msgspec.UNSET
    photo: str | msgspec.UnsetType = msgspec.UNSET
    trips: bool | msgspec.UnsetType = msgspec.UNSET
    guard: GuardAnswer | msgspec.UnsetType = msgspec.UNSET
    notes: str | msgspec.UnsetType = msgspec.UNSET
    token: str | msgspec.UnsetType = msgspec.UNSET
    ingest_url: str | msgspec.UnsetType = msgspec.UNSET
    owntracks_friends: bool | msgspec.UnsetType = msgspec.UNSET
    status: StatusAnswer | msgspec.UnsetType | None = msgspec.UNSET  # of one device, where it ever said it
    person: int | msgspec.UnsetType = msgspec.UNSET
    privacy: PrivacyAnswer | msgspec.UnsetType = msgspec.UNSET
    may: list[str] | msgspec.UnsetType = msgspec.UNSET


class DevicePage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the next page; null on the last."""

    devices: list[DeviceAnswer]
    next: str | None


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("devices", __name__, url_prefix="/api/devices")

    @routes.get("")
    @document_querystring(DeviceQuery)
    @document_response(DevicePage)
    @allow("see", rows=True)
    async def list_devices() -> Response:
        """List devices, by id."""
        return await _list(pool, read_query(DeviceQuery))

    @routes.post("")
    @document_request(NewDevice)
    @document_response(DeviceAnswer, 201)
    @allow("devices", rows=True)
    async def create_device() -> Response:
        """Make a device and its token."""
        return await _create(pool, await read_json(NewDevice))

    @routes.get("/<slug:device>")
    @document_response(DeviceAnswer)
    @allow("see", rows=True)
    async def read_device(device: str) -> Response:
        """Show a device."""
        async with borrow(pool) as conn:
            return answer(await _show(conn, await find_device(conn, sight(), device)))

    @routes.patch("/<slug:device>")
    @document_request(DeviceChange)
    @document_response(DeviceAnswer)
    @allow("devices", rows=True)
    async def change_device(device: str) -> Response:
        """Change how it is called and looks, its category, its interval, or whose own it is."""
        return await _change(pool, device, await read_json(DeviceChange))

    @routes.delete("/<slug:device>")
    @allow("devices", rows=True)
    async def erase_device(device: str) -> Response:
        """Erase a device with its fixes, tokens, commands and events."""
        async with borrow(pool) as conn:
            found = await find_device(conn, sight(), device)
            await check_removal(conn, sight(), "devices", "device", found.key)
            whose = await select_owner_of_device(conn, found.key)
            if not await delete_device(conn, device, partial(_note_erasure, device, whose)):
                raise NotFound(f"there is no device {device}")
        return empty()

    @routes.post("/<slug:device>/token")
    @document_response(DeviceAnswer, 201)
    @allow("devices", rows=True)
    async def rotate_device_token(device: str) -> Response:
        """Give the device a new token; the old ones end, and so do their sockets."""
        return await _rotate(pool, device)

    return routes


async def find_device(conn: asyncpg.Connection, sight: Sight, id: str, action: Action = "see") -> Device:
    """For a reader: NotFound where there is none that it sees, NotAllowed where it may see it and not do this."""
    device = await select_device(conn, sight, id)
    if device is None:
        raise NotFound(f"there is no device {id}")
    if action != "see":
        await check_action(conn, sight, action, "device", device.key)
    return device


async def _list(pool: asyncpg.Pool, query: DeviceQuery) -> Response:
    async with borrow(pool) as conn:
        devices = await select_devices(conn, sight(), after=query.after, limit=query.most)
        owners = await select_owners_of_devices(conn, [device.key for device in devices])
    shown = [
        msgspec.structs.replace(_make_answer(device), person=owners.get(device.key, msgspec.UNSET))
        for device in devices
    ]
    return answer(DevicePage(shown, devices[-1].id if len(devices) == query.most else None))


async def _create(pool: asyncpg.Pool, new: NewDevice) -> Response:
    id = new.id or f"device-{secrets.token_hex(4)}"
    name, category = clean_name(new.name or id, "name"), clean(new.category or "", "category") or None
    if id == ERASED:
        raise Conflict("choose another id", field="id")
    async with borrow(pool) as conn, conn.transaction():
        group = await choose_group(conn, sight(), "devices", new.group) if new.person is None else None
        try:
            device = await insert_device(conn, id, name, category, new.interval)
        except Conflict as error:
            raise hide_owner(error, await select_device(conn, sight(), id) is not None) from None
        if new.person is not None:
            await see_person(conn, new.person)
            await update_owner_of_device(conn, device.key, new.person)
        await put_into(conn, group, "device", device.key)
        _, secret = await issue(conn, "device", device=device.key)
        await note(conn, "device.made", id)
    response = answer(_make_answer(device, secret), 201)
    response.headers["Location"] = f"{below()}/api/devices/{id}"
    return response


async def _change(pool: asyncpg.Pool, id: str, change: DeviceChange) -> Response:
    name = None if change.name is None else clean_name(change.name, "name")
    category = None if change.category is None else clean(change.category, "category")
    if change.interval is not None and 0 < change.interval < 1:
        raise Invalid("interval: 1 second or more, or 0 for none", field="interval")
    async with borrow(pool) as conn, conn.transaction():
        found = await find_device(conn, sight(), id, "devices")
        if change.person is not None and await give_device(conn, sight(), found.key, change.person):
            await note(conn, "device.given", id, whose=change.person)
        await _dress(conn, found.key, change)
        if (change.trips, change.guard) != (None, None):
            await update_guard(conn, found.key, trips=change.trips, radius=change.guard)
        device = await update_device(conn, id, name=name, category=category, interval=change.interval)
        if device is None:
            raise NotFound(f"there is no device {id}")
        await note(conn, "device.changed", id)
    return answer(_make_answer(device))


async def _dress(conn: asyncpg.Connection, key: int, change: DeviceChange) -> None:
    """Before the statement that nudges: who reads the device on hearing it reads this, too."""
    color = None if change.color is None else change.color.lower()
    notes = None if change.notes is None else change.notes.strip()
    clean((notes or "").replace("\n", " ").replace("\t", " "), "notes")  # lines are what notes may have
    if (color, change.icon, notes) != (None, None, None):
        await update_appearance(conn, key, color=color, icon=change.icon, notes=notes)


async def _rotate(pool: asyncpg.Pool, id: str) -> Response:
    async with borrow(pool) as conn, conn.transaction():
        device = await find_device(conn, sight(), id, "devices")
        await revoke_device_tokens(conn, device.key)
        _, secret = await issue(conn, "device", device=device.key)
        await note(conn, "device.token_made", id)
    return answer(_make_answer(device, secret), 201)


async def _show(conn: asyncpg.Connection, device: Device) -> DeviceAnswer:
    """With its address, which is a secret: for who may change this device, whatever one may do to others."""
    privacy = await select_privacy(conn, device.key)
    shown = msgspec.structs.replace(
        _make_answer(device),
        status=_make_status(await select_status(conn, device.key, is_own=device.key not in sight().veiled)),
        privacy=msgspec.UNSET if privacy is None else tell_privacy(privacy),
        may=await find_allowed(conn, sight(), "device", device.key),
        person=await select_owner_of_device(conn, device.key) or msgspec.UNSET,
        notes=await select_notes(conn, device.key) or msgspec.UNSET,
    )
    try:
        await check_action(conn, sight(), "devices", "device", device.key)
    except NotAllowed:
        return shown
    key = await select_ingest_key(conn, device.key)
    friends = await select_shows_friends(conn, device.key) or msgspec.UNSET
    return msgspec.structs.replace(shown, ingest_url=f"{shown_origin()}/in/{key}", owntracks_friends=friends)


def _make_answer(device: Device, secret: str | None = None) -> DeviceAnswer:
    return DeviceAnswer(
        device.id,
        device.name,
        device.category,
        device.interval,
        device.color or msgspec.UNSET,
        device.icon or msgspec.UNSET,
        device.photo or msgspec.UNSET,
        device.guard.trips or msgspec.UNSET,
        GuardAnswer(device.guard.radius, format_ms(device.guard.since)) if device.guard.radius else msgspec.UNSET,
        token=secret or msgspec.UNSET,
    )


def _make_status(status: DeviceStatus | None) -> StatusAnswer | None:
    if status is None:
        return None
    until = format_if_any(status.until)
    at = format_ms(from_datetime(status.at))
    return StatusAnswer(at, status.page, status.battery, status.steps, status.paused, until)


async def _note_erasure(device: str, whose: int | None, conn: asyncpg.Connection) -> None:
    """Of what was somebody's own, others' rows are to forget the name, too."""
    await note(conn, "device.erased", device)
    if whose is not None:
        await insert_erasure(conn, None, [device])
