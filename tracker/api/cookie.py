"""The cookie of a sign-in: set, renewed and taken away; and what links that lead to us begin with."""

from quart import Response, request

from tracker.access.gate import Gate
from tracker.access.guard import address, check_origin
from tracker.access.origin import Petitioner, find_petitioner, is_allowed
from tracker.access.sign_ins import COOKIE, close_sign_in, open_person_sign_in
from tracker.api.edge import below
from tracker.errors import Invalid, NotFound, NotSignedIn, TrackerError
from tracker.model.person import Proof
from tracker.model.token import Token
from tracker.store.pool import borrow
from tracker.store.sign_ins import LIFETIME, Origin

LONGEST_PROGRAM = 200  # characters of what a browser calls itself


def set_cookie(response: Response, secret: str, *, secure: bool | None = None) -> Response:
    """`secure`: whether the page is reached over https; None: as the request says."""
    secure = _secure() if secure is None else secure
    response.set_cookie(
        COOKIE, secret, max_age=LIFETIME, path=f"{below()}/", httponly=True, samesite="Strict", secure=secure
    )
    return response


def delete_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=f"{below()}/", httponly=True, samesite="Strict", secure=_secure())
    return response


async def close_former(gate: Gate) -> None:
    """What this browser was signed in as ends: whoever planted a cookie in it before holds nothing afterwards."""
    if secret := request.cookies.get(COOKIE):
        async with borrow(gate.pool) as conn:
            await close_sign_in(conn, secret, gate.admin_token)


async def open_for(gate: Gate, proof: Proof) -> tuple[str, Token]:
    """A new sign-in of a person. NotSignedIn where what the person signs in by was changed just now."""
    program = request.headers.get("User-Agent", "")[:LONGEST_PROGRAM]
    async with borrow(gate.pool) as conn:
        secret = await open_person_sign_in(conn, proof, Origin(address(request), program), gate.bounds.sessions)
    token = None if secret is None else await gate.recognise(secret)
    if secret is None or token is None:
        raise NotSignedIn
    await close_former(gate)
    return secret, token


async def look_for_holder(gate: Gate) -> Token | None:
    """Who holds the cookie that came with a call that may also come without. NotAllowed for another origin's page."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    check_origin(gate, request)
    return await gate.recognise(cookie)


def refuse_code(gate: Gate, said: str) -> TrackerError:
    """A code that opens nothing counts as a guess."""
    return gate.count_failure(address(request), NotFound(said))


def read_petitioner(gate: Gate) -> Petitioner:
    """NotAllowed where it is not a page of ours that asks: a passkey is bound to the page's host."""
    if "Origin" not in request.headers:
        raise Invalid("Origin: a passkey is bound to the page that asks for it", field="Origin")
    check_origin(gate, request)
    return find_petitioner(request.headers.get("Origin", ""))


def find_base(gate: Gate) -> str:
    """Where the caller's browser finds us, for a link that is answered to the caller alone. A letter takes the
    operator's word for it: what a request says may be anybody's."""
    origin = request.headers.get("Origin")
    known = is_allowed(origin, scheme=request.scheme, host=request.host, origins=gate.origins)
    return f"{origin if known else f'{request.scheme}://{request.host}'}{below()}"


def _secure() -> bool:
    """Also where a proxy ended TLS: then the page's own origin says so."""
    return request.scheme == "https" or request.headers.get("Origin", "").startswith("https://")
