"""Commands: what a device is told to do, and what it answered."""

import secrets
from typing import Annotated, Any, Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.guard import allow
from tracker.api.devices import find_device
from tracker.api.edge import Page, answer, clean, explain_invalid, read_json, read_moment, read_query
from tracker.errors import Conflict, Invalid
from tracker.model.command import Command
from tracker.model.moment import DAY_MS, format_ms, now_ms
from tracker.store.commands import count_open_commands, insert_command, select_commands
from tracker.store.pool import borrow

MOST_OPEN: Final = 100  # per device: they all go out when it connects
LONGEST_MS: Final = 30 * DAY_MS


class NoArgs(msgspec.Struct, frozen=True):
    pass


class IntervalArgs(msgspec.Struct, frozen=True):
    seconds: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)]


class MessageArgs(msgspec.Struct, frozen=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


ARGS: Final[dict[str, type[msgspec.Struct]]] = {
    "report_now": NoArgs,
    "set_interval": IntervalArgs,
    "message": MessageArgs,
}


class NewCommand(msgspec.Struct, frozen=True):
    """`expires` in a day where it is not given, in 30 days at the latest."""

    name: Literal["report_now", "set_interval", "message"]
    args: dict[str, Any] | None = None
    expires: str | None = None


class CommandQuery(Page, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1)] = 100


class CommandAnswer(msgspec.Struct, frozen=True):
    """`ok` is null until the device answered."""

    id: str
    name: str
    args: msgspec.Raw
    created_at: str
    expires: str
    answered_at: str | None
    ok: bool | None
    detail: str | None


class CommandList(msgspec.Struct, frozen=True):
    commands: list[CommandAnswer]


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("commands", __name__, url_prefix="/api/devices/<slug:device>/commands")

    @routes.get("")
    @document_querystring(CommandQuery)
    @document_response(CommandList)
    @allow("see")
    async def list_commands(device: str) -> Response:
        """List a device's commands and their results, the newest first."""
        query = read_query(CommandQuery)
        async with borrow(pool) as conn:
            found = await select_commands(conn, (await find_device(conn, device)).key, limit=query.most)
        return answer(CommandList([_make_answer(command) for command in found]))

    @routes.post("")
    @document_request(NewCommand)
    @document_response(CommandAnswer, 201)
    @allow("command")
    async def create_command(device: str) -> Response:
        """Queue a command; it is kept until it is answered or has expired."""
        new = await read_json(NewCommand)
        args, expires = _args(new), _expires(new)
        async with borrow(pool) as conn:
            key = (await find_device(conn, device)).key
            if await count_open_commands(conn, key) >= MOST_OPEN:
                raise Conflict(f"{MOST_OPEN} commands wait for this device already")
            id = f"c-{secrets.token_hex(8)}"
            command = await insert_command(conn, key, id, new.name, args, expires=expires)
        return answer(_make_answer(command), 201)

    return routes


def _args(new: NewCommand) -> bytes:
    """Checked, and encoded without what the command does not know."""
    try:
        args = msgspec.convert(new.args or {}, ARGS[new.name])
    except msgspec.ValidationError as error:
        raise explain_invalid(error, "args") from None
    if isinstance(args, MessageArgs):
        clean(args.text, "args.text")
    return msgspec.json.encode(args)


def _expires(new: NewCommand) -> int:
    now = now_ms()
    expires = now + DAY_MS if new.expires is None else read_moment(new.expires, "expires")
    if not now < expires <= now + LONGEST_MS:
        raise Invalid("expires has to be in the next 30 days", field="expires")
    return expires


def _make_answer(command: Command) -> CommandAnswer:
    answered = command.answered_at
    return CommandAnswer(
        command.id,
        command.name,
        command.args,
        format_ms(command.created_at),
        format_ms(command.expires),
        format_ms(answered) if answered is not None else None,
        command.ok,
        command.detail,
    )
