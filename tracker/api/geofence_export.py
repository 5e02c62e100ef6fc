"""Export of geofences: all of them as one FeatureCollection, which can be imported again."""

from collections.abc import AsyncIterator
from typing import ClassVar, Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.guard import allow, caller, sight
from tracker.api.edge import read_query
from tracker.api.feature_stream import Form, closed, of_revision, stream_features, tag_of
from tracker.api.geofences import GeofenceAnswer
from tracker.geofence.published import publish
from tracker.model.sight import Sight
from tracker.store.geofences import StoredGeofence, select_geofence_revision, select_geofences_after
from tracker.store.pool import borrow

PAGE: Final = 100  # geofences: with ten thousand vertices each they are 30 MB of text for PostgreSQL to measure
PAGE_BYTES: Final = 1024 * 1024


class GeofenceExport(msgspec.Struct, frozen=True):
    """A GeoJSON FeatureCollection. `revision` is that of the last change before it was begun."""

    type: Literal["FeatureCollection"]
    revision: int
    features: list[GeofenceAnswer]
    MEDIA: ClassVar = ("application/geo+json",)


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("geofence_export", __name__)

    @routes.get("/api/geofences/export")
    @document_querystring(Form)
    @document_response(GeofenceExport)
    @allow("see", rows=True)
    async def export_geofences() -> Response:
        """Export all geofences, in the order they were made, as one FeatureCollection."""
        written = publish if read_query(Form).rfc7946 else closed
        async with borrow(pool) as conn:
            revision = await select_geofence_revision(conn)
        response = of_revision(
            tag_of(revision, sight(), caller()), stream_features(_pages(pool, sight()), written, revision=revision)
        )
        response.timeout = None  # a large one on a slow line takes its time; sockets have their own limits
        response.headers["Content-Disposition"] = 'attachment; filename="geofences.geojson"'
        return response

    return routes


async def _pages(pool: asyncpg.Pool, sight: Sight) -> AsyncIterator[list[StoredGeofence]]:
    """Who reads slowly holds no connection; what changes meanwhile may be in it or not."""
    after = 0
    while True:
        async with borrow(pool) as conn:
            page = await select_geofences_after(conn, sight, after, limit=PAGE, largest=PAGE_BYTES)
        if not page:
            return
        yield page
        after = page[-1].key
