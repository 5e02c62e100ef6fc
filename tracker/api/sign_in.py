"""Sign-in: how a browser signs in and out, and who it is."""

from typing import TYPE_CHECKING, Any

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.gate import Gate
from tracker.access.guard import address, allow, caller, check_origin, public
from tracker.access.passkeys import Passkeys
from tracker.access.passwords import Passwords
from tracker.access.rights import is_owner
from tracker.access.sharing import check_password, find_link, give_bearer
from tracker.access.sign_ins import open_sign_in
from tracker.api.cookie import LONGEST_PROGRAM, close_former, delete_cookie, open_for, read_petitioner, set_cookie
from tracker.api.edge import answer, empty, read_json
from tracker.errors import Invalid, NotFound, NotSignedIn, TooMany
from tracker.links.grid import measure_cell
from tracker.links.room import LinkRoom
from tracker.links.rooms import Rooms
from tracker.model.moment import format_ms, from_datetime
from tracker.model.person import Proof
from tracker.model.token import Token, TokenKind
from tracker.store.devices import select_device_by_key
from tracker.store.memberships import select_memberships
from tracker.store.passkeys import has_passkeys
from tracker.store.people import has_people
from tracker.store.pool import borrow

if TYPE_CHECKING:
    from tracker.access.provider import OidcProvider  # imported where the operator named one


class SignIn(msgspec.Struct, frozen=True):
    """One of the five: a token; the code of a sign-in link, which works once; a person's e-mail address with the
    password, and the `code` of the authenticator app or a recovery code where the second factor is on; what a passkey
    signed, by its `toJSON()`, of the options that were asked for; the code of a sharing link, with its password where
    it has one."""

    token: str | None = None
    link: str | None = None
    email: str | None = None
    password: str | None = None
    code: str | None = None
    share: str | None = None
    passkey: dict[str, Any] | None = None


class Doors(msgspec.Struct, frozen=True):
    """By which ways one comes in here. `people`: there are some, who have passwords; `mail`: who forgot one can ask for
    a link; `passkeys`: somebody has one; `provider`: what the OpenID Connect provider is called, null for none."""

    people: bool
    mail: bool
    passkeys: bool
    provider: str | None = None


class Role(msgspec.Struct, frozen=True):
    """A group, by its id, and what one may do in it."""

    id: str
    role: str


class Opened(msgspec.Struct, frozen=True):
    """What opens a sharing link: a bearer for the live stream, positions, tracks and /api/me."""

    token: str
    expires: str


class SharedWith(msgspec.Struct, frozen=True):
    """What a sharing link shows: what was measured from `from` on, `delay` seconds after it came, in cells of `blur`
    metres (0: exact), with `trail` seconds of the past. `live` false: only the past. `frames`: the origins of pages
    that may frame it; null: any."""

    name: str
    from_: str = msgspec.field(name="from")
    until: str
    live: bool
    delay: float
    blur: int
    trail: float | None
    hides: bool
    devices: list[str]
    frames: list[str] | None


class Me(msgspec.Struct, frozen=True):
    """Who is calling. `device` is the id of the one device a device token stands for, `person` the number of a person;
    `owner`: the installation is the caller's."""

    kind: TokenKind
    name: str
    device: str | None
    person: int | None = None
    owner: bool = False
    groups: list[Role] = []
    share: SharedWith | None = None  # where the caller opened a sharing link


def blueprint(
    gate: Gate, passwords: Passwords, passkeys: Passkeys, links: Rooms, *, provider: "OidcProvider | None", mails: bool
) -> Blueprint:
    routes = Blueprint("sign_in", __name__, url_prefix="/api")

    @routes.get("/doors")
    @document_response(Doors)
    @public
    async def show_doors() -> Response:
        """Say by which ways one signs in here."""
        async with borrow(gate.pool) as conn:
            return answer(
                Doors(await has_people(conn), mails, await has_passkeys(conn), provider.name if provider else None)
            )

    @routes.post("/session")
    @document_request(SignIn)
    @document_response(Me, 201)
    @public
    async def sign_in() -> Response:
        """Sign in with a token, by a link, or with e-mail address and password; the answer sets a cookie. Or open a
        sharing link: the answer has a bearer and sets none."""
        shown = await read_json(SignIn)
        if shown.share is not None:
            return await _open_link(gate, passwords, links, shown)
        if "Origin" in request.headers:
            check_origin(gate, request)
        if shown.passkey is not None:
            return await _sign_in_by_passkey(gate, passkeys, shown)
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
    @allow("self", links=True)
    async def who_am_i() -> Response:
        """Say whose token this is."""
        token = caller()
        if token is None:
            raise NotSignedIn
        if token.kind == "link":
            return answer(_tell_shared(token, await links.find(token)))
        return answer(await tell_me(gate, token))

    return routes


