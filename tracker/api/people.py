"""People: who signs in here. The first one made is the owner; others are invited into a group."""

from typing import Annotated, Any, Final

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_querystring, document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import address, allow, caller
from tracker.access.passwords import Passwords
from tracker.access.relation import find_managed, own_person, see_person
from tracker.access.rights import is_owner
from tracker.api.edge import Name, Page, answer, clean_name, empty, read_json, read_query
from tracker.errors import Conflict, Invalid, NotAllowed
from tracker.model.person import Person, fault_of_email
from tracker.store.devices import delete_device
from tracker.store.erasures import insert_erasure
from tracker.store.memberships import Membership, select_memberships, select_people_of
from tracker.store.people import (
    delete_person,
    insert_person,
    lock_owners,
    select_own_devices,
    select_people,
    update_password,
    update_person,
)
from tracker.store.pool import borrow
from tracker.store.sessions import delete_sessions
from tracker.store.subscriptions import move_letters
from tracker.words.languages import Language

Email = Annotated[str, msgspec.Meta(max_length=254)]
Password = Annotated[str, msgspec.Meta(max_length=4000)]
LAST_OWNER: Final = "the last owner stays; make somebody else an owner first"


class NewPerson(msgspec.Struct, frozen=True):
    """The first is an owner whatever `owner` says: somebody has to be."""

    email: Email
    password: Password
    name: Name | None = None
    owner: bool = False


class PersonChange(msgspec.Struct, frozen=True):
    """What is absent stays. One's own e-mail address and password need `current`, the password one has."""

    name: Name | None = None
    email: Email | None = None
    password: Password | None = None
    current: Password | None = None
    owner: bool | None = None
    language: Language | None = None


class PeopleQuery(Page, frozen=True):
    after: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class Place(msgspec.Struct, frozen=True):
    """A group, by its id, and what somebody may do in it."""

    id: str
    role: str


class PersonAnswer(msgspec.Struct, frozen=True):
    """`groups`: all of oneself, and of others those that one manages. `language`: in which letters and pushes are
    written."""

    id: int
    email: str
    name: str
    owner: bool
    groups: list[Place]
    language: Language | None


