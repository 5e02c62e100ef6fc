"""Invitations: how others come in. A link for one person, into one group, with a role."""

from typing import Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.audit import note, note_of
from tracker.access.codes import make_invitation
from tracker.access.gate import Gate
from tracker.access.guard import allow, caller, public
from tracker.access.passwords import Passwords
from tracker.access.relation import find_managed
from tracker.access.tokens import digest
from tracker.alerts.postbox import Postbox, invite
from tracker.api.cookie import find_base, look_for_holder, refuse_code
from tracker.api.edge import Name, Slug, answer, clean_name, read_json
from tracker.api.people import Email, Password, check_email
from tracker.api.sign_in import Me, let_in, tell_me
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.model.moment import format_ms, from_datetime
from tracker.model.names import fault_of_name
from tracker.model.person import Person, Proof
from tracker.store.invitations import Invitation, select_invitation, use_invitation
from tracker.store.memberships import is_manager, join_group, select_place
from tracker.store.people import insert_person, select_language, select_person_by_email
from tracker.store.pool import borrow

GONE: Final = "this invitation was used, was taken back, or is too old; ask for a new one"


class NewInvitation(msgspec.Struct, frozen=True):
    email: Email
    group: Slug
    role: Literal["viewer", "dispatcher", "manager"]


class InvitationAnswer(msgspec.Struct, frozen=True):
    """`link` is shown once. `mailed`: it is also on its way to the address."""

    link: str
    expires: str
    mailed: bool


class CodeShown(msgspec.Struct, frozen=True):
    code: str


class InvitationShown(msgspec.Struct, frozen=True):
    """What one is invited to. `account`: this address has one, so sign in first."""

    email: str
    group: str
    name: str
    role: str
    account: bool


class Acceptance(msgspec.Struct, frozen=True):
    """`name` and `password` of the new account; neither where one is signed in."""

    code: str
    name: Name | None = None
    password: Password | None = None


def blueprint(gate: Gate, pool: asyncpg.Pool, passwords: Passwords, postbox: Postbox | None) -> Blueprint:
    routes = Blueprint("invitations", __name__, url_prefix="/api/invitations")

    @routes.post("")
    @document_request(NewInvitation)
    @document_response(InvitationAnswer, 201)
    @allow("self")
    async def create_invitation() -> Response:
        """Invite somebody into a group; the link works once."""
        return await _create(gate, pool, postbox, await read_json(NewInvitation))

    @routes.post("/show")
    @document_request(CodeShown)
    @document_response(InvitationShown)
    @public
    async def show_invitation() -> Response:
        """Say what an invitation is to, without using it."""
        shown = await read_json(CodeShown)
        async with borrow(pool) as conn:
            found = await select_invitation(conn, digest(shown.code))
            if found is None:
                raise refuse_code(gate, GONE)
            account = await select_person_by_email(conn, found.email) is not None
        return answer(InvitationShown(found.email, found.group, found.group_name, found.role, account))

    @routes.post("/accept")
    @document_request(Acceptance)
    @document_response(Me, 201)
    @public
    async def accept_invitation() -> Response:
        """Join: as who is signed in, or with a new account, which the answer's cookie signs in."""
        return await _accept(gate, pool, passwords, await read_json(Acceptance))

    return routes


async def _create(gate: Gate, pool: asyncpg.Pool, postbox: Postbox | None, new: NewInvitation) -> Response:
    email, token = check_email(new.email), caller()
    assert token is not None
    async with borrow(pool) as conn, conn.transaction():
        place = await select_place(conn, new.group, token.person)
        managed = find_managed()
        if place is None or (managed is not None and place.key not in managed and place.role is None):
            raise NotFound(f"there is no group {new.group}")
        if managed is not None and place.key not in managed:
            raise NotAllowed("a manager of the group invites into it")
        by_token = (token.id or None) if token.person is None else None
        wanted = Invitation(email, place.key, new.group, place.name, new.role, token.person, by_token)
        code = await make_invitation(conn, wanted)
        language = await select_language(conn, email, token.person)
        await note(conn, "person.invited", new.group, group=place.key, role=new.role)
    is_mailed = postbox is not None and postbox.offer_letter(
        invite(email, place.name, postbox.link_to("invitation", code.secret), language)
    )
    link = f"{find_base(gate)}/#invitation={code.secret}"
    return answer(InvitationAnswer(link, format_ms(from_datetime(code.ends)), is_mailed), 201)


async def _accept(gate: Gate, pool: asyncpg.Pool, passwords: Passwords, given: Acceptance) -> Response:
    holder = await look_for_holder(gate)
    if holder is not None and holder.person is not None:
        async with borrow(pool) as conn, conn.transaction():
            await _join(conn, gate, given.code, holder.person)
        return answer(await tell_me(gate, holder), 201)
    async with borrow(pool) as conn:
        found = await select_invitation(conn, digest(given.code))
        if found is None:
            raise refuse_code(gate, GONE)
        if await select_person_by_email(conn, found.email) is not None:
            raise Conflict("this e-mail address has an account; sign in first, then open the link again")
    if given.name is None or given.password is None:
        raise Invalid("name and password: a new account has both", field="password" if given.name else "name")
    name = clean_name(given.name, "name")
    hashed = await passwords.make(given.password, found.email)
    async with borrow(pool) as conn, conn.transaction():
        person = await admit_invited(conn, gate, given.code, name, hashed)
    return await let_in(gate, Proof(person.key, 0))


async def admit_invited(
    conn: asyncpg.Connection, gate: Gate, code: str, name: str, password: str | None = None
) -> Person:
    """A new account, in a transaction; with its `password`, a hash, or for who signs in otherwise without."""
    found = await select_invitation(conn, digest(code))
    if found is None:
        raise refuse_code(gate, GONE)
    name = found.email if fault_of_name(name) else name
    person = await insert_person(conn, found.email, name, password, is_owner=False)
    await _join(conn, gate, code, person.key)
    return person


async def _join(conn: asyncpg.Connection, gate: Gate, code: str, person: int) -> None:
    """The invitation is worth what its maker may still do."""
    found = await select_invitation(conn, digest(code), lock=True)
    if found is None or (found.by_person is not None and not await is_manager(conn, found.in_group, found.by_person)):
        raise refuse_code(gate, GONE)
    await use_invitation(conn, digest(code))
    await join_group(conn, found.in_group, person, found.role)
    await note_of(conn, person, "person.joined", found.group, group=found.in_group, role=found.role)
