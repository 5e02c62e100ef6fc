"""Headers: what every answer tells the browser not to do."""

from typing import Final

from quart import Quart, Response, request

# MapLibre draws with a worker file of ours and with images it makes itself (data:, blob:); it styles its controls by
# script, which style-src does not touch. A foreign map style names further hosts for tiles, glyphs and sprites, which
# nobody knows before it is read: then pictures and data may come from any https host, scripts never.
POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self' blob:; "
    "img-src 'self' data: blob:{map}; "
    "connect-src 'self'{map}; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


PHONES: Final = "/in/"  # no browser shows what is answered there, and each byte is sent with every fix


def make_policy(map_origin: str | None, frames: str = "'none'") -> str:
    """`map_origin`: where a foreign style is. `frames`: which pages may frame this one."""
    made = POLICY.format(map=f" {map_origin} https:" if map_origin else "")
    return made.removesuffix("'none'") + frames


def harden(app: Quart, map_origin: str | None) -> None:
    """Security headers on everything; answers of the API are never cached. `map_origin`: where a foreign style is."""
    policy = make_policy(map_origin)

    @app.after_request
    async def add(response: Response) -> Response:
        if request.path.startswith(PHONES):
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
            return response
        if "Content-Security-Policy" not in response.headers:  # else the route has said who may frame it
            response.headers["Content-Security-Policy"] = policy
            response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), payment=()")
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        if request.method == "OPTIONS" and response.status_code == 200:
            response.status_code = 204  # the answer is in Allow
        if response.status_code == 204:
            response.headers.pop("Content-Type", None)  # nothing has no type, and (RFC 9110 8.6) no length
            response.headers.pop("Content-Length", None)
        if request.scheme == "https":
            response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")  # over http browsers complain
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
