"""Pages of other origins: those that the operator named may read the API, with a token that they show themselves."""

from typing import Final

from quart import Quart, Response, request

from tracker.access.gate import Gate
from tracker.access.origin import is_listed

SHARED: Final = ("/api/", "/openapi.json", "/asyncapi.json")
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "600",  # s
}


def share(app: Quart, gate: Gate, *, with_cookies: bool) -> None:
    """Stands before the guard: a preflight shows no token, ever. Nobody else is told anything, so a browser keeps the
    answer from any other page. The cookie counts only `with_cookies`; what it may do then is the guard's to say."""

    @app.before_request
    async def answer_preflight() -> Response | None:
        if not (
            _is_shared(gate) and request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        ):
            return None
        return Response(b"", 204, headers=PREFLIGHT)

    @app.after_request
    async def add(response: Response) -> Response:
        if gate.origins and request.path.startswith(SHARED):
            response.vary.add("Origin")
        if _is_shared(gate):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = "Content-Disposition, ETag, Location, Retry-After"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            if with_cookies:
                response.headers["Access-Control-Allow-Credentials"] = "true"
        return response


def _is_shared(gate: Gate) -> bool:
    return request.path.startswith(SHARED) and is_listed(request.headers.get("Origin"), gate.origins)
