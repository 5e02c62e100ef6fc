"""Tracks: where a device was, as GeoJSON to draw, and as GPX and CSV to take away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, ClassVar, Final, Literal
from xml.sax.saxutils import escape

import asyncpg
import msgspec
import numpy as np
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.audit import note_reading
from tracker.access.bounds import Bound, Seat
from tracker.access.guard import allow, require_caller, sight
from tracker.api.devices import find_device
from tracker.api.edge import answer, read_moment, read_query
from tracker.errors import Invalid
from tracker.geo.line import continuous, thin_line
from tracker.links.rooms import Rooms, find_shared
from tracker.model.device import Device
from tracker.model.moment import DAY_MS, format_ms, now_ms
from tracker.model.moment import parse as parse_moment
from tracker.model.token import Token
from tracker.store.pool import borrow
from tracker.store.tracks import (
    CSV_HEAD,
    GPX_1_0_HEAD,
    GPX_HEAD,
    GPX_TAIL,
    Line,
    Stretch,
    Version,
    select_csv,
    select_gpx,
    select_line,
)

FIRST: Final = parse_moment("2000-01-01T00:00:00Z")  # no fix is older
LAST: Final = parse_moment("3000-01-01T00:00:00Z")  # nor younger: a clock of ours that was ahead let some in
MOST: Final = 10_000  # places that are looked at for a line; more are thinned to every n-th first


class TrackQuery(msgspec.Struct, frozen=True):
    """From a day ago until now, where no times are given. `version`: of GPX."""

    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    max_points: Annotated[int, msgspec.Meta(ge=2)] = 2000
    format: Literal["json", "gpx", "csv"] = "json"
    version: Version = "1.1"


class TrackLine(msgspec.Struct, frozen=True):
    """Longitudes run on past 180 degrees where the track crosses it. A single place stands twice: a line needs two."""

    coordinates: list[tuple[float, float]]
    type: Literal["LineString"] = "LineString"


class TrackProperties(msgspec.Struct, frozen=True):
    """`at` is beside the coordinates; `fixes` is how many places the line was made of."""

    device: str
    name: str
    fixes: int
    at: list[str]


class Track(msgspec.Struct, frozen=True):
    """A GeoJSON Feature; or the same span as GPX or CSV."""

    geometry: TrackLine | None
    properties: TrackProperties
    type: Literal["Feature"] = "Feature"
    MEDIA: ClassVar = ("application/geo+json",)
    TEXT: ClassVar = ("application/gpx+xml", "text/csv")


def blueprint(pool: asyncpg.Pool, links: Rooms, bound: Bound) -> Blueprint:
    routes = Blueprint("tracks", __name__, url_prefix="/api/devices/<slug:device>/track")

    @routes.get("")
    @document_querystring(TrackQuery)
    @document_response(Track)
    @allow("see", rows=True, links=True)
    async def read_track(device: str) -> Response:
        """Show where a device was: as a line, or every fix as GPX or CSV. By a sharing link what it shows."""
        query, token = read_query(TrackQuery), require_caller()
        seat, is_under_way = Seat(), False
        bound.enter(token, seat)
        try:
            if token.kind == "link":
                return await _answer_by_link(links, token, device, query)
            response = await _answer(pool, device, query, seat)
            is_under_way = query.format != "json"  # a file is sent after this, and holds its place until it is
            return response
        finally:
            if not is_under_way:
                bound.leave(token, seat)

    return routes


async def _answer(pool: asyncpg.Pool, device: str, query: TrackQuery, seat: Seat) -> Response:
    since, until = _span(query)
    async with borrow(pool) as conn:
        found = await find_device(conn, sight(), device)
        await note_reading(conn, found.key, device)
        is_own = found.key not in sight().veiled
        if query.format == "json":
            line = await select_line(conn, found.key, since, until, most=MOST, is_own=is_own)
    if query.format == "json":
        track = await asyncio.to_thread(_track, found, line, min(query.max_points, MOST))
        return answer(track, 200, "application/geo+json")
    return _file(pool, found, Stretch(found.key, since, until, is_own), query, seat)


async def _answer_by_link(links: Rooms, token: Token, alias: str, query: TrackQuery) -> Response:
    """Made of what the link shows: also the number of places is that of those."""
    if query.format != "json":
        raise Invalid("format: a link shows lines only", field="format")
    room = await links.find(token)
    shared = find_shared(room, alias)
    times = (
        None if text is None else read_moment(text, name) for text, name in ((query.from_, "from"), (query.to, "to"))
    )
    way = await links.read_way(room, shared, *times)
    columns = ([getattr(each.fix, name) for each in way] for name in ("at", "lon", "lat"))
    at, lon, lat = (np.array(column, kind) for column, kind in zip(columns, (np.int64, float, float), strict=True))
    shown = Device(0, shared.alias, shared.name)
    return answer(_track(shown, Line(at, lon, lat, len(way)), min(query.max_points, MOST)), 200, "application/geo+json")


def _span(query: TrackQuery) -> tuple[int, int]:
    """In ms, both ends included; cut to where fixes can be, so that no date is out of reach. Without `to` there is no
    end: what is stored is shown, also what lies ahead of us by now."""
    until = LAST if query.to is None else read_moment(query.to, "to")
    since = min(until, now_ms()) - DAY_MS if query.from_ is None else read_moment(query.from_, "from")
    if since > until:
        raise Invalid("from is after to", field="from")
    return max(FIRST, min(since, LAST)), max(FIRST, min(until, LAST))


def _track(device: Device, line: Line, most: int) -> Track:
    lon = continuous(line.lon)
    kept = thin_line(lon, line.lat, most)
    places = [(round(x, 7), y) for x, y in zip(lon[kept].tolist(), line.lat[kept].tolist(), strict=True)]
    at = [format_ms(moment) for moment in line.at[kept].tolist()]
    twice = 2 if len(places) == 1 else 1
    line_or_none = TrackLine(places * twice) if places else None  # RFC 7946, 3.2
    return Track(line_or_none, TrackProperties(device.id, device.name, line.total, at * twice))


def _file(pool: asyncpg.Pool, device: Device, stretch: Stretch, query: TrackQuery, seat: Seat) -> Response:
    """Sent as it is read, page by page: a year of fixes takes no more memory than an hour."""
    if query.format == "csv":
        body = _stream(CSV_HEAD, select_csv(pool, stretch), "", seat)
    else:
        head = (GPX_HEAD if query.version == "1.1" else GPX_1_0_HEAD).format(name=escape(device.name))
        body = _stream(head, select_gpx(pool, stretch, query.version), GPX_TAIL, seat)
    response = Response(body, mimetype="text/csv" if query.format == "csv" else "application/gpx+xml")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{device.id}.{query.format}"'  # a slug: safe as it is
    )
    return response


async def _stream(head: str, pages: AsyncIterator[str], tail: str, seat: Seat) -> AsyncIterator[bytes]:
    """`seat` is held as long as this is."""
    yield head.encode()
    async for page in pages:
        yield page.encode()
    yield tail.encode()
