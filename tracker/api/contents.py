"""Contents: what there is of a device, said before it is erased with all of it."""

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_response

from tracker.access.guard import allow, sight
from tracker.api.devices import find_device
from tracker.api.edge import answer
from tracker.model.moment import format_ms
from tracker.store.contents import count_contents
from tracker.store.pool import borrow


class ContentsAnswer(msgspec.Struct, frozen=True):
    """What is erased together with the device. `fixes` is counted up to a million; `first` and `last` are theirs."""

    fixes: int
    first: str | None
    last: str | None
    events: int
    messages: int
    pairs: int


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("contents", __name__, url_prefix="/api/devices/<slug:device>/contents")

    @routes.get("")
    @document_response(ContentsAnswer)
    @allow("devices", rows=True)
    async def read_contents(device: str) -> Response:
        """Count what would be erased together with a device."""
        async with borrow(pool) as conn:
            found = await count_contents(conn, (await find_device(conn, sight(), device, "devices")).key)
        first, last = (format_ms(each) if each is not None else None for each in (found.first, found.last))
        return answer(ContentsAnswer(found.fixes, first, last, found.events, found.messages, found.pairs))

    return routes
