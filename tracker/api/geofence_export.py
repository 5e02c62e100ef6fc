"""Export of geofences: all of them as one FeatureCollection, which can be imported again."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import ClassVar, Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.guard import allow, rights, sight
from tracker.api.edge import read_query
from tracker.api.feature_stream import Form, of_revision, stream_features, tag_of
from tracker.api.geofences import GeofenceAnswer
from tracker.errors import TooMany
from tracker.geofence.published import publish
from tracker.model.sight import Sight
from tracker.readers.export import Export, export_pieces
from tracker.readers.exporter import PAGE_BYTES
from tracker.store.geofences import (
    StoredGeofence,
    select_geofence_revision,
    select_geofences_after,
    select_is_much,
)
from tracker.store.pool import borrow

MOST: Final = 4  # at once, each a process; more: 429
FEW: Final = 100  # geofences
SMALL: Final = 256 * 1024  # bytes in the database, where they may be compressed to a fifth


class GeofenceExport(msgspec.Struct, frozen=True):
    """A GeoJSON FeatureCollection. `revision` is that of the last change before it was begun."""

    type: Literal["FeatureCollection"]
    revision: int
    features: list[GeofenceAnswer]
    MEDIA: ClassVar = ("application/geo+json",)


def blueprint(pool: asyncpg.Pool, database_url: str) -> Blueprint:
    routes = Blueprint("geofence_export", __name__)
    running: set[asyncio.Task[None] | None] = set()  # MOST at most

    @routes.get("/api/geofences/export")
    @document_querystring(Form)
    @document_response(GeofenceExport)
    @allow("see", rows=True)
    async def export_geofences() -> Response:
        """Export all geofences, in the order they were made, as one FeatureCollection."""
        form = read_query(Form)
        async with borrow(pool) as conn:
            revision = await select_geofence_revision(conn)
            is_much = await select_is_much(conn, most=FEW, largest=SMALL)
        pieces: AsyncIterator[bytes]
        if is_much:
            hold_place(running)
            pieces = export_pieces(Export(database_url, sight(), revision, form.rfc7946))
        else:
            pieces = stream_features(_pages(pool, sight()), partial(publish, cut=form.rfc7946), revision=revision)
        response = of_revision(tag_of(revision, sight(), rights()), pieces)
        response.headers["Content-Disposition"] = 'attachment; filename="geofences.geojson"'
        return response

    return routes


def hold_place(running: set[asyncio.Task[None] | None]) -> None:
    """Until the task that sends the answer, which is this one, ends. TooMany where there is none."""
    if len(running) >= MOST:
        raise TooMany(f"{MOST} other exports are under way", retry_after=5.0)
    task = asyncio.current_task()
    if task is not None:
        running.add(task)
        task.add_done_callback(running.discard)


async def _pages(pool: asyncpg.Pool, sight: Sight) -> AsyncIterator[list[StoredGeofence]]:
    """Of few: a process would take longer to start than they take to write."""
    after = 0
    while True:
        async with borrow(pool) as conn:
            page = await select_geofences_after(conn, sight, after, limit=FEW, largest=PAGE_BYTES)
        if not page:
            return
        yield page
        after = page[-1].key