async def _open_link(gate: Gate, passwords: Passwords, links: Rooms, shown: SignIn) -> Response:
    """A browser that is signed in opens it as anybody does, and stays who it is: a cookie says nothing here."""
    if shown.share is None or shown.token is not None or shown.link is not None or shown.email is not None:
        raise Invalid("share: it goes with a password at most", field="share")
    try:
        share = await find_link(gate.pool, gate.sights, shown.share)
    except NotFound as error:
        raise gate.count_failure(address(request), error) from None
    await check_password(passwords.hashing, passwords.tries, share, shown.password, address(request))
    if links.count_viewers(share.key) >= share.max_viewers:
        raise TooMany("as many are looking at this link as may", retry_after=30.0)
    program = request.headers.get("User-Agent", "")[:LONGEST_PROGRAM]
    opened = await give_bearer(gate.pool, share, address(request), program)
    return answer(Opened(opened.token, format_ms(from_datetime(opened.expires))), 201)


def _tell_shared(token: Token, room: LinkRoom) -> Me:
    share, veil = room.share, room.veil
    shown = SharedWith(
        share.name,
        format_ms(veil.since),
        format_ms(from_datetime(share.until)),
        veil.received is None,
        veil.delay / 1e6,
        0 if veil.level is None else measure_cell(veil.level),
        None if veil.trail is None else veil.trail / 1000,
        bool(veil.holes),
        sorted(room.shown),
        None if share.frames is None else list(share.frames),
    )
    return Me(token.kind, share.name, None, share=shown)


async def _sign_in_person(gate: Gate, passwords: Passwords, shown: SignIn) -> Response:
    if shown.email is None or shown.password is None or shown.token is not None or shown.link is not None:
        raise Invalid("password: it goes with an e-mail address, and with nothing else", field="password")
    return await let_in(gate, await passwords.admit(shown.email, shown.password, address(request), shown.code))


async def _sign_in_by_passkey(gate: Gate, passkeys: Passkeys, shown: SignIn) -> Response:
    """No second factor is asked for: it was unlocked by a finger, a face or a PIN."""
    if shown.passkey is None or (shown.token or shown.link or shown.email or shown.password) is not None:
        raise Invalid("passkey: it goes with nothing else", field="passkey")
    petitioner = read_petitioner(gate)
    try:
        proof = await passkeys.admit(shown.passkey, petitioner)
    except NotSignedIn as error:
        raise gate.count_failure(address(request), error) from None
    return await let_in(gate, proof)


async def let_in(gate: Gate, proof: Proof) -> Response:
    """Who comes in, and the cookie."""
    secret, token = await open_for(gate, proof)
    return set_cookie(answer(await tell_me(gate, token), 201), secret)


async def _sign_in(gate: Gate, shown: SignIn) -> Response:
    token = await _admitted(gate, shown)
    await close_former(gate)
    async with borrow(gate.pool) as conn:
        secret = await open_sign_in(conn, token, gate.admin_token, gate.bounds.sessions)
    return set_cookie(answer(await tell_me(gate, token), 201), secret)


async def _admitted(gate: Gate, shown: SignIn) -> Token:
    if shown.link is not None and shown.token is None:
        return await gate.redeem(shown.link, address(request))
    if shown.token is None or shown.link is not None:
        raise Invalid("token: either a token or a link", field="token")
    token = await gate.admit(shown.token, address(request))
    if token.kind == "link":
        raise gate.count_failure(address(request), NotSignedIn())  # it opens one link, and no session
    return token


async def tell_me(gate: Gate, token: Token) -> Me:
    groups: list[Role] = []
    device = None
    async with borrow(gate.pool) as conn:
        if token.device is not None:
            device = await select_device_by_key(conn, token.device)
        if token.person is not None:
            groups = [Role(each.group, each.role) for each in await select_memberships(conn, [token.person])]
    return Me(token.kind, token.name, device.id if device else None, token.person, is_owner(token), groups)
