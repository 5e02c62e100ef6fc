"""Quarantine: what a device sent that could not be stored, to look at."""

from typing import Annotated

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.guard import allow, sight
from tracker.api.devices import find_device
from tracker.api.edge import Page, answer, read_query
from tracker.model.moment import format_ms
from tracker.store.pool import borrow
from tracker.store.quarantine import Quarantined, select_quarantine


class QuarantineQuery(Page, frozen=True):
    """`before` is the `next` of the page before."""

    before: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1)] = 100


class QuarantineAnswer(msgspec.Struct, frozen=True):
    """`seq` is the frame's, `index` the fix's in it, null for the whole frame; `text` is what came, cut to
    4,096 characters."""

    id: int
    received_at: str
    seq: int | None
    index: int | None
    reason: str
    text: str


class QuarantinePage(msgspec.Struct, frozen=True):
    """The newest first; `next` is the `before` of the next page, null on the last."""

    quarantine: list[QuarantineAnswer]
    next: int | None


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("quarantine", __name__, url_prefix="/api/devices/<slug:device>/quarantine")

    @routes.get("")
    @document_querystring(QuarantineQuery)
    @document_response(QuarantinePage)
    @allow("see", rows=True)
    async def list_quarantine(device: str) -> Response:
        """List what was refused of a device, with the reasons."""
        query = read_query(QuarantineQuery)
        async with borrow(pool) as conn:
            key = (await find_device(conn, sight(), device)).key
            rows = await select_quarantine(
                conn, key, before=query.before, limit=query.most, is_own=key not in sight().veiled
            )
        last = rows[-1].id if len(rows) == query.most else None
        return answer(QuarantinePage([_make_answer(row) for row in rows], last))

    return routes


def _make_answer(row: Quarantined) -> QuarantineAnswer:
    at = format_ms(row.received_at // 1000)
    return QuarantineAnswer(row.id, at, row.seq, row.index, row.reason, row.text)
