"""Descriptions: what this server can do, for generators of clients and for people who write one."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from quart import Blueprint, Response
from quart_schema import QuartSchema, document_response

from tracker.access.guard import public
from tracker.api.edge import answer, below

CHECKOUT: Final = Path(__file__).resolve().parents[2] / "docs/asyncapi.json"
INSTALLED: Final = Path(__file__).resolve().parents[1] / "_asyncapi.json"


class Description(msgspec.Struct, frozen=True):
    """An OpenAPI 3.1 document, or an AsyncAPI 3 one."""

    info: dict[str, Any]


def blueprint(schema: QuartSchema) -> Blueprint:
    routes = Blueprint("descriptions", __name__)

    @routes.get("/openapi.json")
    @document_response(Description)
    @public
    async def openapi() -> Response:
        """Describe this API."""
        return answer(describe_api(below()))

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
    def describe_api(path: str) -> msgspec.Raw:
        """`path`: the one at which a proxy shows us, '' for none."""
        return msgspec.Raw(msgspec.json.encode(document() | {"servers": [{"url": path or "/"}]}))

    @cache
    def streams() -> msgspec.Raw:
        return msgspec.Raw((INSTALLED if INSTALLED.is_file() else CHECKOUT).read_bytes())

    return routes
