"""Requests: one line in the log and one count for each answer, without the query string."""

import logging
import re
import time
from collections.abc import Callable

from quart import Quart, Response, g, request

from tracker.access.guard import caller
from tracker.metrics import Metrics

log = logging.getLogger("tracker.request")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
PARAMETER = re.compile(r"<(?:[^:>]*:)?([^>]+)>")
QUIET = frozenset({"/livez", "/readyz", "/metrics"})  # asked every few seconds by machines


def watch_requests(app: Quart, metrics: Metrics) -> None:
    @app.before_request
    async def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    async def finish(response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"  # a stranger may name what he likes
        metrics.requests.labels(method, response.status_code).inc()
        taken = time.perf_counter() - g.get("started", time.perf_counter())
        metrics.request_time.labels(method, _route()).observe(taken)
        level = logging.DEBUG if request.path in QUIET else logging.INFO
        if log.isEnabledFor(level):
            log.log(level, "request", extra=_describe(response))
        return response


def make_note(metrics: Metrics, route: str) -> Callable[[str, str, int, str, float], None]:
    """The same count for an answer that went by the short way. Its line is for who looks closely, as a fix on a socket
    has none at all: to write one takes the loop 75 us, which is much of what a post costs."""

    def note(method: str, path: str, status: int, peer: str, seconds: float) -> None:
        metrics.requests.labels(method, status).inc()
        metrics.request_time.labels(method, route).observe(seconds)
        level = logging.DEBUG if status == 200 else logging.INFO
        if log.isEnabledFor(level):
            said = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1), "address": peer}
            log.log(level, "request", extra=said | {"caller": None})

    return note


def _route() -> str:
    """As the reference writes it; none: no such address. Few values, whatever is asked for."""
    return PARAMETER.sub(r"{\1}", request.url_rule.rule) if request.url_rule else "none"


def _describe(response: Response) -> dict[str, object]:
    token = caller()
    return {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        "address": request.remote_addr,
        "caller": f"{token.kind} {token.id}" if token else None,
    }
