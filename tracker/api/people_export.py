"""All that is about oneself, to take away."""

import asyncio
from typing import ClassVar

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_response

from tracker.access.audit import note
from tracker.access.guard import allow
from tracker.access.relation import check_self
from tracker.api.geofence_export import hold_place
from tracker.readers.takeout import Takeout, zip_pieces
from tracker.store.pool import borrow


class PersonZip(msgspec.Struct, frozen=True):
    """A zip: each table that names the person or the person's own devices as JSON, without what signs in, and of each
    device the track as GPX and every fix as CSV."""

    MEDIA: ClassVar = ()
    TEXT: ClassVar = ("application/zip",)


def blueprint(pool: asyncpg.Pool, database_url: str) -> Blueprint:
    routes = Blueprint("people_export", __name__)
    running: set[asyncio.Task[None] | None] = set()  # as many as exports of geofences, at most

    @routes.get("/api/people/<int:person>/export")
    @document_response(PersonZip)
    @allow("self")
    async def export_person(person: int) -> Response:
        """Take away all that is about oneself, as a zip."""
        async with borrow(pool) as conn, conn.transaction():
            await check_self(conn, person)
            hold_place(running)
            await note(conn, "person.exported", person)
        response = Response(zip_pieces(Takeout(database_url, person)), mimetype="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="person-{person}.zip"'
        return response

    return routes