class PeoplePage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the next page; null on the last."""

    people: list[PersonAnswer]
    next: int | None


def blueprint(pool: asyncpg.Pool, passwords: Passwords) -> Blueprint:
    routes = Blueprint("people", __name__, url_prefix="/api/people")

    @routes.get("")
    @document_querystring(PeopleQuery)
    @document_response(PeoplePage)
    @allow("self")
    async def list_people() -> Response:
        """List people: an owner all, a manager those of the groups, everybody oneself."""
        return answer(await _page(pool, read_query(PeopleQuery)))

    @routes.post("")
    @document_request(NewPerson)
    @document_response(PersonAnswer, 201)
    @allow("own")
    async def create_person() -> Response:
        """Make a person who signs in by e-mail address and password; the first is the owner."""
        return await _create(pool, passwords, await read_json(NewPerson))

    @routes.get("/<int:person>")
    @document_response(PersonAnswer)
    @allow("self")
    async def read_person(person: int) -> Response:
        """Show a person."""
        async with borrow(pool) as conn:
            found = await see_person(conn, person)
            return answer(await _tell(conn, found))

    @routes.patch("/<int:person>")
    @document_request(PersonChange)
    @document_response(PersonAnswer)
    @allow("self")
    async def change_person(person: int) -> Response:
        """Change oneself; an owner also names others, and makes them owners or no longer."""
        return await _change(pool, passwords, person, await read_json(PersonChange))

    @routes.delete("/<int:person>")
    @allow("self")
    async def remove_person(person: int) -> Response:
        """Remove oneself, or as an owner somebody else, with one's own devices and where these were; sessions and open
        sockets end at once."""
        async with borrow(pool) as conn:
            async with conn.transaction():
                await _check_removal(conn, person)
            devices = await select_own_devices(conn, person)
            for id in devices:  # years of fixes take longer than a lock may
                await delete_device(conn, id)
            async with conn.transaction():
                found = await _check_removal(conn, person)
                await delete_person(conn, person)
                await note(conn, "person.removed", person)
                await insert_erasure(conn, found, devices)  # what others' rows say goes soon, and nobody waits for it
        return empty()

    return routes


async def _check_removal(conn: asyncpg.Connection, person: int) -> Person:
    """NotFound for who is not oneself, unless an owner asks; Conflict for the last owner. Of two owners who leave at
    once one stays: they are locked until the transaction ends."""
    owners = await lock_owners(conn)
    found = await own_person(conn, person)
    if owners == [person]:
        raise Conflict(LAST_OWNER)
    return found


async def _page(pool: asyncpg.Pool, query: PeopleQuery) -> PeoplePage:
    async with borrow(pool) as conn:
        managed = find_managed()
        own = own_key()
        wanted = None if managed is None else [*await select_people_of(conn, managed), *([own] if own else [])]
        people = await select_people(conn, after=query.after, limit=query.most, among=wanted)
        memberships = await select_memberships(conn, [each.key for each in people])
    last = people[-1].key if len(people) == query.most else None
    return PeoplePage([_make_answer(each, memberships, managed) for each in people], last)


async def _create(pool: asyncpg.Pool, passwords: Passwords, new: NewPerson) -> Response:
    email = check_email(new.email)
    name = clean_name(new.name, "name") if new.name else email
    hashed = await passwords.make(new.password, email)
    async with borrow(pool) as conn, conn.transaction():
        is_first = not await lock_owners(conn)
        person = await insert_person(conn, email, name, hashed, is_owner=new.owner or is_first)
        await note(conn, "person.made", person.key, owner=person.is_owner)
    return answer(_make_answer(person, [], None), 201)


async def _change(pool: asyncpg.Pool, passwords: Passwords, key: int, change: PersonChange) -> Response:
    async with borrow(pool) as conn:
        before = await own_person(conn, key)
    email = check_email(change.email) if change.email is not None else before.email
    if change.name is not None:
        clean_name(change.name, "name")
    if change.owner is not None and not is_owner_calling():
        raise NotAllowed("only an owner says who is one")
    if change.password is not None or email != before.email:
        if key != own_key():
            raise NotAllowed(
                "only oneself changes the e-mail address or the password; an owner makes a link to reset it"
            )
        await passwords.confirm(before, change.current or "", address(request))
    hashed = None if change.password is None else await passwords.make(change.password, email)
    return await _store(pool, key, change, hashed)


async def _store(pool: asyncpg.Pool, key: int, change: PersonChange, hashed: str | None) -> Response:
    """A new password ends the sessions that the former one opened, but for this one."""
    async with borrow(pool) as conn, conn.transaction():
        owners = await lock_owners(conn) if change.owner is False else []
        before = await own_person(conn, key, lock=True)  # again: it took a while to look at the password
        after = Person(
            key,
            before.email if change.email is None else change.email,
            before.name if change.name is None else change.name,
            before.is_owner if change.owner is None else change.owner,
            before.language if change.language is None else change.language,
        )
        if owners == [key] and not after.is_owner:
            raise Conflict(LAST_OWNER)
        await update_person(conn, after)
        if after.email != before.email:
            await move_letters(conn, key, after.email)
        if hashed is not None:
            token = caller()
            await update_password(conn, key, hashed)
            await delete_sessions(conn, key, but=token.session if token else None)
        told = await _tell(conn, after)
        await note(conn, "person.changed", key, **_find_changes(before, after), password=hashed is not None)
    return answer(told)


def _find_changes(before: Person, after: Person) -> dict[str, bool]:
    """What became of it, without saying what it was: names and addresses end with the person, and this stays."""
    return {
        "name": after.name != before.name,
        "email": after.email != before.email,
        "owner": after.is_owner,
    }


async def _tell(conn: asyncpg.Connection, person: Person) -> PersonAnswer:
    memberships = await select_memberships(conn, [person.key])
    return _make_answer(person, memberships, find_managed())


def _make_answer(person: Person, memberships: list[Membership], managed: list[int] | None) -> PersonAnswer:
    is_told = managed is None or person.key == own_key()
    groups = [
        Place(each.group, each.role)
        for each in memberships
        if each.person == person.key and (is_told or each.key in (managed or ()))
    ]
    language: Any = person.language  # the table holds none that is not known
    return PersonAnswer(person.key, person.email, person.name, person.is_owner, groups, language)


def check_email(text: str) -> str:
    if (fault := fault_of_email(text)) is not None:
        raise Invalid(f"email: {fault}", field="email")
    return text


def own_key() -> int | None:
    token = caller()
    return token.person if token else None


def is_owner_calling() -> bool:
    token = caller()
    return token is not None and is_owner(token)
