"""Sources: addresses that speak for many devices, and the names they say that are no device yet."""

import secrets
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.addresses import Addresses
from tracker.access.audit import note
from tracker.access.guard import allow, sight
from tracker.access.objects import choose_group, hide_owner, put_into
from tracker.api.devices import find_device
from tracker.api.edge import (
    Cursor,
    Name,
    Page,
    Slug,
    answer,
    below,
    clean_name,
    empty,
    read_json,
    read_query,
    shown_origin,
)
from tracker.errors import Conflict, NotAllowed, NotFound
from tracker.model.device import Device
from tracker.model.moment import format_ms
from tracker.model.sight import Sight
from tracker.model.source import Source, UnknownDevice
from tracker.store.devices import insert_device, select_device
from tracker.store.holders import select_group_ids
from tracker.store.pool import borrow
from tracker.store.sources import (
    delete_source,
    insert_name,
    insert_source,
    select_source,
    select_source_secret,
    select_sources,
)
from tracker.store.unknowns import is_unknown, select_unknowns

Adopt = Callable[[int, str], Awaitable[int]]  # stores what is kept of a name of a source; how many fixes that was


class NewSource(msgspec.Struct, frozen=True):
    """`id` is generated where none is given. `group`: whose it is, and which its devices are put into; needed from a
    manager of several groups."""

    name: Name
    id: Slug | None = None
    group: Slug | None = None


class Adoption(msgspec.Struct, frozen=True):
    """`device`: the id of the device the name is of: a new one is made where there is none."""

    device: Slug


class SourceQuery(Page, frozen=True):
    after: Cursor = ""


class SourceAnswer(msgspec.Struct, frozen=True):
    """`group` is null for the installation's. `fault`: the newest of what it said that could be given to nobody."""

    id: str
    name: str
    group: str | None
    ingest_url: str
    fault: str | None


class SourcePage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the next page; null on the last."""

    sources: list[SourceAnswer]
    next: str | None


class UnknownAnswer(msgspec.Struct, frozen=True):
    """A name that is no device. `fixes`: how many of the last 24 hours are kept; `note`: what it said last that is no
    fix, or why that could not be read."""

    name: str
    app: str
    note: str | None
    fixes: int
    first_seen: str
    last_seen: str


class UnknownList(msgspec.Struct, frozen=True):
    """The name that was heard last first, a hundred at most."""

    unknown: list[UnknownAnswer]


class AdoptedAnswer(msgspec.Struct, frozen=True):
    """`stored`: how many of its fixes were kept and are the device's now."""

    device: str
    stored: int


async def adopt_nothing(source: int, name: str) -> int:
    """Where nobody writes."""
    return 0


def blueprint(pool: asyncpg.Pool, addresses: Addresses, adopt: Adopt) -> Blueprint:
    routes = Blueprint("sources", __name__, url_prefix="/api/sources")

    @routes.get("")
    @document_querystring(SourceQuery)
    @document_response(SourcePage)
    @allow("devices", rows=True)
    async def list_sources() -> Response:
        """List the sources one may change, by id."""
        query = read_query(SourceQuery)
        async with borrow(pool) as conn:
            found = await select_sources(conn, sight().find_reach("devices"), after=query.after, limit=query.most)
            shown = [await _show(conn, source) for source in found]
        return answer(SourcePage(shown, found[-1].id if len(found) == query.most else None))

    @routes.post("")
    @document_request(NewSource)
    @document_response(SourceAnswer, 201)
    @allow("devices", rows=True)
    async def create_source() -> Response:
        """Make an address for what speaks for many devices."""
        new = await read_json(NewSource)
        id = new.id or f"source-{secrets.token_hex(4)}"
        async with borrow(pool) as conn, conn.transaction():
            group = await choose_group(conn, sight(), "devices", new.group)
            made = await _insert(conn, id, clean_name(new.name, "name"), group)
            await note(conn, "source.made", id, group=group)
            shown = await _show(conn, made)
        response = answer(shown, 201)
        response.headers["Location"] = f"{below()}/api/sources/{id}"
        return response

    @routes.delete("/<slug:source>")
    @allow("devices", rows=True)
    async def remove_source(source: str) -> Response:
        """Remove a source; its address ends, its devices stay."""
        async with borrow(pool) as conn, conn.transaction():
            found = await find_source(conn, sight(), source)
            await delete_source(conn, found.key)
            await note(conn, "source.removed", source, group=found.group)
        addresses.forget_names()
        return empty()

    _names(routes, pool, addresses, adopt)
    return routes


