"""Dry runs: what a geofence would have told of the stored history, as it is found."""

import asyncio
from typing import Annotated, Any, ClassVar, Final

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.guard import allow, sight
from tracker.api.edge import read_json, read_moment
from tracker.api.event_stream import cut_stalled
from tracker.api.geofences import LARGEST_FEATURE
from tracker.api.tracks import FIRST
from tracker.dry_run.lines import TrialEvent
from tracker.dry_run.process import read_lines
from tracker.dry_run.request import Request
from tracker.errors import Invalid, TooMany
from tracker.geofence.reading.collection import Draft
from tracker.model.device import is_slug
from tracker.model.geofence import Preset
from tracker.model.moment import DAY_MS, now_ms
from tracker.readers.readers import Readers
from tracker.store.devices import select_unknown
from tracker.store.pool import borrow

MOST: Final = 2  # at once, each a process; more: 429
STALL: Final = 10.0  # s a reader may take for a piece; then it is cut
ID: Final = "tried"  # where the feature has none
MOST_DEVICES: Final = 10_000


class NewDryRun(msgspec.Struct, frozen=True):
    """`feature` as for `POST /api/geofences`; `preset` in place of its own. `from` and `to` are included. `devices`:
    ids, null for all.
    """

    feature: msgspec.Raw
    from_: str = msgspec.field(name="from")
    to: str
    preset: Preset | None = None
    devices: Annotated[list[str], msgspec.Meta(min_length=1, max_length=MOST_DEVICES)] | None = None


class DryRunLines(msgspec.Struct, frozen=True):
    """Lines of JSON: `{"type":"progress","done":0.5,"fixes":n}`, `{"type":"event","event":{...}}`, and last
    `{"type":"done","fixes":n,"devices":n,"events":n,"seconds":s}` or `{"type":"error","title":...,"status":...}`.
    """

    type: str
    event: TrialEvent | None = None
    MEDIA: ClassVar = ("application/x-ndjson",)


class Named(msgspec.Struct, frozen=True):
    id: Any = None


def blueprint(pool: asyncpg.Pool, readers: Readers, database_url: str) -> Blueprint:
    routes = Blueprint("dry_run", __name__, url_prefix="/api/geofences")
    running: set[asyncio.Task[None] | None] = set()  # MOST at most

    @routes.post("/dry-run")
    @document_request(NewDryRun)
    @document_response(DryRunLines)
    @allow("geofences", rows=True)
    async def dry_run() -> Response:
        """Try a geofence on the stored history: the events it would have given, nothing stored and nobody told."""
        asked = await read_json(NewDryRun, LARGEST_FEATURE)
        request = await _request(pool, readers, asked, database_url)
        if len(running) >= MOST:
            raise TooMany("two dry runs are under way", retry_after=5.0)
        task = asyncio.current_task()  # which sends the answer too
        if task is not None:
            running.add(task)
            task.add_done_callback(running.discard)
        response = Response(cut_stalled(read_lines(request), running, STALL), mimetype="application/x-ndjson")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"  # a proxy that collects a buffer first would hide the progress
        return response

    return routes


async def _request(pool: asyncpg.Pool, readers: Readers, asked: NewDryRun, database_url: str) -> Request:
    since, until = read_moment(asked.from_, "from"), read_moment(asked.to, "to")
    if since > until:
        raise Invalid("from is after to", field="from")
    draft = await _read_draft(readers, bytes(asked.feature))
    if asked.devices is not None:
        await _check_known(pool, asked.devices)
    seen = sight().devices
    devices = frozenset(asked.devices) if asked.devices is not None else None if seen is None else seen.ids
    period, veiled = clamp_period(since, until), frozenset(sight().veiled)
    return Request(database_url, msgspec.Raw(draft.feature), *period, asked.preset, devices, sight().hidden.ids, veiled)


def clamp_period(since: int, until: int) -> tuple[int, int]:
    """Cut to where fixes can be, so that no date is out of reach."""
    latest = now_ms() + DAY_MS
    return max(FIRST, min(since, latest)), max(FIRST, min(until, latest))


async def _read_draft(readers: Readers, feature: bytes) -> Draft:
    try:
        named = msgspec.json.decode(feature, type=Named)
    except msgspec.ValidationError:
        raise Invalid("feature: a GeoJSON Feature", field="feature") from None
    try:
        return await readers.read_feature(feature, ID if named.id is None else None)
    except Invalid as error:
        raise Invalid(str(error), field=error.field or "feature") from None


async def _check_known(pool: asyncpg.Pool, devices: list[str]) -> None:
    unknown = next((id for id in devices if not is_slug(id)), None)
    if unknown is None:
        async with borrow(pool) as conn:
            unknown = await select_unknown(conn, sight(), devices)
    if unknown is not None:
        raise Invalid(f"devices: there is no device {unknown[:64]!r}", field="devices")
