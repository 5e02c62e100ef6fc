"""Sign-in: how a browser signs in and out, and who it is."""

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.gate import Gate
from tracker.access.guard import address, allow, caller, check_origin, public
from tracker.access.sign_ins import COOKIE, close_sign_in, open_sign_in
from tracker.api.edge import answer, below, empty, read_json
from tracker.errors import Invalid, NotSignedIn
from tracker.model.token import Token, TokenKind
from tracker.store.devices import select_device_by_key
from tracker.store.pool import borrow
from tracker.store.sign_ins import LIFETIME


class SignIn(msgspec.Struct, frozen=True):
    """One of the two: a token, or the code of a sign-in link, which works once."""

    token: str | None = None
    link: str | None = None


class Me(msgspec.Struct, frozen=True):
    """Who is calling. `device` is the id of the one device a device token stands for."""

    kind: TokenKind
    name: str
    device: str | None


def blueprint(gate: Gate) -> Blueprint:
    routes = Blueprint("sign_in", __name__, url_prefix="/api")

    @routes.post("/session")
    @document_request(SignIn)
    @document_response(Me, 201)
    @public
    async def sign_in() -> Response:
        """Sign in with a token or by a link; the answer sets a cookie."""
        return await _sign_in(gate)

    @routes.delete("/session")
    @allow("self")
    async def sign_out() -> Response:
        """Sign out."""
        if secret := request.cookies.get(COOKIE):
            async with borrow(gate.pool) as conn:
                await close_sign_in(conn, secret, gate.admin_token)
        response = empty()
        response.delete_cookie(COOKIE, path=f"{below()}/", httponly=True, samesite="Strict", secure=_secure())
        return response

    @routes.get("/me")
    @document_response(Me)
    @allow("self")
    async def who_am_i() -> Response:
        """Say whose token this is."""
        token = caller()
        if token is None:
            raise NotSignedIn
        return answer(await _me(gate, token))

    return routes


async def _sign_in(gate: Gate) -> Response:
    if "Origin" in request.headers:
        check_origin(gate, request)
    token = await _admitted(gate, await read_json(SignIn))
    async with borrow(gate.pool) as conn:
        secret = await open_sign_in(conn, token, gate.admin_token)
    response = answer(await _me(gate, token), 201)
    response.set_cookie(
        COOKIE, secret, max_age=LIFETIME, path=f"{below()}/", httponly=True, samesite="Strict", secure=_secure()
    )
    return response


async def _admitted(gate: Gate, shown: SignIn) -> Token:
    if shown.link is not None and shown.token is None:
        return await gate.redeem(shown.link, address(request))
    if shown.token is None or shown.link is not None:
        raise Invalid("token: either a token or a link", field="token")
    return await gate.admit(shown.token, address(request))


async def _me(gate: Gate, token: Token) -> Me:
    if token.device is None:
        return Me(token.kind, token.name, None)
    async with borrow(gate.pool) as conn:
        device = await select_device_by_key(conn, token.device)
    return Me(token.kind, token.name, device.id if device else None)


def _secure() -> bool:
    """Also where a proxy ended TLS: then the page's own origin says so."""
    return request.scheme == "https" or request.headers.get("Origin", "").startswith("https://")
