"""Import of geofences: of a file of thousands, all that can be one."""

import asyncio
import re
from contextlib import suppress
from typing import Annotated, ClassVar, Final, Literal, get_args

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_querystring, document_request, document_response
from werkzeug.exceptions import RequestTimeout

from tracker.access.audit import note
from tracker.access.guard import allow, sight
from tracker.access.objects import choose_group, find_mine
from tracker.api.edge import Slug, answer, read_query
from tracker.api.geofences import GeofenceFeature
from tracker.errors import Conflict, Invalid, TooLarge, TooMany, WrongType
from tracker.geofence.reading.collection import Collection, Defaults
from tracker.geofence.reading.notes import MOST_TOLD, BadFeature, FeatureNote
from tracker.geofence.reading.settle import Settled
from tracker.model.geofence import AlreadyInside
from tracker.readers.body import Body
from tracker.readers.readers import Readers
from tracker.readers.task import Format
from tracker.store.geofences import OnConflict, Terms, insert_geofences
from tracker.store.pool import borrow

PATH: Final = "/api/geofences/import"
LARGEST: Final = 64 * 1024 * 1024  # bytes
MOST_PROPOSED: Final = 4 * 1024 * 1024  # bytes of the features in the answer to a dry run
PATIENCE: Final = 300.0  # s; 64 MB over 2 Mbit/s
PAUSE: Final = 1 / (16 * 1024 * 1024)  # s after each byte: the whole of what is allowed comes in in four seconds
TYPES: Final[dict[str, Format]] = {
    "application/geo+json": "geojson",
    "application/json": "geojson",
    "application/geo+json-seq": "geojson",
    "application/x-ndjson": "geojson",
    "application/vnd.google-earth.kml+xml": "kml",
    "application/gpx+xml": "gpx",
    "application/vnd.google-earth.kmz": "kml",
    "application/zip": "shapefile",  # or a KMZ, which a browser may not know: what is in it decides
}

XML: Final = frozenset({"application/xml", "text/xml"})
ROOT: Final = re.compile(rb"<(?:\w+:)?(kml|gpx)[\s>/]")
BEGINNING: Final = 8192  # bytes in which the outermost element has to begin
KINDS: Final = f"the body has to be one of {', '.join(TYPES)}; or say format={'|'.join(get_args(Format))}"

Metres = Annotated[float, msgspec.Meta(gt=0)]


class ImportQuery(msgspec.Struct, frozen=True):
    """`format`: where the Content-Type does not say it. `radius` and `width` (metres) and `repair` are for features
    that have none. `on_conflict`: what becomes of ids that others have already; `fail` stores nothing. `strict`:
    nothing is stored where any feature can be no geofence. `group`: which one they are put into; needed from a manager
    of several. `already_inside`: for those that are stored and do not say it. `dry_run`: nothing is stored, and the
    answer has the `features` that would be."""

    format: Format | None = None
    on_conflict: OnConflict = "fail"
    strict: bool = False
    radius: Metres | None = None
    width: Metres | None = None
    repair: bool = False
    group: Slug | None = None
    already_inside: AlreadyInside | None = None
    dry_run: bool = False


class FeatureCollection(msgspec.Struct, frozen=True):
    """GeoJSON features, each as for a single geofence; or the Placemarks of a KML, a GPX, or a Shapefile in a zip."""

    type: Literal["FeatureCollection"]
    features: list[GeofenceFeature]
    TAKEN_TEXT: ClassVar = ("application/vnd.google-earth.kml+xml", "application/gpx+xml", "application/zip")


class Proposed(msgspec.Struct, frozen=True):
    """A feature of the file, by its number, as it would be stored."""

    index: int
    becomes: Literal["created", "replaced", "unchanged"]
    feature: msgspec.Raw


