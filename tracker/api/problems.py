"""Problems: every refusal and every failure as an RFC 9457 document."""

import logging
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import msgspec
import structlog
from quart import Quart, Response, has_request_context, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import WebsocketMismatch

from tracker.api.edge import answer
from tracker.errors import Invalid, NotSignedIn, StorageDown, TooMany, TrackerError, http_status
from tracker.geofence.reading.notes import BadFeature
from tracker.logs import Seldom
from tracker.store.pool import AWAY

log = logging.getLogger(__name__)
seldom = Seldom(structlog.get_logger())

REFUSED: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong (RFC 9457). `field` is the one that was refused; `instance` is in the log beside the cause;
    `errors`: of an import, the first hundred features that were refused."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    instance: str | None = None
    errors: Sequence[BadFeature] = ()


def handle_errors(app: Quart) -> None:
    """All of them; the texts of libraries and of the database stay here."""
    app.register_error_handler(TrackerError, _describe)
    app.register_error_handler(HTTPException, _http)
    for kind in AWAY:
        app.register_error_handler(kind, _away)
    for kind in REFUSED:
        app.register_error_handler(kind, _answer_refused)
    app.register_error_handler(Exception, _answer_unexpected)


async def _describe(error: TrackerError) -> Response:
    response = _problem(http_status(error), str(error), field=error.field, errors=error.errors)
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after + 0.5)))
    if response.status_code == 503:
        response.headers["Retry-After"] = "5"
    return response


async def _http(error: HTTPException) -> Response:
    if isinstance(error, WebsocketMismatch):
        return _tell_mismatch()
    status = error.code or 500
    response = _problem(status, DETAILS.get(status) or HTTPStatus(status).description or HTTPStatus(status).phrase)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _tell_mismatch() -> Response:
    """A plain request for a socket, or a handshake for what is none. HTTP/2 forbids the header Upgrade."""
    if not has_request_context():
        return _problem(400, "This address speaks no WebSocket.")
    response = _problem(426, "This address speaks WebSocket: open it with a handshake of RFC 6455.")
    if request.http_version in ("1.0", "1.1"):
        response.headers |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    return response


async def _away(error: Exception) -> Response:
    if isinstance(error, ValueError):  # asyncpg's own word for a value no column takes is an InterfaceError too
        return await _answer_refused(error)
    seldom.warning("storage is down", error=type(error).__name__)
    return await _describe(StorageDown())


async def _answer_refused(error: Exception) -> Response:
    log.warning("the database refused a value that validation let through", extra={"error": type(error).__name__})
    return await _describe(Invalid("a value cannot be stored"))


async def _answer_unexpected(error: Exception) -> Response:
    instance = f"urn:tracker:error:{secrets.token_hex(8)}"
    path = request.path if has_request_context() else None  # None: a socket's
    log.error("unexpected error", exc_info=error, extra={"instance": instance, "path": path})
    return _problem(500, "Something went wrong on our side.", instance=instance)


def _problem(
    status: int, detail: str, *, field: str | None = None, instance: str | None = None, errors: Sequence[Any] = ()
) -> Response:
    title = HTTPStatus(status).phrase
    problem = Problem("about:blank", title, status, detail, field=field, instance=instance, errors=errors)
    return answer(problem, status, "application/problem+json")


DETAILS: Final = {
    400: "The request cannot be read.",
    404: "There is no such thing.",
    405: "That cannot be done to this address.",
    413: "The body is larger than the limit.",
}
