"""Saved views: what a person looks at again and again, from whatever computer."""

from typing import Annotated, Final

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.guard import allow
from tracker.access.relation import check_self
from tracker.api.edge import Name, answer, clean_name, empty, read_json
from tracker.errors import NotFound
from tracker.store.pool import borrow
from tracker.store.saved_views import (
    SavedView,
    delete_saved_view,
    insert_saved_view,
    select_saved_views,
    update_saved_view,
)

MOST: Final = 100  # of one person: they are read as a whole
LARGEST: Final = 2**31 - 1
Address = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[!-~]*$")]  # as browsers write one


class NewSavedView(msgspec.Struct, frozen=True):
    """`address`: what stands behind the ? of the page, without what is open there."""

    name: Name
    address: Address


class SavedViewChange(msgspec.Struct, frozen=True):
    """What is absent stays."""

    name: Name | None = None
    address: Address | None = None


class SavedViewList(msgspec.Struct, frozen=True):
    views: list[SavedView]


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("saved_views", __name__, url_prefix="/api/people/<int:person>/views")

    @routes.get("")
    @document_response(SavedViewList)
    @allow("self")
    async def list_saved_views(person: int) -> Response:
        """List one's saved views, by name."""
        async with borrow(pool) as conn:
            await check_self(conn, person)
            return answer(SavedViewList(await select_saved_views(conn, person)))

    @routes.post("")
    @document_request(NewSavedView)
    @document_response(SavedView, 201)
    @allow("self")
    async def create_saved_view(person: int) -> Response:
        """Keep a view under a name."""
        new = await read_json(NewSavedView)
        name = clean_name(new.name, "name")
        async with borrow(pool) as conn, conn.transaction():
            await check_self(conn, person)
            return answer(await insert_saved_view(conn, person, name, new.address, MOST), 201)

    @routes.patch("/<int:view>")
    @document_request(SavedViewChange)
    @document_response(SavedView)
    @allow("self")
    async def change_saved_view(person: int, view: int) -> Response:
        """Give it another name, or have it show something else."""
        change = await read_json(SavedViewChange)
        name = None if change.name is None else clean_name(change.name, "name")
        async with borrow(pool) as conn:
            await check_self(conn, person)
            return answer(await update_saved_view(conn, person, _read_id(view), name, change.address))

    @routes.delete("/<int:view>")
    @allow("self")
    async def erase_saved_view(person: int, view: int) -> Response:
        """Remove it."""
        async with borrow(pool) as conn:
            await check_self(conn, person)
            await delete_saved_view(conn, person, _read_id(view))
        return empty()

    return routes


def _read_id(view: int) -> int:
    if view > LARGEST:
        raise NotFound(f"there is no view {view}")
    return view
