"""Visitors: which devices are in a geofence now, and since when."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.gate import Gate
from tracker.access.guard import allow, require_caller
from tracker.api.edge import answer, read_query
from tracker.api.positions import Attend
from tracker.errors import NotFound
from tracker.live.guises import Guises
from tracker.live.table import Table
from tracker.model.moment import format_ms, now_us
from tracker.model.position import Position
from tracker.model.viewport import WORLD
from tracker.store.geofences import select_geofence
from tracker.store.pool import borrow
from tracker.store.stays import select_entered

MOST: Final = 1000


class VisitorQuery(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1)] = 100


class VisitorAnswer(msgspec.Struct, frozen=True):
    """`since`: when it entered; null where nobody can say, or may. `already_inside`: it was there before the geofence
    was in force."""

    device: str
    name: str
    since: str | None
    already_inside: bool


class VisitorList(msgspec.Struct, frozen=True):
    """By name. `total` is how many there are, also where fewer are shown."""

    visitors: list[VisitorAnswer]
    total: int


def blueprint(table: Table, guises: Guises, gate: Gate, attend: Attend) -> Blueprint:
    routes = Blueprint("visitors", __name__, url_prefix="/api/geofences")

    @routes.get("/<fence:geofence>/visitors")
    @document_querystring(VisitorQuery)
    @document_response(VisitorList)
    @allow("see", rows=True)
    async def list_visitors(geofence: str) -> Response:
        """List the devices that are in a geofence now, and since when."""
        query = read_query(VisitorQuery)
        await attend()
        sight = await gate.sights.see(gate.pool, require_caller(), table.rights)
        guises.settle(gate.sights.rights, now_us())
        async with borrow(gate.pool) as conn:
            fence = await select_geofence(conn, sight, geofence)
            if fence is None:
                raise NotFound(f"there is no geofence {geofence}")
            names = await asyncio.to_thread(find_visitors, table, table.within(WORLD, sight), geofence)
            shown = sorted(names, key=lambda id: (names[id].casefold(), id))[: min(query.limit, MOST)]
            entered = await select_entered(conn, sight, fence.key, shown)
        return answer(VisitorList([make_visitor(id, names[id], entered) for id in shown], len(names)))

    return routes


def find_visitors(table: Table, positions: Iterable[Position], geofence: str) -> dict[str, str]:
    """The names of those inside, by their ids; in a thread, for all devices are gone through."""
    found: dict[str, str] = {}
    for position in positions:
        if geofence in position.geofences and (device := table.device(position.device)):
            found[device.id] = device.name
    return found


def make_visitor(id: str, name: str, entered: Mapping[str, int | None]) -> VisitorAnswer:
    at = entered.get(id)
    return VisitorAnswer(id, name, None if at is None else format_ms(at), id not in entered)
