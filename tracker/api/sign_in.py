"""Sign-in: how a browser signs in and out, and who it is."""

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.gate import Gate
from tracker.access.guard import address, allow, caller, check_origin, public
from tracker.access.passwords import Passwords
from tracker.access.rights import is_owner
from tracker.access.sign_ins import open_sign_in
from tracker.api.cookie import close_former, delete_cookie, open_for, set_cookie
from tracker.api.edge import answer, empty, read_json
from tracker.errors import Invalid, NotSignedIn
from tracker.model.token import Token, TokenKind
from tracker.store.devices import select_device_by_key
from tracker.store.memberships import select_memberships
from tracker.store.people import has_people
from tracker.store.pool import borrow


class SignIn(msgspec.Struct, frozen=True):
    """One of the three: a token; the code of a sign-in link, which works once; a person's e-mail address with the
    password."""

    token: str | None = None
    link: str | None = None
    email: str | None = None
    password: str | None = None


class Doors(msgspec.Struct, frozen=True):
    """By which ways one comes in here. `people`: there are some, who have passwords; `mail`: who forgot one can
    ask for a link."""

    people: bool
    mail: bool


class Role(msgspec.Struct, frozen=True):
    """A group, by its id, and what one may do in it."""

    id: str
    role: str


class Me(msgspec.Struct, frozen=True):
    """Who is calling. `device` is the id of the one device a device token stands for, `person` the number of a person;
    `owner`: the installation is the caller's."""

    kind: TokenKind
    name: str
    device: str | None
    person: int | None = None
    owner: bool = False
    groups: list[Role] = []


def blueprint(gate: Gate, passwords: Passwords, *, mails: bool) -> Blueprint:
    routes = Blueprint("sign_in", __name__, url_prefix="/api")

    @routes.get("/doors")
    @document_response(Doors)
    @public
    async def show_doors() -> Response:
        """Say by which ways one signs in here."""
        async with borrow(gate.pool) as conn:
            return answer(Doors(await has_people(conn), mails))

    @routes.post("/session")
    @document_request(SignIn)
    @document_response(Me, 201)
    @public
    async def sign_in() -> Response:
        """Sign in with a token, by a link, or with e-mail address and password; the answer sets a cookie."""
        if "Origin" in request.headers:
            check_origin(gate, request)
        shown = await read_json(SignIn)
        if shown.email is not None:
            return await _sign_in_person(gate, passwords, shown)
        return await _sign_in(gate, shown)

    @routes.delete("/session")
    @allow("self")
    async def sign_out() -> Response:
        """Sign out; the open sockets of this session end."""
        await close_former(gate)
        return delete_cookie(empty())

    @routes.get("/me")
    @document_response(Me)
    @allow("self")
    async def who_am_i() -> Response:
        """Say whose token this is."""
        token = caller()
        if token is None:
            raise NotSignedIn
        return answer(await tell_me(gate, token))

    return routes


async def _sign_in_person(gate: Gate, passwords: Passwords, shown: SignIn) -> Response:
    if shown.email is None or shown.password is None or shown.token is not None or shown.link is not None:
        raise Invalid("password: it goes with an e-mail address, and with nothing else", field="password")
    person, hashed = await passwords.admit(shown.email, shown.password, address(request))
    return await let_in(gate, person.key, hashed)


async def let_in(gate: Gate, person: int, password: str | None) -> Response:
    """Who comes in, and the cookie. `password`: the hash that was looked at."""
    secret, token = await open_for(gate, person, password)
    return set_cookie(answer(await tell_me(gate, token), 201), secret)


async def _sign_in(gate: Gate, shown: SignIn) -> Response:
    token = await _admitted(gate, shown)
    await close_former(gate)
    async with borrow(gate.pool) as conn:
        secret = await open_sign_in(conn, token, gate.admin_token)
    return set_cookie(answer(await tell_me(gate, token), 201), secret)


async def _admitted(gate: Gate, shown: SignIn) -> Token:
    if shown.link is not None and shown.token is None:
        return await gate.redeem(shown.link, address(request))
    if shown.token is None or shown.link is not None:
        raise Invalid("token: either a token or a link", field="token")
    return await gate.admit(shown.token, address(request))


async def tell_me(gate: Gate, token: Token) -> Me:
    groups: list[Role] = []
    device = None
    async with borrow(gate.pool) as conn:
        if token.device is not None:
            device = await select_device_by_key(conn, token.device)
        if token.person is not None:
            groups = [Role(each.group, each.role) for each in await select_memberships(conn, [token.person])]
    return Me(token.kind, token.name, device.id if device else None, token.person, is_owner(token), groups)
