"""Control: what an operator's tools and the page ask before anything else."""

import re
from collections.abc import Awaitable, Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from quart import Blueprint, Response, request
from quart_schema import QuartSchema, document_response

from tracker.access.guard import public
from tracker.api.edge import answer

CHECKOUT: Final = Path(__file__).resolve().parents[2] / "docs/asyncapi.json"
INSTALLED: Final = Path(__file__).resolve().parents[1] / "_asyncapi.json"
PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}")
Ready = Callable[[], Awaitable[list[str]]]  # the reasons why not; none: ready


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    live: bool


class Readiness(msgspec.Struct, frozen=True):
    """Whether it can do its work, and if not, why."""

    ready: bool
    reasons: list[str]


class MetricsText(msgspec.Struct, frozen=True):
    """In the text format of Prometheus, or OpenMetrics for who asks for it."""

    MEDIA: ClassVar = ()
    TEXT: ClassVar = ("text/plain", "application/openmetrics-text")


class Description(msgspec.Struct, frozen=True):
    """An OpenAPI 3.1 document, or an AsyncAPI 3 one."""

    info: dict[str, Any]


class PageConfig(msgspec.Struct, frozen=True):
    """What the page has to know. `map_style`: null for the map that comes with it."""

    version: str
    map_style: str | None


def blueprint(ready: Ready, registry: CollectorRegistry, config: PageConfig, schema: QuartSchema) -> Blueprint:
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
        reasons = await ready()
        return answer(Readiness(not reasons, reasons), 503 if reasons else 200)

    @routes.get("/metrics")
    @document_response(MetricsText)
    @public
    async def metrics() -> Response:
        """Count and measure, for Prometheus."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @routes.get("/api/config")
    @document_response(PageConfig)
    @public
    async def page_config() -> Response:
        """Tell the page its settings."""
        return answer(config)

    @routes.get("/openapi.json")
    @document_response(Description)
    @public
    async def openapi() -> Response:
        """Describe this API."""
        below = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
        return answer(described(below if PREFIX.fullmatch(below) else ""))

    @routes.get("/asyncapi.json")
    @document_response(Description)
    @public
    async def asyncapi() -> Response:
        """Describe the two WebSocket streams."""
        return answer(streams())

    @cache  # 20 ms, and anybody may ask: once is enough, for routes do not change while we run
    def document() -> dict[str, Any]:
        described: dict[str, Any] = schema.openapi_provider.schema()
        return described

    @lru_cache(maxsize=4)  # full: the path asked for longest ago goes
    def described(below: str) -> msgspec.Raw:
        """`below`: the path at which a proxy shows us, '' for none."""
        return msgspec.Raw(msgspec.json.encode(document() | {"servers": [{"url": below or "/"}]}))

    @cache
    def streams() -> msgspec.Raw:
        return msgspec.Raw((INSTALLED if INSTALLED.is_file() else CHECKOUT).read_bytes())

    return routes
