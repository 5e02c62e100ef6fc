"""Sharing links: made and listed, and who looked."""

import asyncpg
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, require_caller
from tracker.access.hashing import Hashing
from tracker.access.sharing import find_shown, may_see_share
from tracker.access.sights import Sights
from tracker.access.tokens import digest, new_secret
from tracker.api.edge import answer, read_json, shown_origin
from tracker.api.share_answers import LookList, ShareAnswer, ShareList, find_share, tell_look, tell_share
from tracker.api.share_forms import NewShare, make_share
from tracker.errors import Conflict
from tracker.links.rooms import Rooms
from tracker.store.pool import borrow
from tracker.store.share_looks import select_looks
from tracker.store.shares import MOST, count_shares, insert_share, select_shares


def blueprint(pool: asyncpg.Pool, sights: Sights, hashing: Hashing, links: Rooms) -> Blueprint:
    routes = Blueprint("shares", __name__, url_prefix="/api/shares")

    @routes.get("")
    @document_response(ShareList)
    @allow("share", rows=True)
    async def list_shares() -> Response:
        """List the sharing links that work, without their secrets."""
        async with borrow(pool) as conn:
            await sights.refresh(conn)
            found = [each for each in await select_shares(conn) if may_see_share(sights, require_caller(), each.share)]
        return answer(ShareList([tell_share(sights, links, each) for each in found if find_shown(sights, each)]))

    @routes.post("")
    @document_request(NewShare)
    @document_response(ShareAnswer, 201)
    @allow("share", rows=True)
    async def create_share() -> Response:
        """Make a sharing link. Its address is shown once."""
        new, token, code = await read_json(NewShare), require_caller(), new_secret()
        password = None if new.password is None else await hashing.hash(new.password)
        async with borrow(pool) as conn, conn.transaction():
            await sights.refresh(conn)
            share = await make_share(conn, sights, token, new, password)
            if await count_shares(conn) >= MOST:
                raise Conflict(f"there are {MOST} links already; end one first")
            await insert_share(conn, share, digest(code))
            await note(conn, "share.made", share.id, group=share.group, devices=len(share.devices), until=new.until)
            made = await find_share(conn, sights, share.id)
        return answer(tell_share(sights, links, made, f"{shown_origin()}/s#{code}"), 201)

    @routes.get("/<slug:share>")
    @document_response(ShareAnswer)
    @allow("share", rows=True)
    async def read_share(share: str) -> Response:
        """Show a sharing link, without its secret."""
        async with borrow(pool) as conn:
            return answer(tell_share(sights, links, await find_share(conn, sights, share)))

    @routes.get("/<slug:share>/looks")
    @document_response(LookList)
    @allow("share", rows=True)
    async def list_looks(share: str) -> Response:
        """List who opened a link."""
        async with borrow(pool) as conn:
            found = await select_looks(conn, (await find_share(conn, sights, share)).share.key)
        return answer(LookList([tell_look(each) for each in found]))

    return routes
