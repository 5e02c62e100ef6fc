"""Control: what an operator's tools and the page ask before anything else."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

import msgspec
from prometheus_client.exposition import choose_encoder
from quart import Blueprint, Response, request
from quart_schema import document_response

from tracker.access.guard import public
from tracker.access.watch import Watch
from tracker.api.edge import answer
from tracker.metrics import Metrics
from tracker.streets.folder import list_areas

Ready = Callable[[], Awaitable[list[str]]]  # the reasons why not; none: ready


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    live: bool


class Readiness(msgspec.Struct, frozen=True):
    """Whether it can do its work, and if not, why. `notes`: what somebody should look at although it can."""

    ready: bool
    reasons: list[str]
    notes: list[str] = []


class MetricsText(msgspec.Struct, frozen=True):
    """In the text format of Prometheus, or OpenMetrics for who asks for it."""

    MEDIA: ClassVar = ()
    TEXT: ClassVar = ("text/plain", "application/openmetrics-text")


class PageConfig(msgspec.Struct, frozen=True):
    """What the page has to know. `map_style`: null for the map that comes with it. `streets`: the areas with streets
    that were added, each as west, south, east, north."""

    version: str
    map_style: str | None
    streets: list[tuple[float, float, float, float]] = []


class Checks(NamedTuple):
    """What /readyz asks. `notes`: after `ready`, for it is found by the way."""

    ready: Ready
    notes: Callable[[], list[str]]


def blueprint(
    checks: Checks, counts: Metrics, config: PageConfig, watch: Watch, streets: Path | None = None
) -> Blueprint:
    routes = Blueprint("control", __name__)

    @routes.get("/livez")
    @document_response(Live)
    @public
    async def livez() -> Response:
        """Say that the process is alive."""
        return answer(Live(True))

    @routes.get("/readyz")
    @document_response(Readiness)
    @document_response(Readiness, 503)
    @public
    async def readyz() -> Response:
        """Say whether database, migrations and bus are there."""
        reasons = await checks.ready()
        response = answer(Readiness(not reasons, reasons, checks.notes()), 503 if reasons else 200)
        if counts.process is not None:
            response.headers["X-Tracker-Process"] = counts.process
        return response

    @routes.get("/metrics")
    @document_response(MetricsText)
    @public
    async def metrics() -> Response:
        """Count and measure, for Prometheus. Once there is a second person, for who shows a token that sees everything,
        or the one of `TRACKER_METRICS_TOKEN`."""
        await watch.check(request)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        await counts.refresh()
        return Response(encode(counts.shown), content_type=content_type)

    @routes.get("/api/config")
    @document_response(PageConfig)
    @public
    async def page_config() -> Response:
        """Tell the page its settings."""
        areas = [] if streets is None else await asyncio.to_thread(list_areas, streets)
        return answer(msgspec.structs.replace(config, streets=[msgspec.structs.astuple(each) for each in areas]))

    return routes
