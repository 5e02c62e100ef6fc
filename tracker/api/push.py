"""Web push: the key a browser has to know before it can subscribe."""

import msgspec
from quart import Blueprint, Response
from quart_schema import document_response

from tracker.access.guard import allow
from tracker.api.edge import answer


class PushKey(msgspec.Struct, frozen=True):
    """For `pushManager.subscribe` as its `applicationServerKey`: 65 bytes in base64url. It stays the same."""

    key: str


def blueprint(key: str) -> Blueprint:
    routes = Blueprint("push", __name__, url_prefix="/api/push")

    @routes.get("/key")
    @document_response(PushKey)
    @allow("see", rows=True)
    async def read_push_key() -> Response:
        """Show the public key that messages to browsers are signed with."""
        return answer(PushKey(key))

    return routes
