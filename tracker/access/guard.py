"""The guard: every route and every socket says who may call it, and what says nothing is closed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from quart import Quart, g, request, websocket
from quart.wrappers import Request, Websocket

from tracker.access.gate import Gate
from tracker.access.origin import is_allowed
from tracker.access.sign_ins import COOKIE
from tracker.errors import NotAllowed, NotSignedIn, TrackerError
from tracker.model.token import Token, TokenKind

log = logging.getLogger(__name__)

V = TypeVar("V", bound=Callable[..., object])
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
RULE: Final = "__tracker_rule__"


@dataclass(frozen=True)
class Rule:
    """`kinds` of token that may call; with none of them, nobody is asked. `later`: or sign in by the first message."""

    kinds: frozenset[TokenKind]
    later: bool = False


def allow(kind: TokenKind, *others: TokenKind) -> Callable[[V], V]:
    """Only these kinds of token; one at least, so that naming none lets nobody in. Stands right above the function."""
    return _make_marker(Rule(frozenset({kind, *others})))


def first_message(kind: TokenKind, *others: TokenKind) -> Callable[[V], V]:
    """The same for a socket, which may also sign in by its first message: then `caller()` is None until it did."""
    return _make_marker(Rule(frozenset({kind, *others}), later=True))


def public(view: V) -> V:
    """Anybody."""
    return _make_marker(Rule(frozenset()))(view)


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


async def _check(app: Quart, gate: Gate, call: Request | Websocket, *, mutating: bool) -> None:
    if call.endpoint is None:
        return  # no such route: 404 or 405 follows
    rule = find_rule(app.view_functions[call.endpoint])
    if rule is None:
        raise NotAllowed("this route has no rule yet")
    if not rule.kinds:
        return
    token = await _find_token(gate, call, mutating=mutating)
    if token is None and not rule.later:
        raise NotSignedIn
    if token is not None and token.kind not in rule.kinds:
        raise NotAllowed
    g.token = token


async def _find_token(gate: Gate, call: Request | Websocket, *, mutating: bool) -> Token | None:
    if (header := call.headers.get("Authorization")) is not None:
        return await gate.admit(_read_bearer(header), address(call))
    cookie = call.cookies.get(COOKIE)
    if cookie is None:
        return None
    if mutating:
        check_origin(gate, call)
    return await gate.recognise(cookie)


def _read_bearer(header: str) -> str:
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
