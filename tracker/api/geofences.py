"""Geofences: named areas, as GeoJSON features."""

from typing import Annotated, ClassVar, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_querystring, document_request, document_response
from werkzeug.exceptions import RequestEntityTooLarge

from tracker.access.audit import note
from tracker.access.guard import allow, rights, sight
from tracker.access.objects import check_action, check_removal, choose_group, hide_owner, put_into
from tracker.api.edge import Cursor, Page, Slug, answer, below, empty, read_bytes, read_query
from tracker.api.feature_stream import Form, given, make_page, of_revision, stream_features, tag_of, written_as
from tracker.errors import Conflict, Invalid, NotFound, TooLarge
from tracker.geofence.published import Written
from tracker.geofence.reading.collection import Draft
from tracker.geofence.reading.feature import GeofenceProperties
from tracker.geofence.reading.geojson import MAX_VERTICES, Geometry
from tracker.model.geofence import Preset
from tracker.model.sight import Sight
from tracker.readers.readers import Readers
from tracker.store.geofences import (
    StoredGeofence,
    delete_geofence,
    insert_geofence,
    select_geofence,
    select_geofence_as_of,
    select_geofence_revision,
    select_geofences,
    update_geofence,
)
from tracker.store.pool import borrow

LARGEST_FEATURE = 4 * 1024 * 1024  # bytes: enough to say of 48,906 vertices, the most seen, that they are too many


class GeofenceFeature(msgspec.Struct, frozen=True):
    """A GeoJSON Feature: Polygon, MultiPolygon, Point with `properties.radius`, LineString with `properties.width`."""

    type: Literal["Feature"]
    geometry: Geometry
    properties: GeofenceProperties = GeofenceProperties()
    id: str | int | None = None


class StoredProperties(GeofenceProperties, frozen=True, omit_defaults=True, kw_only=True):
    """What was given, with whatever means nothing here; `revision` counts the changes of all geofences."""

    name: str
    preset: Preset
    revision: int


class GeofenceAnswer(msgspec.Struct, frozen=True):
    """A GeoJSON Feature, as it was given."""

    type: Literal["Feature"]
    id: str
    geometry: Geometry
    properties: StoredProperties
    MEDIA: ClassVar = ("application/geo+json",)


class GeofenceQuery(Page, frozen=True):
    """`rfc7946`: rings are closed, the outer ones counterclockwise, and what runs past 180 degrees is cut there."""

    after: Cursor = ""
    limit: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    rfc7946: bool = False


class NewGeofenceQuery(msgspec.Struct, frozen=True):
    """`group`: which one it is put into; needed from a manager of several."""

    group: Slug | None = None


class OneGeofenceQuery(Form, frozen=True):
    """`revision`: as it was by this one, which the evidence of an event names; also of one that is gone by now."""

    revision: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None


class GeofenceCollection(msgspec.Struct, frozen=True):
    """A GeoJSON FeatureCollection; `next` is the `after` of the next page, null on the last."""

    features: list[GeofenceAnswer]
    next: str | None
    type: Literal["FeatureCollection"] = "FeatureCollection"
    MEDIA: ClassVar = ("application/geo+json",)


def blueprint(pool: asyncpg.Pool, readers: Readers) -> Blueprint:
    routes = Blueprint("geofences", __name__, url_prefix="/api/geofences")

    @routes.get("")
    @document_querystring(GeofenceQuery)
    @document_response(GeofenceCollection)
    @allow("see", rows=True)
    async def list_geofences() -> Response:
        """List geofences, by id, as a FeatureCollection."""
        query = read_query(GeofenceQuery)
        async with borrow(pool) as conn:
            revision = await select_geofence_revision(conn)
            found, more = await select_geofences(conn, sight(), after=query.after, limit=query.most)
        last = found[-1].id if more else None
        features = stream_features(make_page(found), written_as(query.rfc7946), next=last)
        return of_revision(tag_of(revision, sight(), rights()), features)

    @routes.post("")
    @document_querystring(NewGeofenceQuery)
    @document_request(GeofenceFeature)
    @document_response(GeofenceAnswer, 201)
    @allow("geofences", rows=True)
    async def create_geofence() -> Response:
        """Make a geofence."""
        query = read_query(NewGeofenceQuery)
        draft = await _read(readers, None)
        async with borrow(pool) as conn, conn.transaction():
            made = await _insert(conn, draft, query.group)
            await note(conn, "geofence.made", made.id)
        response = _make_answer(made, 201)
        response.headers["Location"] = f"{below()}/api/geofences/{made.id}"
        return response

    @routes.get("/<fence:geofence>")
    @document_querystring(OneGeofenceQuery)
    @document_response(GeofenceAnswer)
    @allow("see", rows=True)
    async def read_geofence(geofence: str) -> Response:
        """Show a geofence, as it is or as it was by one of its revisions."""
        return await _show(pool, geofence, read_query(OneGeofenceQuery))

    _changes(routes, pool, readers)
    return routes


