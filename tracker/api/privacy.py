"""Privacy: a device is vague or paused to all others until a time, as it or the person whose own it is says."""

from datetime import datetime
from typing import Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, require_caller, sight
from tracker.api.edge import answer, read_json, read_moment
from tracker.errors import Invalid, NotAllowed, NotFound, TooMany
from tracker.model.moment import DAY_MS, format_ms, now_ms, to_datetime
from tracker.model.privacy import Privacy
from tracker.store.pool import borrow
from tracker.store.privacies import change_privacy, count_lately, select_privacy
from tracker.store.watchers import Subject, select_subject

LONGEST: Final = 366 * DAY_MS
MOST: Final = 60  # changes of a device in an hour: each is one of the rights, which all are read for


class NewPrivacy(msgspec.Struct, frozen=True):
    """`exact`: as it is. `vague`: others are shown the cell of 1 km it is in, and nothing else of it. `paused`:
    nothing. `until`: when it is exact again by itself; without it, when that is said."""

    mode: Literal["exact", "vague", "paused"]
    until: str | None = None


class PrivacyAnswer(msgspec.Struct, frozen=True):
    """`until`: when it is exact again by itself."""

    mode: str
    until: str | None


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("privacy", __name__, url_prefix="/api/devices/<slug:device>/privacy")

    @routes.get("")
    @document_response(PrivacyAnswer)
    @allow("self")
    async def read_privacy(device: str) -> Response:
        """Say how exactly others are shown a device, and until when; to all who see it, and to the device itself."""
        async with borrow(pool) as conn:
            subject = await _find(conn, device)
            return answer(tell_privacy(await select_privacy(conn, subject.key)))

    @routes.put("")
    @document_request(NewPrivacy)
    @document_response(PrivacyAnswer)
    @allow("self")
    async def change(device: str) -> Response:
        """Make a device vague or paused to all others, or exact again; by itself, or the person whose own it is."""
        wish = await read_json(NewPrivacy)
        until = _read_until(wish)
        async with borrow(pool) as conn, conn.transaction():
            subject = await _find(conn, device)
            if not is_own(subject):
                raise NotAllowed("the device itself and the person whose own it is say this")
            if await count_lately(conn, subject.key) >= MOST:
                raise TooMany("this was changed too often in the last hour", retry_after=60.0)
            mode = None if wish.mode == "exact" else wish.mode
            await change_privacy(conn, subject.key, mode, until)
            await note(conn, "device.privacy", device, mode=wish.mode)
            return answer(tell_privacy(await select_privacy(conn, subject.key)))

    return routes


def is_own(subject: Subject) -> bool:
    token = require_caller()
    return token.device == subject.key or (token.person is not None and token.person == subject.person)


def tell_privacy(privacy: Privacy | None) -> PrivacyAnswer:
    if privacy is None:
        return PrivacyAnswer("exact", None)
    return PrivacyAnswer(privacy.mode, None if privacy.until is None else format_ms(privacy.until // 1000))


async def _find(conn: asyncpg.Connection, id: str) -> Subject:
    """NotFound where there is none that the caller sees, or is."""
    subject = await select_subject(conn, id)
    if subject is None or not (is_own(subject) or (sight().holds("see") and sight().sees(subject.key))):
        raise NotFound(f"there is no device {id}")
    return subject


def _read_until(wish: NewPrivacy) -> datetime | None:
    if wish.until is None or wish.mode == "exact":
        return None
    until = read_moment(wish.until, "until")
    if not now_ms() < until <= now_ms() + LONGEST:
        raise Invalid("until: after now, and within a year", field="until")
    return to_datetime(until)