def _names(routes: Blueprint, pool: asyncpg.Pool, addresses: Addresses, adopt: Adopt) -> None:
    @routes.get("/<slug:source>/unknown")
    @document_response(UnknownList)
    @allow("devices", rows=True)
    async def list_unknown(source: str) -> Response:
        """List the names it says that are no device."""
        async with borrow(pool) as conn:
            found = await select_unknowns(conn, (await find_source(conn, sight(), source)).key)
        return answer(UnknownList([_make_unknown(each) for each in found]))

    @routes.post("/<slug:source>/unknown/<path:name>")
    @document_request(Adoption)
    @document_response(AdoptedAnswer, 201)
    @allow("devices", rows=True)
    async def adopt_unknown(source: str, name: str) -> Response:
        """Say which device a name is of; its fixes of the last 24 hours are stored."""
        given = await read_json(Adoption)
        async with borrow(pool) as conn, conn.transaction():
            found = await find_source(conn, sight(), source)
            if not await is_unknown(conn, found.key, name):
                raise NotFound(f"the source says no name {name[:200]}")
            device = await _find_or_make(conn, found, given.device)
            await insert_name(conn, found.key, name, device.key)
            await note(conn, "source.adopted", source, device=device.id, group=found.group)
        addresses.forget_names()  # before the nudge comes: what is said from now on is the device's
        return answer(AdoptedAnswer(given.device, await adopt(found.key, name)), 201)


async def find_source(conn: asyncpg.Connection, sight: Sight, id: str) -> Source:
    """NotFound where there is none that it may change: of an address there is nothing else to see."""
    found = await select_source(conn, id, sight.find_reach("devices"))
    if found is None:
        raise NotFound(f"there is no source {id}")
    return found


async def _insert(conn: asyncpg.Connection, id: str, name: str, group: int | None) -> Source:
    try:
        return await insert_source(conn, id, name, group)
    except Conflict as error:
        raise hide_owner(error, await select_source(conn, id, sight().find_reach("devices")) is not None) from None


async def _find_or_make(conn: asyncpg.Connection, source: Source, id: str) -> Device:
    """One that the caller may change, or a new one in the source's group."""
    if await select_device(conn, sight(), id) is not None:
        return await find_device(conn, sight(), id, "devices")
    if not sight().may_do("devices", [] if source.group is None else [source.group]):
        raise NotAllowed
    try:
        device = await insert_device(conn, id, id)
    except Conflict as error:
        raise hide_owner(error, is_seen=False) from None
    await put_into(conn, source.group, "device", device.key)
    await note(conn, "device.made", id)
    return device


async def _show(conn: asyncpg.Connection, source: Source) -> SourceAnswer:
    key, fault = await select_source_secret(conn, source.key)
    groups = await select_group_ids(conn, [] if source.group is None else [source.group])
    group = groups.get(source.group)
    return SourceAnswer(source.id, source.name, group, f"{shown_origin()}/in/{key}", fault)


def _make_unknown(found: UnknownDevice) -> UnknownAnswer:
    first, last = format_ms(found.first_seen // 1000), format_ms(found.last_seen // 1000)
    return UnknownAnswer(found.name, found.app, found.note, found.fixes, first, last)