def _changes(routes: Blueprint, pool: asyncpg.Pool, readers: Readers) -> None:
    @routes.put("/<fence:geofence>")
    @document_request(GeofenceFeature)
    @document_response(GeofenceAnswer)
    @allow("geofences", rows=True)
    async def replace_geofence(geofence: str) -> Response:
        """Change a geofence; who is inside both the old and the new area stays inside."""
        async with borrow(pool) as conn:
            found = await find_geofence(conn, sight(), geofence)
            await check_action(conn, sight(), "geofences", "geofence", found.key)
        draft = await _read(readers, geofence)
        async with borrow(pool) as conn, conn.transaction():
            meant = _read_if_match()
            changed = await update_geofence(conn, geofence, draft.feature, draft.shape, revision=meant, sight=sight())
            await note(conn, "geofence.changed", geofence)
        return _make_answer(changed)

    @routes.delete("/<fence:geofence>")
    @allow("geofences", rows=True)
    async def erase_geofence(geofence: str) -> Response:
        """Delete a geofence; its events stay."""
        async with borrow(pool) as conn, conn.transaction():
            found = await find_geofence(conn, sight(), geofence)
            await check_removal(conn, sight(), "geofences", "geofence", found.key)
            if not await delete_geofence(conn, geofence, revision=_read_if_match()):
                raise NotFound("there is no such geofence")
            await note(conn, "geofence.erased", geofence)
        return empty()


async def _insert(conn: asyncpg.Connection, draft: Draft, group: str | None) -> StoredGeofence:
    key = await choose_group(conn, sight(), "geofences", group)
    try:
        made = await insert_geofence(conn, draft.id, draft.feature, draft.shape)
    except Conflict as error:
        raise hide_owner(error, await select_geofence(conn, sight(), draft.id) is not None) from None
    await put_into(conn, key, "geofence", made.key)
    return made


async def find_geofence(conn: asyncpg.Connection, sight: Sight, id: str) -> StoredGeofence:
    """For a reader: NotFound where there is none that it sees."""
    found = await select_geofence(conn, sight, id)
    if found is None:
        raise NotFound("there is no such geofence")
    return found


async def _show(pool: asyncpg.Pool, id: str, query: OneGeofenceQuery) -> Response:
    async with borrow(pool) as conn:
        if query.revision is None:
            found = await select_geofence(conn, sight(), id)
        else:
            found = await select_geofence_as_of(conn, sight(), id, query.revision)
    return _make_answer(found, written=written_as(query.rfc7946))


def _read_if_match() -> int | None:
    """The revision that a change is meant for, of `If-Match: "7"`; None where it is meant for whatever there is."""
    said = request.headers.get("If-Match", "*").strip()
    if said == "*":
        return None
    digits = said.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise Invalid('If-Match: the revision it was read at, as "7"', field="If-Match")
    return int(digits)


async def _read(readers: Readers, id: str | None) -> Draft:
    try:
        body = await read_bytes(LARGEST_FEATURE)
    except (TooLarge, RequestEntityTooLarge):
        limits = f"a geofence may have {LARGEST_FEATURE:,} bytes and {MAX_VERTICES:,} vertices; simplify it first"
        raise TooLarge(limits, field="geometry") from None
    return await readers.read_feature(body, id)


def _make_answer(stored: StoredGeofence | None, status: int = 200, written: Written = given) -> Response:
    if stored is None:
        raise NotFound("there is no such geofence")
    return answer(msgspec.Raw(written(bytes(stored.feature))), status, "application/geo+json")
