"""Groups: of devices, geofences and subscriptions, and of the people who may see them."""

import secrets
from typing import Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, caller, sight
from tracker.access.objects import check_action, is_own
from tracker.access.relation import find_managed
from tracker.access.rights import Action, Role
from tracker.api.devices import find_device
from tracker.api.edge import Cursor, Name, Page, Slug, answer, below, clean_name, empty, read_json, read_query
from tracker.api.geofences import find_geofence
from tracker.api.subscriptions import subscribed
from tracker.errors import Conflict, NotAllowed, NotFound
from tracker.model.group import Group
from tracker.model.sight import Sight
from tracker.store.groups import (
    delete_group,
    delete_person_from,
    insert_group,
    is_in_any,
    select_group,
    select_groups,
    select_members,
    update_group,
    upsert_person_in,
)
from tracker.store.holders import Noun, hold, let_go
from tracker.store.pool import borrow

Kind = Literal["devices", "geofences", "subscriptions"]
NOUNS: Final[dict[Kind, Noun]] = {"devices": "device", "geofences": "geofence", "subscriptions": "subscription"}
ACTIONS: Final[dict[Noun, Action]] = {"device": "devices", "geofence": "geofences", "subscription": "alerts"}
LARGEST_KEY: Final = 2**31 - 1


class NewGroup(msgspec.Struct, frozen=True):
    """`id` is generated where none is given."""

    name: Name
    id: Slug | None = None


class GroupChange(msgspec.Struct, frozen=True):
    name: Name | None = None


class GroupQuery(Page, frozen=True):
    """`geofence`: only those that hold it."""

    after: Cursor = ""
    geofence: Slug | None = None


class GroupAnswer(msgspec.Struct, frozen=True):
    id: str
    name: str


