"""Watchers: the person who is tracked sees who may see, and who looked."""

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_response

from tracker.access.guard import allow, require_caller
from tracker.api.edge import answer
from tracker.errors import NotFound
from tracker.model.moment import format_ms, from_datetime
from tracker.store.pool import borrow
from tracker.store.watchers import Watcher, select_links, select_readings, select_subject, select_watchers


class WatchingLink(msgspec.Struct, frozen=True):
    id: str
    name: str
    until: str


class ReadingAnswer(msgspec.Struct, frozen=True):
    """`who`: a person or a token by its name, or the address that opened `link`."""

    at: str
    who: str
    link: str | None


class WatchersAnswer(msgspec.Struct, frozen=True):
    """Who may see the device now, by which links it is shown, and who read where it had been or opened a link, the
    newest first."""

    watchers: list[Watcher]
    links: list[WatchingLink]
    readings: list[ReadingAnswer]


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("watchers", __name__, url_prefix="/api/devices/<slug:device>/watchers")

    @routes.get("")
    @document_response(WatchersAnswer)
    @allow("self")
    async def list_watchers(device: str) -> Response:
        """Say who may see a device and who looked; to the device itself, and to the person whose own it is."""
        token = require_caller()
        async with borrow(pool) as conn:
            subject = await select_subject(conn, device)
            is_own = subject is not None and (
                token.device == subject.key or (token.person is not None and token.person == subject.person)
            )
            if subject is None or not is_own:
                raise NotFound(f"there is no device {device}")
            watchers, links = await select_watchers(conn, subject), await select_links(conn, subject)
            readings = await select_readings(conn, subject, device)
        return answer(
            WatchersAnswer(
                watchers,
                [WatchingLink(each["id"], each["name"], format_ms(from_datetime(each["until"]))) for each in links],
                [ReadingAnswer(format_ms(from_datetime(each.at)), each.who, each.link) for each in readings],
            )
        )

    return routes
