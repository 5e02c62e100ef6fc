"""Messages: the conversation with whoever holds a device, and who has seen its calls for help."""

import secrets
from typing import Annotated

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.guard import allow, caller, sight
from tracker.api.devices import find_device
from tracker.api.edge import Page, answer, clean, read_json, read_moment, read_query
from tracker.errors import Conflict, Invalid, NotFound
from tracker.model.message import ToldMessage, tell_message
from tracker.model.moment import DAY_MS, now_ms
from tracker.model.note import LARGEST_TEXT
from tracker.store.alarms import insert_seen, select_first_seen
from tracker.store.commands import MOST_OPEN, count_open_commands
from tracker.store.events import select_event
from tracker.store.messages import queue_message, select_message, select_message_head, select_messages
from tracker.store.pool import borrow

LONGEST_MS = 30 * DAY_MS


class NewMessage(msgspec.Struct, frozen=True):
    """`expires` in a day where it is not given, in 30 days at the latest."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    expires: str | None = None


class MessageQuery(Page, frozen=True):
    """`after` is the `next` of the page before."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0


class MessagePage(msgspec.Struct, frozen=True):
    """The oldest first. Ask again with `after=next`: nothing is missed and nothing comes twice."""

    messages: list[ToldMessage]
    next: int


class EventSeen(msgspec.Struct, frozen=True):
    """Who was the first to see it, and when; both null where nobody has said so yet."""

    event: int
    by: str | None
    at: str | None


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("messages", __name__, url_prefix="/api")

    @routes.get("/devices/<slug:device>/messages")
    @document_querystring(MessageQuery)
    @document_response(MessagePage)
    @allow("see", rows=True)
    async def list_messages(device: str) -> Response:
        """List a device's thread, both directions, from the oldest on."""
        return answer(await _page(pool, device, read_query(MessageQuery)))

    @routes.post("/devices/<slug:device>/messages")
    @document_request(NewMessage)
    @document_response(ToldMessage, 201)
    @allow("command", rows=True)
    async def send_message(device: str) -> Response:
        """Send a message to whoever holds the device; it is kept until it is answered or has expired."""
        return await _send(pool, device, await read_json(NewMessage))

    @routes.get("/events/<int:event>/seen")
    @document_response(EventSeen)
    @allow("see", rows=True)
    async def read_seen(event: int) -> Response:
        """Tell who has seen an event, and when."""
        async with borrow(pool) as conn:
            await _require_event(conn, event)
            seen = await select_first_seen(conn, event)
        return answer(EventSeen(event, seen.by if seen else None, seen.at if seen else None))

    @routes.post("/events/<int:event>/seen")
    @document_response(EventSeen)
    @allow("see", rows=True)
    async def see_event(event: int) -> Response:
        """Say that somebody has seen an event; a device that called for help is told who."""
        return await _see(pool, event)

    return routes


async def _page(pool: asyncpg.Pool, device: str, query: MessageQuery) -> MessagePage:
    async with borrow(pool) as conn:
        key = (await find_device(conn, sight(), device)).key
        head = await select_message_head(conn)  # before the messages: one that comes in between is repeated at worst
        found = await select_messages(conn, after=query.after, limit=query.most, device=key)
    last = found[-1].number if found else 0
    next = last if len(found) == query.most else max(head, last)
    return MessagePage([tell_message(message) for message in found], next)


async def _send(pool: asyncpg.Pool, device: str, new: NewMessage) -> Response:
    text, expires = clean_text(new.text, "text"), find_expiry(new.expires)
    async with borrow(pool) as conn:
        key = (await find_device(conn, sight(), device, "command")).key
        number = await send_text(conn, key, f"c-{secrets.token_hex(8)}", text, expires)
        message = await select_message(conn, number)
    if message is None:
        raise NotFound(f"there is no device {device}")
    return answer(tell_message(message), 201)


async def send_text(conn: asyncpg.Connection, device: int, id: str, text: str, expires: int) -> int:
    """As a command and a line of the thread; its number. `device`: the key, `expires` in ms."""
    if await count_open_commands(conn, device) >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} commands wait for this device already")
    return await queue_message(conn, device, id, text, msgspec.json.encode({"text": text}), expires=expires)


def find_expiry(expires: str | None) -> int:
    now = now_ms()
    found = now + DAY_MS if expires is None else read_moment(expires, "expires")
    if not now < found <= now + LONGEST_MS:
        raise Invalid("expires has to be in the next 30 days", field="expires")
    return found


def clean_text(text: str, field: str) -> str:
    """Lines are what a message may have and a name may not."""
    clean(text.replace("\n", " ").replace("\t", " "), field)
    if len(text.encode()) > LARGEST_TEXT or not text.strip():
        raise Invalid(f"{field}: 1 to {LARGEST_TEXT} bytes, with something in it that can be seen", field=field)
    return text


async def _see(pool: asyncpg.Pool, event: int) -> Response:
    token = caller()
    by = (token.name or token.kind) if token else "somebody"
    async with borrow(pool) as conn, conn.transaction():
        await _require_event(conn, event)
        seen = await insert_seen(conn, event, by)
    if seen is None:
        raise NotFound(f"there is no event {event}")
    return answer(EventSeen(event, seen.by, seen.at))


async def _require_event(conn: asyncpg.Connection, event: int) -> None:
    """NotFound where there is none that the caller may see."""
    if event > 2**63 - 1 or await select_event(conn, sight(), event) is None:
        raise NotFound(f"there is no event {event}")
