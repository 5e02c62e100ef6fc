"""The guard: every route and every socket says who may call it, and what says nothing is closed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from quart import Quart, g, request, websocket
from quart.wrappers import Request, Websocket

from tracker.access.gate import Gate
from tracker.access.origin import is_allowed
from tracker.access.rights import HOLDS, Action
from tracker.access.sign_ins import COOKIE
from tracker.errors import NotAllowed, NotFound, NotSignedIn, TrackerError
from tracker.model.sight import Sight
from tracker.model.token import Token

log = logging.getLogger(__name__)

V = TypeVar("V", bound=Callable[..., object])
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
RULE: Final = "__tracker_rule__"
NO_COOKIE: Final = "nocookie"  # of a socket's query: who is signed in in this browser is not meant


@dataclass(frozen=True)
class Rule:
    """The `action` of the role table that a caller must hold; None: nobody is asked. `later`: or sign in by the first
    message. `rows`: the view looks at nothing but through the caller's sight; without it, it is closed to all who do
    not see everything. `links`: the bearer of a sharing link may call it, and is shown what its link shows; for it
    nothing else is there."""

    action: Action | None
    later: bool = False
    rows: bool = False
    links: bool = False


def allow(action: Action, *, rows: bool = False, links: bool = False) -> Callable[[V], V]:
    """Only who holds this action. Stands right above the function."""
    return _make_marker(Rule(action, rows=rows, links=links))


def first_message(action: Action, *, rows: bool = False, links: bool = False) -> Callable[[V], V]:
    """The same for a socket, which may also sign in by its first message: then `caller()` is None until it did."""
    return _make_marker(Rule(action, later=True, rows=rows, links=links))


def public(view: V) -> V:
    """Anybody."""
    return _make_marker(Rule(None))(view)


def check(rule: Rule, token: Token, sight: Sight) -> None:
    """NotAllowed for who does not hold the rule's action, or not for all that the view shows; NotFound for the bearer
    of a link."""
    if token.kind == "link":
        if not rule.links:
            raise NotFound
        return
    if rule.action is None or not _holds(token, sight, rule.action):
        raise NotAllowed
    if not (rule.rows or rule.action in ("self", "send", "own") or sight.is_all):
        raise NotAllowed


def _holds(token: Token, sight: Sight, action: Action) -> bool:
    """What a device may do and what everybody may is the token's; all else is of what the caller sees."""
    if token.kind == "device" or action in ("self", "send"):
        return action in HOLDS[token.kind]
    return sight.holds(action) or (token.kind == "person" and action in HOLDS[token.kind])


def _make_marker(rule: Rule) -> Callable[[V], V]:
    def mark(view: V) -> V:
        setattr(view, RULE, rule)
        return view

    return mark


def find_rule(view: Callable[..., object]) -> Rule | None:
    return getattr(view, RULE, None)


def guard(app: Quart, gate: Gate) -> None:
    """Every call passes here first; the token that was shown is `caller()` afterwards."""

    @app.before_request
    async def check_request() -> None:
        await _check(app, gate, request, mutating=request.method not in SAFE)

    @app.before_websocket
    async def check_websocket() -> None:
        try:
            await _check(app, gate, websocket, mutating=True)
        except TrackerError as error:  # a refused request has its line in the log, a refused handshake would have none
            log.info("refused", extra={"path": websocket.path, "address": address(websocket), "reason": str(error)})
            raise


def caller() -> Token | None:
    """The token of this call. None on a public route, and on a socket that has yet to sign in."""
    token: Token | None = g.get("token")
    return token


def require_caller() -> Token:
    """The token of a call that needs one."""
    token = caller()
    if token is None:
        raise NotSignedIn
    return token


def sight() -> Sight:
    """What the caller of this request may see, as of when it was let in."""
    found: Sight = g.sight
    return found


def rights() -> int:
    """The revision of the rights that its sight is made of."""
    found: int = g.rights
    return found


async def _check(app: Quart, gate: Gate, call: Request | Websocket, *, mutating: bool) -> None:
    if call.endpoint is None:
        return  # no such route: 404 or 405 follows
    rule = find_rule(app.view_functions[call.endpoint])
    if rule is None:
        raise NotAllowed("this route has no rule yet")
    if rule.action is None:
        return
    token = await _find_token(gate, call, mutating=mutating)
    if token is None and not rule.later:
        raise NotSignedIn
    if token is not None:
        g.sight = await gate.sights.see(gate.pool, token, is_live=rule.later)
        g.rights = gate.sights.revision
        # A cookie comes by itself: the phone page in a browser that is signed in shows its own token in the hello. And
        # to whom a map shows nothing the socket says so: of a refused handshake a page learns nothing.
        if rule.later and "Authorization" not in call.headers and not _holds(token, g.sight, rule.action):
            token = token if rule.action == "see" else None
        else:
            check(rule, token, g.sight)
    g.token = token


async def _find_token(gate: Gate, call: Request | Websocket, *, mutating: bool) -> Token | None:
    if (header := call.headers.get("Authorization")) is not None:
        return await gate.admit(read_bearer(header), address(call))
    cookie = call.cookies.get(COOKIE)
    if cookie is None or (isinstance(call, Websocket) and NO_COOKIE in call.args):
        return None
    if mutating:
        check_origin(gate, call)
    return await gate.recognise(cookie)


async def find_sender(gate: Gate, header: str) -> Token | None:
    """The device whose token a header shows, which is all that `_check` would ask of it. None where there is more to
    ask, or something to refuse: nothing is refused or counted here."""
    try:
        token = await gate.look_up(read_bearer(header))
    except TrackerError:
        return None
    return token if token is not None and token.kind == "device" else None


def read_bearer(header: str) -> str:
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotSignedIn("Authorization has to be: Bearer, a space, the token")
    return secret.strip()


def check_origin(gate: Gate, call: Request | Websocket) -> None:
    """NotAllowed for another origin's page. It says what came: behind a proxy nobody else sees it."""
    origin = call.headers.get("Origin")
    if not is_allowed(origin, scheme=call.scheme, host=call.host, origins=gate.origins):
        raise NotAllowed(
            f"the page's origin is not allowed: Origin is {(origin or 'missing')[:100]}, Host is {call.host[:100]}. "
            "A proxy has to pass Host on as it came; or name the origin in TRACKER_ORIGINS"
        )


def address(call: Request | Websocket) -> str:
    """The caller's address as the socket says it: a header could be made up."""
    return call.remote_addr or "?"
