"""Gatherings: one link by which many phones become devices, and how far each of them came."""

import secrets
from typing import Annotated

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, sight
from tracker.access.objects import choose_group
from tracker.access.tokens import digest, new_secret
from tracker.api.edge import Name, Slug, answer, clean_name, empty, read_json, read_moment, shown_origin
from tracker.api.messages import clean_text, find_expiry, send_text
from tracker.errors import Conflict, Invalid, NotFound
from tracker.model.gathering import STEPS, Gathering, GatheringPhone, Step, count_steps
from tracker.model.moment import DAY_MS, format_if_any, format_ms, from_datetime, now_ms, to_datetime
from tracker.store.gatherings import (
    claim_reminder,
    delete_gathering,
    insert_gathering,
    select_gathering,
    select_gathering_phones,
    select_gatherings,
)
from tracker.store.pool import borrow

MANY = "many-"  # before the code, so that a phone that opens the link again knows it for one it has used
LONGEST_MS = 366 * DAY_MS
REMINDER = "Please open this page and leave it open: your position does not arrive."


class NewGathering(msgspec.Struct, frozen=True):
    """`until`: how long the link lives, a year at most; `most` phones may come by it. `group`: which one they are put
    into; needed but from a manager of a single one."""

    name: Name
    until: str
    id: Slug | None = None
    group: Slug | None = None
    most: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500


class Reminder(msgspec.Struct, frozen=True):
    """`text`: what they are told; absent: that their position does not arrive."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None


class Funnel(msgspec.Struct, frozen=True):
    """How many came at least so far: opened the link, allowed the position, sent one, sent for 30 minutes without a gap
    of two."""

    scanned: int
    allowed: int
    placed: int
    steady: int


class PhoneAnswer(msgspec.Struct, frozen=True):
    """`step`: how far it came; `denied`: its person does not allow the position."""

    device: str
    number: int
    step: Step
    denied: bool
    scanned_at: str
    reminded_at: str | None


class GatheringAnswer(msgspec.Struct, frozen=True):
    """`url` is there when it was just made, and never again."""

    id: str
    name: str
    group: str
    most: int
    expires: str
    url: str | msgspec.UnsetType = msgspec.UNSET
    funnel: Funnel | msgspec.UnsetType = msgspec.UNSET
    phones: list[PhoneAnswer] | msgspec.UnsetType = msgspec.UNSET


class GatheringList(msgspec.Struct, frozen=True):
    gatherings: list[GatheringAnswer]


class Reminded(msgspec.Struct, frozen=True):
    """How many phones were written to. Each gets it when its page is open."""

    reminded: int


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("gatherings", __name__, url_prefix="/api/gatherings")

    @routes.get("")
    @document_response(GatheringList)
    @allow("devices", rows=True)
    async def list_gatherings() -> Response:
        """List gatherings, the newest first."""
        async with borrow(pool) as conn:
            found = await select_gatherings(conn, sight().find_reach("devices"))
        return answer(GatheringList([_make_answer(each) for each in found]))

    @routes.post("")
    @document_request(NewGathering)
    @document_response(GatheringAnswer, 201)
    @allow("devices", rows=True)
    async def create_gathering() -> Response:
        """Make one link by which many phones become devices of a group."""
        return answer(await _create(pool, await read_json(NewGathering)), 201)

    @routes.get("/<slug:gathering>")
    @document_response(GatheringAnswer)
    @allow("devices", rows=True)
    async def read_gathering(gathering: str) -> Response:
        """Show how far each phone of a gathering came."""
        async with borrow(pool) as conn:
            found = await _find(conn, gathering)
            phones = await select_gathering_phones(conn, found.key)
        shown = msgspec.structs.replace(
            _make_answer(found), funnel=Funnel(**count_steps(phones)), phones=[_make_phone(each) for each in phones]
        )
        return answer(shown)

    @routes.delete("/<slug:gathering>")
    @allow("devices", rows=True)
    async def end_gathering(gathering: str) -> Response:
        """End the link of a gathering; its devices stay."""
        async with borrow(pool) as conn, conn.transaction():
            found = await _find(conn, gathering)
            await delete_gathering(conn, found.key)
            await note(conn, "gathering.ended", gathering, group=found.group)
        return empty()

    @routes.post("/<slug:gathering>/reminder")
    @document_request(Reminder)
    @document_response(Reminded, 201)
    @allow("devices", rows=True)
    async def remind_gathering(gathering: str) -> Response:
        """Write to the phones that did not get to the end, to each once in ten minutes at most."""
        given = await read_json(Reminder)
        return answer(Reminded(await _remind(pool, gathering, clean_text(given.text or REMINDER, "text"))), 201)

    return routes


async def _create(pool: asyncpg.Pool, new: NewGathering) -> GatheringAnswer:
    until, code = read_moment(new.until, "until"), MANY + new_secret()
    if not now_ms() < until <= now_ms() + LONGEST_MS:
        raise Invalid("until has to be in the next year", field="until")
    id, name = new.id or f"gathering-{secrets.token_hex(4)}", clean_name(new.name, "name")
    async with borrow(pool) as conn, conn.transaction():
        group = await choose_group(conn, sight(), "devices", new.group)
        if group is None:
            raise Invalid("group: in which group the phones are to be", field="group")
        await insert_gathering(conn, Gathering(0, id, name, group, "", new.most, to_datetime(until)), digest(code))
        await note(conn, "gathering.made", id, group=group)
        made = await _find(conn, id)
    return msgspec.structs.replace(_make_answer(made), url=f"{shown_origin()}/track#{code}")


async def _find(conn: asyncpg.Connection, id: str) -> Gathering:
    """NotFound for one of a group whose devices the caller may not change, as for one that is not there."""
    found = await select_gathering(conn, id)
    if found is None or not sight().may_do("devices", [found.group]):
        raise NotFound(f"there is no gathering {id}")
    return found


async def _remind(pool: asyncpg.Pool, id: str, text: str) -> int:
    """A phone for which too much waits already is passed over."""
    reminded = 0
    async with borrow(pool) as conn:
        found = await _find(conn, id)
        stuck = [each for each in await select_gathering_phones(conn, found.key) if each.step != STEPS[-1]]
        for phone in stuck:
            async with conn.transaction():
                if await claim_reminder(conn, phone.key) is None:
                    continue
                try:
                    await send_text(conn, phone.key, f"c-{secrets.token_hex(8)}", text, find_expiry(None))
                except Conflict:
                    continue
                reminded += 1
        await note(conn, "gathering.reminded", id, group=found.group, phones=reminded)
    return reminded


def _make_answer(gathering: Gathering) -> GatheringAnswer:
    expires = format_ms(from_datetime(gathering.expires_at))
    return GatheringAnswer(gathering.id, gathering.name, gathering.group_id, gathering.most, expires)


def _make_phone(phone: GatheringPhone) -> PhoneAnswer:
    scanned = format_ms(from_datetime(phone.scanned_at))
    return PhoneAnswer(phone.device, phone.number, phone.step, phone.denied, scanned, format_if_any(phone.reminded_at))
