"""Audit: who did what to what, when and from where."""

from typing import Annotated

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.guard import allow
from tracker.access.relation import find_managed
from tracker.api.edge import Page, answer, read_query
from tracker.errors import NotAllowed
from tracker.model.audit import Entry
from tracker.store.audit import select_audit
from tracker.store.pool import borrow


class AuditQuery(Page, frozen=True):
    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0


class AuditPage(msgspec.Struct, frozen=True):
    """Oldest first. `next` is the `after` of what comes next, also where nothing has come yet."""

    entries: list[Entry]
    next: int


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("audit", __name__, url_prefix="/api/audit")

    @routes.get("")
    @document_querystring(AuditQuery)
    @document_response(AuditPage)
    @allow("self")
    async def list_audit() -> Response:
        """List what was done: an owner all of it, a manager what was done in the groups."""
        query = read_query(AuditQuery)
        async with borrow(pool) as conn:
            managed = find_managed()
            if managed == []:
                raise NotAllowed("the audit is read by owners and managers")
            entries = await select_audit(conn, after=query.after, limit=query.most, groups=managed)
        return answer(AuditPage(entries, entries[-1].number if entries else query.after))

    return routes
