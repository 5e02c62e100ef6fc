"""Sharing links that are changed, and ended."""

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, require_caller
from tracker.access.hashing import Hashing
from tracker.access.sights import Sights
from tracker.api.edge import answer, empty, read_json
from tracker.api.share_answers import ShareAnswer, find_share, tell_share
from tracker.api.share_forms import Password, ShareChange, change_share
from tracker.errors import Invalid
from tracker.links.rooms import Rooms
from tracker.store.pool import borrow
from tracker.store.shares import end_share, update_share


def blueprint(pool: asyncpg.Pool, sights: Sights, hashing: Hashing, links: Rooms) -> Blueprint:
    routes = Blueprint("share_changes", __name__, url_prefix="/api/shares")

    @routes.patch("/<slug:share>")
    @document_request(ShareChange)
    @document_response(ShareAnswer)
    @allow("share", rows=True)
    async def alter_share(share: str) -> Response:
        """Change what a link shows, and for how long; who looks at it sees the change within a second."""
        change, token = await read_json(ShareChange), require_caller()
        password = await hashing.hash(_read_password(change.password)) if change.password else None
        async with borrow(pool) as conn, conn.transaction():
            before = (await find_share(conn, sights, share)).share
            after = await change_share(conn, sights.find(token), token, before, change, password)
            await update_share(conn, after)
            await note(conn, "share.changed", share, group=before.group)
            made = await find_share(conn, sights, share)
        return answer(tell_share(sights, links, made))

    @routes.delete("/<slug:share>")
    @allow("share", rows=True)
    async def revoke_share(share: str) -> Response:
        """End a link; its open sockets end with it."""
        async with borrow(pool) as conn, conn.transaction():
            found = (await find_share(conn, sights, share)).share
            await end_share(conn, found.key)
            await note(conn, "share.revoked", share, group=found.group)
        links.end(found.key)
        return empty()

    return routes


def _read_password(password: str) -> str:
    try:
        return msgspec.convert(password, Password)
    except msgspec.ValidationError:
        raise Invalid("password: 4 characters at least", field="password") from None