class GroupPage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the next page; null on the last."""

    groups: list[GroupAnswer]
    next: str | None


class RoleIn(msgspec.Struct, frozen=True):
    role: Role


class MemberAnswer(msgspec.Struct, frozen=True):
    """`role`: of a person."""

    id: str
    role: Role | None


class MemberList(msgspec.Struct, frozen=True):
    members: list[MemberAnswer]


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("groups", __name__, url_prefix="/api/groups")

    @routes.get("")
    @document_querystring(GroupQuery)
    @document_response(GroupPage)
    @allow("self", rows=True)
    async def list_groups() -> Response:
        """List the groups one is in, by id; who sees everything, all."""
        query = read_query(GroupQuery)
        async with borrow(pool) as conn:
            found = await select_groups(conn, sight(), after=query.after, limit=query.most, geofence=query.geofence)
        last = found[-1].id if len(found) == query.most else None
        return answer(GroupPage([GroupAnswer(each.id, each.name) for each in found], last))

    @routes.post("")
    @document_request(NewGroup)
    @document_response(GroupAnswer, 201)
    @allow("own")
    async def create_group() -> Response:
        """Make a group, with nobody and nothing in it."""
        new = await read_json(NewGroup)
        async with borrow(pool) as conn, conn.transaction():
            id = new.id or f"group-{secrets.token_hex(4)}"
            made = await insert_group(conn, id, clean_name(new.name, "name"))
            await note(conn, "group.made", id, group=made.key)
        response = answer(GroupAnswer(made.id, made.name), 201)
        response.headers["Location"] = f"{below()}/api/groups/{made.id}"
        return response

    @routes.get("/<slug:group>")
    @document_response(GroupAnswer)
    @allow("self", rows=True)
    async def read_group(group: str) -> Response:
        """Show a group."""
        async with borrow(pool) as conn:
            found = await find_group(conn, sight(), group)
        return answer(GroupAnswer(found.id, found.name))

    _changes(routes, pool)
    _members(routes, pool)
    _people(routes, pool)
    return routes


def _changes(routes: Blueprint, pool: asyncpg.Pool) -> None:
    @routes.patch("/<slug:group>")
    @document_request(GroupChange)
    @document_response(GroupAnswer)
    @allow("people", rows=True)
    async def change_group(group: str) -> Response:
        """Name a group otherwise."""
        change = await read_json(GroupChange)
        async with borrow(pool) as conn, conn.transaction():
            found = await find_group(conn, sight(), group, "people")
            if change.name is not None:
                found = await update_group(conn, found, clean_name(change.name, "name"))
                await note(conn, "group.changed", group, group=found.key)
        return answer(GroupAnswer(found.id, found.name))

    @routes.delete("/<slug:group>")
    @allow("own")
    async def erase_group(group: str) -> Response:
        """Remove a group; what it held stays, and is seen by whom other rights let."""
        async with borrow(pool) as conn, conn.transaction():
            found = await find_group(conn, sight(), group)
            await delete_group(conn, found)
            await note(conn, "group.erased", group, group=found.key)
        return empty()


def _members(routes: Blueprint, pool: asyncpg.Pool) -> None:
    @routes.get("/<slug:group>/<any(devices, geofences, subscriptions, people):kind>")
    @document_response(MemberList)
    @allow("self", rows=True)
    async def list_members(group: str, kind: Literal[Kind, "people"]) -> Response:
        """List what is in a group; its people and subscriptions are for its managers."""
        async with borrow(pool) as conn:
            action: Action = "see" if kind in ("devices", "geofences") else "people"
            found = await find_group(conn, sight(), group, action)
            members = await select_members(conn, sight(), found, kind)
        return answer(MemberList([MemberAnswer(each.id, each.role) for each in members]))

    @routes.put("/<slug:group>/<any(devices, geofences, subscriptions):kind>/<slug:member>")
    @allow("self", rows=True)
    async def put_in(group: str, kind: Kind, member: str) -> Response:
        """Put a thing into a group: by who manages it there and in one that holds it already, or whose own it is."""
        async with borrow(pool) as conn, conn.transaction():
            found = await find_group(conn, sight(), group)
            noun = NOUNS[kind]
            _check_holds(ACTIONS[noun])
            key = await _find_thing(conn, noun, member)
            if noun == "subscription" and is_own(sight(), noun, key):
                raise Conflict("a person's own subscription is in no group")
            if not is_own(sight(), noun, key):
                await check_action(conn, sight(), ACTIONS[noun], noun, key)
                _check_manager(found, ACTIONS[noun])
            await hold(conn, found.key, noun, key)
            await note(conn, f"group.{noun}_put_in", member, group=found.key)
        return empty()

    @routes.delete("/<slug:group>/<any(devices, geofences, subscriptions):kind>/<slug:member>")
    @allow("self", rows=True)
    async def take_out(group: str, kind: Kind, member: str) -> Response:
        """Take a thing out of a group: by its managers, or by whose own it is."""
        async with borrow(pool) as conn, conn.transaction():
            found = await find_group(conn, sight(), group)
            noun = NOUNS[kind]
            _check_holds(ACTIONS[noun])
            key = await _find_thing(conn, noun, member)
            if not is_own(sight(), noun, key):
                _check_manager(found, ACTIONS[noun])
            await let_go(conn, found.key, noun, key)
            await note(conn, f"group.{noun}_taken_out", member, group=found.key)
        return empty()


def _people(routes: Blueprint, pool: asyncpg.Pool) -> None:
    @routes.put("/<slug:group>/people/<int:person>")
    @document_request(RoleIn)
    @allow("people", rows=True)
    async def put_person_in(group: str, person: int) -> Response:
        """Give a person a role in a group: by an owner, or by a manager of it and of another that the person is in."""
        given = await read_json(RoleIn)
        async with borrow(pool) as conn, conn.transaction():
            found = await find_group(conn, sight(), group, "people")
            await _check_known(conn, person)
            await upsert_person_in(conn, found.key, person, given.role)
            await note(conn, "group.person_put_in", person, group=found.key, role=given.role)
        return empty()

    @routes.delete("/<slug:group>/people/<int:person>")
    @allow("self", rows=True)
    async def take_person_out(group: str, person: int) -> Response:
        """Take a person out of a group: by a manager, or by oneself."""
        token = caller()
        async with borrow(pool) as conn, conn.transaction():
            found = await find_group(conn, sight(), group)
            if token is None or token.person != person:
                _check_manager(found, "people")
            if person > LARGEST_KEY or not await delete_person_from(conn, found.key, person):
                raise NotFound(f"there is no person {person}")
            await note(conn, "group.person_taken_out", person, group=found.key)
        return empty()


async def find_group(conn: asyncpg.Connection, sight: Sight, id: str, action: Action | None = None) -> Group:
    """For a reader: NotFound where it is in no such group, NotAllowed where its role there does not hold the action."""
    found = await select_group(conn, sight, id)
    if found is None:
        raise NotFound(f"there is no group {id}")
    if action is not None and not sight.may_do(action, [found.key]):
        raise NotAllowed
    return found


def _check_holds(action: Action) -> None:
    """Who holds it nowhere is told so whatever the id, and learns of none."""
    if not sight().holds(action):
        raise NotAllowed


def _check_manager(group: Group, action: Action) -> None:
    if not sight().may_do(action, [group.key]):
        raise NotAllowed


async def _find_thing(conn: asyncpg.Connection, noun: Noun, id: str) -> int:
    """The key of what the caller sees. NotFound."""
    if noun == "device":
        return (await find_device(conn, sight(), id)).key
    if noun == "geofence":
        return (await find_geofence(conn, sight(), id)).key
    return (await subscribed(conn, id)).key


async def _check_known(conn: asyncpg.Connection, person: int) -> None:
    """NotFound for a person that the caller has nothing to do with, and for one who is not there, alike."""
    if person > LARGEST_KEY or not await is_in_any(conn, person, find_managed()):
        raise NotFound(f"there is no person {person}")
