"""A new password for who has forgotten the old one: a link by mail, or from an owner."""

from datetime import timedelta
from typing import Final

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.audit import note, note_of
from tracker.access.codes import RESET, make_reset
from tracker.access.gate import Gate
from tracker.access.guard import address, allow, public
from tracker.access.passwords import Passwords
from tracker.access.relation import see_person
from tracker.access.tokens import digest
from tracker.alerts.postbox import Letter, Postbox, offer_reset
from tracker.api.cookie import find_base, refuse_code
from tracker.api.edge import answer, empty, read_json
from tracker.api.people import Email, Password, check_email
from tracker.errors import Invalid
from tracker.model.moment import format_ms, from_datetime
from tracker.store.invitations import has_fresh_reset, has_password_reset, use_password_reset
from tracker.store.people import select_person, select_person_by_email, update_password
from tracker.store.pool import borrow
from tracker.store.sessions import delete_sessions

PAUSE: Final = timedelta(minutes=5)  # between two letters to one address: nobody's mailbox is filled by us
GONE: Final = "this link was used, or is too old; ask for a new one"


class WantedReset(msgspec.Struct, frozen=True):
    email: Email


class Accepted(msgspec.Struct, frozen=True):
    """The same whether there is such an account or not."""

    mailed: bool


class NewPassword(msgspec.Struct, frozen=True):
    code: str
    password: Password


class ResetAnswer(msgspec.Struct, frozen=True):
    """`link` is shown once, to be handed to the person."""

    link: str
    expires: str


def blueprint(gate: Gate, pool: asyncpg.Pool, passwords: Passwords, postbox: Postbox | None) -> Blueprint:
    routes = Blueprint("password_resets", __name__, url_prefix="/api")

    @routes.post("/password-resets")
    @document_request(WantedReset)
    @document_response(Accepted, 202)
    @public
    async def request_reset() -> Response:
        """Send a link for a new password to an e-mail address, if it has an account here."""
        return await _request(pool, passwords, postbox, await read_json(WantedReset))

    @routes.post("/password-resets/accept")
    @document_request(NewPassword)
    @public
    async def accept_reset() -> Response:
        """Set the new password; all sessions of the person end."""
        return await _accept(gate, pool, passwords, await read_json(NewPassword))

    @routes.post("/people/<int:person>/reset")
    @document_response(ResetAnswer, 201)
    @allow("own")
    async def make_reset_link(person: int) -> Response:
        """Make a link by which a person sets a new password; an owner hands it over."""
        async with borrow(pool) as conn, conn.transaction():
            found = await see_person(conn, person)
            code = await make_reset(conn, found.key)
            await note(conn, "password.link_made", person)
        link = f"{find_base(gate)}/#password={code.secret}"
        return answer(ResetAnswer(link, format_ms(from_datetime(code.ends))), 201)

    return routes


async def _request(pool: asyncpg.Pool, passwords: Passwords, postbox: Postbox | None, wanted: WantedReset) -> Response:
    if postbox is None:
        raise Invalid("this server sends no mail; ask its owner for a link", field="email")
    email = check_email(wanted.email)
    passwords.letters.begin(email, address(request))

    async def write() -> Letter | None:
        async with borrow(pool) as conn, conn.transaction():
            if (found := await select_person_by_email(conn, email)) is None:
                return None
            if await has_fresh_reset(conn, found.key, RESET - PAUSE):
                return None
            code = await make_reset(conn, found.key)
        return offer_reset(found.email, postbox.link_to("password", code.secret), found.language)

    return answer(Accepted(postbox.offer(write)), 202)


async def _accept(gate: Gate, pool: asyncpg.Pool, passwords: Passwords, given: NewPassword) -> Response:
    """The password is hashed before the link is used, so that no connection waits for it and a weak one uses none up;
    and not without a link, for that would be a stranger's to ask for."""
    async with borrow(pool) as conn:
        if not await has_password_reset(conn, digest(given.code)):
            raise refuse_code(gate, GONE)
    hashed = await passwords.make(given.password, "")
    async with borrow(pool) as conn, conn.transaction():
        key = await use_password_reset(conn, digest(given.code))
        person = None if key is None else await select_person(conn, key, lock=True)
        if person is None:
            raise refuse_code(gate, GONE)
        await update_password(conn, person.key, hashed)
        await delete_sessions(conn, person.key)
        await note_of(conn, person.key, "password.reset", person.key)
    return empty()
