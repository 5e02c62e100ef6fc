"""The page of a sharing link: for anybody, and the one page here that others may frame."""

from pathlib import Path

import asyncpg
from quart import Blueprint, Response, request
from quart_schema import hide

from tracker.access.guard import public
from tracker.api.headers import make_policy
from tracker.api.pages import ASK, send_page
from tracker.model.device import is_slug
from tracker.store.pool import borrow
from tracker.store.shares import select_frames


def blueprint(pool: asyncpg.Pool, web: Path, map_origin: str | None) -> Blueprint:
    routes = Blueprint("share_page", __name__)

    @routes.get("/s")
    @hide
    @public
    async def show_link() -> Response:
        """`/s?embed` may be framed by any page, `/s?embed=ID` by those that the link with this id names."""
        response = await send_page(web, "s.html", ASK)
        id = request.args.get("embed")
        if id is not None:
            response.headers["Content-Security-Policy"] = make_policy(map_origin, await _find_frames(pool, id))
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return routes


async def _find_frames(pool: asyncpg.Pool, id: str) -> str:
    """The value of frame-ancestors."""
    if id == "":
        return "*"
    if not is_slug(id):
        return "'none'"
    async with borrow(pool) as conn:
        frames = await select_frames(conn, id)
    return "*" if frames is None else " ".join(frames) or "'none'"