class Imported(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many are new, how many took the place of another, how many were there as they are, and the ids of all these
    in the order of the features. The first of those that are refused, and what was read otherwise than it stands. Of a
    dry run the first of the `features` that would be stored."""

    created: int
    replaced: int
    unchanged: int
    ids: list[str]
    refused: list[BadFeature]
    refused_count: int
    said: list[FeatureNote]
    features: list[Proposed] | None = None


def blueprint(pool: asyncpg.Pool, readers: Readers) -> Blueprint:
    routes = Blueprint("geofence_import", __name__)
    busy = asyncio.Lock()  # one import at a time holds its 64 MB; another is told to come again

    @routes.post(PATH)
    @document_querystring(ImportQuery)
    @document_request(FeatureCollection)
    @document_response(Imported, 201)
    @allow("geofences", rows=True)
    async def import_geofences() -> Response:
        """Import geofences: of a file, all that can be one."""
        query = read_query(ImportQuery)
        format = _format(query)
        if format is None and request.mimetype not in XML:
            raise WrongType(KINDS)
        if busy.locked():
            raise TooMany("another import is running", retry_after=5.0)
        async with busy:
            with Body() as body:
                await _take_in(body)
                format = format or _told_apart(body.begin(BEGINNING))
                defaults = Defaults(query.radius, query.width, query.repair)
                found = await readers.read_collection(body, format, defaults)
            _check(found, query.strict, empty=format == "geojson")
            async with borrow(pool) as conn:
                settled = await _store(conn, found, query)
        clashes = _clashes(found, settled, query.on_conflict)
        if clashes and query.on_conflict == "fail":
            raise Conflict(
                _count(len(clashes), found.total, "have an id that is taken, so nothing is stored"),
                errors=clashes[:MOST_TOLD],
            )
        report = _import(found, settled, clashes)
        if not query.dry_run:
            return answer(report, 201)
        features = await asyncio.to_thread(_propose, found, settled, {clash.id for clash in clashes})
        return answer(msgspec.structs.replace(report, features=features))

    return routes


class _Rehearsed(Exception):
    """What was stored for a dry run is to be taken back."""


async def _store(conn: asyncpg.Connection, found: Collection, query: ImportQuery) -> Settled:
    """A dry run stores all of it as well, and takes it back: to leave that out would be cheaper, and not know what the
    table or the reader's rights refuse."""
    with suppress(_Rehearsed):
        async with conn.transaction():
            group = await choose_group(conn, sight(), "geofences", query.group)
            mine = await find_mine(conn, sight())
            terms = Terms(query.on_conflict, mine, group, query.already_inside)
            settled = await insert_geofences(conn, found, terms, sight())
            await note(conn, "geofence.imported", "", features=found.total)
            if query.dry_run:
                raise _Rehearsed
    return settled


def _propose(found: Collection, settled: Settled, left_out: set[str | None]) -> list[Proposed]:
    """In a thread, for a file may have a hundred thousand. As many as fit into an answer that a page can draw."""
    changed = {draft.id: draft for draft in settled.changed}
    proposed: list[Proposed] = []
    size = 0
    for index, draft in zip(found.indices, found.drafts, strict=True):
        if draft.id in left_out:
            continue
        feature = changed.get(draft.id, draft).feature
        size += len(feature)
        if size > MOST_PROPOSED:
            break
        becomes: Literal["created", "replaced", "unchanged"] = "created"
        if draft.id in settled.unchanged:
            becomes = "unchanged"
        elif draft.id in settled.replaced:
            becomes = "replaced"
        proposed.append(Proposed(index, becomes, msgspec.Raw(feature)))
    return proposed


def _check(found: Collection, strict: bool, *, empty: bool) -> None:
    """Invalid where nothing is to be stored. `empty`: a file may have nothing in it, as an export of nothing has."""
    if found.wrong and (strict or not found.drafts):
        raise Invalid(_count(found.wrong, found.total, "cannot be geofences, so nothing is stored"), errors=found.bad)
    if not found.total and not empty:
        notes = [each.note for each in found.said] or ["it has neither places nor lines nor areas"]
        raise Invalid(f"nothing in the file can be a geofence: {'; '.join(notes)}")


def _import(found: Collection, settled: Settled, clashes: list[BadFeature]) -> Imported:
    left_out = {clash.id for clash in clashes}
    ids = [draft.id for draft in found.drafts if draft.id not in left_out]
    replaced, unchanged = len(settled.replaced - left_out), len(settled.unchanged)
    said = (
        [*found.said, *([] if clashes else settled.said)]
        if found.total
        else [FeatureNote(None, "there is no feature in it")]
    )
    refused = sorted([*found.bad, *clashes], key=lambda each: each.index)[:MOST_TOLD]
    counts = len(ids) - replaced - unchanged, replaced, unchanged
    return Imported(*counts, ids, refused, found.wrong + len(clashes), said)


def _format(query: ImportQuery) -> Format | None:
    return query.format or TYPES.get(request.mimetype)


def _told_apart(beginning: bytes) -> Format:
    """Of XML that says no more of itself: by its outermost element."""
    found = ROOT.search(beginning.replace(b"\0", b""))  # UTF-16, without its zeros
    if found is None:
        raise WrongType(KINDS)
    return "kml" if found[1] == b"kml" else "gpx"


async def _take_in(body: Body) -> None:
    """In the pieces in which it comes. A network that brings it faster than `PAUSE` lets it, waits: each piece costs
    the event loop some tenths of a millisecond, and one after the other they would leave little of it to others."""
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.body:
                body.add(part)
                if body.size > LARGEST:
                    raise TooLarge(f"the body may have {LARGEST} bytes")
                await asyncio.sleep(PAUSE * len(part))
    except TimeoutError:
        raise RequestTimeout from None


def _count(wrong: int, total: int, what: str) -> str:
    told = f"; errors has the first {MOST_TOLD}" if wrong > MOST_TOLD else ""
    return f"{wrong:,} of {total:,} features {what}{told}"


def _clashes(found: Collection, settled: Settled, on_conflict: OnConflict) -> list[BadFeature]:
    """What cannot be stored for its id: another is there, or another that the caller is not told of."""
    taken = frozenset[str]() if on_conflict == "replace" else settled.replaced
    return [
        BadFeature(index, draft.id, None, "id", said)
        for index, draft in zip(found.indices, found.drafts, strict=True)
        if (said := _taken(draft.id, taken, settled.foreign))
    ]


def _taken(id: str, taken: frozenset[str], foreign: frozenset[str]) -> str | None:
    if id in foreign:
        return "id: choose another id"
    return f"id: there is a geofence {id} already" if id in taken else None
