"""A person's second factor: turned on with a code, off with password and code, or by an owner for who lost both."""

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import address, allow, caller
from tracker.access.passwords import Passwords
from tracker.access.relation import check_self, own_person
from tracker.api.edge import answer, empty, read_json
from tracker.api.people import Password, own_key
from tracker.errors import NotAllowed, NotFound
from tracker.model.totp import make_url
from tracker.store.pool import borrow
from tracker.store.second_factors import delete_second_factor, select_second_factor
from tracker.store.sessions import delete_sessions

NONE = "there is no second factor"


class FactorAnswer(msgspec.Struct, frozen=True):
    """Whether it is on, and how many recovery codes are left."""

    on: bool
    recovery_codes: int


class NewFactor(msgspec.Struct, frozen=True):
    """`current`: the password."""

    current: Password


class FactorSecret(msgspec.Struct, frozen=True):
    """For the app: `url` as a QR code, `secret` for who types it. Shown once; off until a code of it is shown."""

    secret: str
    url: str


class CodeGiven(msgspec.Struct, frozen=True):
    code: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Shown once. Each signs in once in place of a code of the app."""

    recovery_codes: list[str]


class FactorOff(msgspec.Struct, frozen=True):
    """`code`: of the app, or a recovery code."""

    current: Password
    code: str


def blueprint(pool: asyncpg.Pool, passwords: Passwords) -> Blueprint:
    routes = Blueprint("second_factor", __name__, url_prefix="/api/people/<int:person>/second-factor")

    @routes.get("")
    @document_response(FactorAnswer)
    @allow("self")
    async def read_factor(person: int) -> Response:
        """Say whether a person's second factor is on."""
        async with borrow(pool) as conn:
            await own_person(conn, person)
            found = await select_second_factor(conn, person)
        is_on = found is not None and found.is_on
        return answer(FactorAnswer(is_on, found.left if found and is_on else 0))

    @routes.post("")
    @document_request(NewFactor)
    @document_response(FactorSecret, 201)
    @allow("self")
    async def begin_factor(person: int) -> Response:
        """Make the secret for an authenticator app."""
        shown = await read_json(NewFactor)
        async with borrow(pool) as conn:
            self = await check_self(conn, person)
        await passwords.confirm(self, shown.current, address(request))
        async with borrow(pool) as conn:
            secret = await passwords.factor.begin(conn, person)
        url = make_url(secret, self.email, request.host)
        return answer(FactorSecret(url.partition("secret=")[2].partition("&")[0], url), 201)

    @routes.put("")
    @document_request(CodeGiven)
    @document_response(RecoveryCodes)
    @allow("self")
    async def turn_on(person: int) -> Response:
        """Turn it on with the first code; other sessions of the person end."""
        shown = await read_json(CodeGiven)
        async with borrow(pool) as conn:
            await check_self(conn, person)
        token = caller()
        async with borrow(pool) as conn, conn.transaction():
            codes = await passwords.factor.turn_on(conn, person, shown.code)
            await delete_sessions(conn, person, but=token.session if token else None)
            await note(conn, "second_factor.on", person)
        return answer(RecoveryCodes(list(codes)))

    _removals(routes, pool, passwords)
    return routes


def _removals(routes: Blueprint, pool: asyncpg.Pool, passwords: Passwords) -> None:
    @routes.post("/off")
    @document_request(FactorOff)
    @allow("self")
    async def turn_off(person: int) -> Response:
        """Turn one's own off, with password and code."""
        shown = await read_json(FactorOff)
        async with borrow(pool) as conn:
            self = await check_self(conn, person)
        await passwords.confirm(self, shown.current, address(request))
        await passwords.factor.turn_off(person, shown.code)
        async with borrow(pool) as conn, conn.transaction():
            await note(conn, "second_factor.off", person)
        return empty()

    @routes.delete("")
    @allow("self")
    async def reset_factor(person: int) -> Response:
        """Turn it off for a person who lost app and recovery codes, as an owner."""
        async with borrow(pool) as conn, conn.transaction():
            await own_person(conn, person)
            if person == own_key():
                raise NotAllowed("one's own is turned off with password and code")
            if not await delete_second_factor(conn, person):
                raise NotFound(NONE)
            await note(conn, "second_factor.reset", person)
        return empty()
