"""OpenID Connect: people sign in at their company's provider, join by it, or bind it to their account."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import asyncpg
import msgspec
from quart import Blueprint, Response, redirect, request
from quart_schema import document_querystring, document_request, document_response

from tracker.access.audit import note, note_of
from tracker.access.begun import read_answer
from tracker.access.gate import Gate
from tracker.access.guard import address, allow, check_origin, public
from tracker.access.passwords import Passwords
from tracker.access.relation import own_person
from tracker.access.sealed import COOKIE, LIFETIME, Purpose, Seal
from tracker.api.cookie import find_base, look_for_holder, open_for, set_cookie
from tracker.api.edge import answer, below, empty, read_json
from tracker.api.invitations import admit_invited
from tracker.api.people import Password
from tracker.errors import Conflict, Invalid, NotFound, NotSignedIn, ProviderDown, TrackerError
from tracker.model.moment import format_if_any, format_ms, from_datetime
from tracker.model.person import Proof
from tracker.model.subject import OidcSubject
from tracker.store.identities import (
    Bond,
    delete_identity,
    has_another_way,
    insert_identity,
    select_identities,
    use_identity,
)
from tracker.store.people import select_person
from tracker.store.pool import borrow
from tracker.store.sessions import select_ended

if TYPE_CHECKING:
    from tracker.access.provider import OidcProvider  # imported where the operator named one

NONE: Final = "no OpenID Connect provider is set up here"
# What the page is told of a sign-in that came to nothing: one word each, so that nothing of a stranger's gets into it.
WORDS: Final[Mapping[type[TrackerError], str]] = {
    NotFound: "unknown",
    Conflict: "taken",
    ProviderDown: "down",
    NotSignedIn: "refused",
}


class SignInThere(msgspec.Struct, frozen=True):
    """Nothing: to sign in. `invitation`: the code of one, to join by it. `current`: one's password, to bind the
    identity to the account one is signed in with."""

    invitation: str | None = None
    current: Password | None = None


class There(msgspec.Struct, frozen=True):
    """Where the browser is to go, at the provider."""

    url: str


class CameBack(msgspec.Struct, frozen=True):
    """What the provider sends along."""

    state: str = ""
    code: str | None = None
    iss: str | None = None
    error: str | None = None


class BondAnswer(msgspec.Struct, frozen=True):
    """`shown`: by which its person knows it, an e-mail address or a name."""

    id: int
    issuer: str
    shown: str
    made_at: str
    used_at: str | None


class BondList(msgspec.Struct, frozen=True):
    identities: list[BondAnswer]


def blueprint(
    gate: Gate, pool: asyncpg.Pool, passwords: Passwords, provider: "OidcProvider | None", seal: Seal
) -> Blueprint:
    routes = Blueprint("oidc", __name__, url_prefix="/api")

    @routes.post("/oidc/start")
    @document_request(SignInThere)
    @document_response(There)
    @public
    async def start() -> Response:
        """Begin to sign in at the provider; the answer sets a cookie by which this browser is known when it comes
        back."""
        wanted = await read_json(SignInThere)
        if provider is None:
            raise NotFound(NONE)
        if "Origin" in request.headers:
            check_origin(gate, request)
        person, session = await _find_holder(gate, passwords, wanted)
        begun, url = await provider.begin(f"{find_base(gate)}/api/oidc/callback")
        response = answer(There(url))
        sealed = seal.close(Purpose(begun, person, session, wanted.invitation))
        # Lax, for the browser comes back from elsewhere; it says nothing of who one is.
        response.set_cookie(
            COOKIE,
            sealed,
            max_age=LIFETIME,
            path=f"{below()}/api/oidc",
            httponly=True,
            samesite="Lax",
            secure=begun.redirect.startswith("https:"),
        )
        return response

    @routes.get("/oidc/callback")
    @document_querystring(CameBack)
    @public
    async def come_back() -> Response:
        """Where the provider sends the browser back to. It goes on to the page, and nowhere else, whatever came."""
        if provider is None:
            raise NotFound(NONE)
        purpose = seal.open(request.cookies.get(COOKIE))
        try:
            response = await _finish(gate, pool, provider, purpose)
        except TrackerError as error:
            if not isinstance(error, ProviderDown):
                gate.count_failure(address(request), error)
            response = _go_on(next((word for kind, word in WORDS.items() if isinstance(error, kind)), "refused"))
        response.delete_cookie(COOKIE, path=f"{below()}/api/oidc", httponly=True, samesite="Lax")
        return response

    _lists(routes, pool)
    return routes


def _lists(routes: Blueprint, pool: asyncpg.Pool) -> None:
    @routes.get("/people/<int:person>/identities")
    @document_response(BondList)
    @allow("self")
    async def list_identities(person: int) -> Response:
        """List who a person is at the provider."""
        async with borrow(pool) as conn:
            await own_person(conn, person)
            return answer(BondList([_make_answer(each) for each in await select_identities(conn, person)]))

    @routes.delete("/people/<int:person>/identities/<int:identity>")
    @allow("self")
    async def erase_identity(person: int, identity: int) -> Response:
        """End such a bond; it signs in no more. The last way to sign in stays."""
        async with borrow(pool) as conn, conn.transaction():
            await own_person(conn, person, lock=True)
            if identity < 2**31 and not await has_another_way(conn, person, identity):
                raise Conflict("it is the only way by which this person signs in")
            if identity >= 2**31 or not await delete_identity(conn, person, identity):
                raise NotFound(f"there is no identity {identity}")
            await note(conn, "identity.removed", person)
        return empty()


async def _find_holder(gate: Gate, passwords: Passwords, wanted: SignInThere) -> tuple[int | None, int | None]:
    """To whom the identity is to be bound, with the session that asks; the password is asked for, since a browser left
    open is not enough to add a way in."""
    if wanted.current is None:
        return None, None
    if wanted.invitation is not None:
        raise Invalid("current: it does not go with an invitation", field="current")
    holder = await look_for_holder(gate)
    if holder is None or holder.person is None:
        raise NotSignedIn
    async with borrow(gate.pool) as conn:
        person = await select_person(conn, holder.person)
    if person is None:
        raise NotSignedIn
    await passwords.confirm(person, wanted.current, address(request))
    return holder.person, holder.session


async def _finish(gate: Gate, pool: asyncpg.Pool, provider: "OidcProvider", purpose: Purpose | None) -> Response:
    code = read_answer(request.args, purpose.begun if purpose else None)
    assert purpose is not None  # read_answer refuses what nobody began
    who = await provider.finish(purpose.begun, code, request.args.get("iss"))
    if purpose.person is not None:
        await _bind(pool, purpose, who)
        return _go_on("bound")
    async with borrow(pool) as conn:
        proof = await use_identity(conn, who)
    if proof is None and purpose.invitation is not None:
        proof = await _join(gate, pool, purpose.invitation, who)
    if proof is None:
        raise NotFound("nobody here is bound to this identity")
    secret, _ = await open_for(gate, proof)
    return set_cookie(_go_on(None), secret, secure=purpose.begun.redirect.startswith("https:"))


async def _bind(pool: asyncpg.Pool, purpose: Purpose, who: OidcSubject) -> None:
    """To the person who began it, while that session lasts."""
    assert purpose.person is not None
    async with borrow(pool) as conn, conn.transaction():
        if purpose.session is None or await select_ended(conn, [purpose.session]):
            raise NotSignedIn("the session has ended meanwhile")
        await insert_identity(conn, purpose.person, who)
        await note_of(conn, purpose.person, "identity.bound", purpose.person)


async def _join(gate: Gate, pool: asyncpg.Pool, code: str, who: OidcSubject) -> Proof:
    """A new account, with the invitation's e-mail address: what the provider says of one's address is not asked."""
    async with borrow(pool) as conn, conn.transaction():
        person = await admit_invited(conn, gate, code, who.name)
        await insert_identity(conn, person.key, who)
    return Proof(person.key, 0)


def _go_on(word: str | None) -> Response:
    """To the page, with a word for it behind the #."""
    made = redirect(f"{below()}/#oidc={word}" if word else f"{below()}/", 303)
    assert isinstance(made, Response)
    return made


def _make_answer(bond: Bond) -> BondAnswer:
    made, used = bond.made_at, bond.used_at
    return BondAnswer(
        bond.id,
        bond.issuer,
        bond.shown,
        format_ms(from_datetime(made)),
        format_if_any(used),
    )
