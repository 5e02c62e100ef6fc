"""Commands: what a device is told to do, and what it answered."""

import secrets
from typing import Annotated, Any, Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.guard import allow, sight
from tracker.api.devices import find_device
from tracker.api.edge import Page, answer, explain_invalid, read_json, read_query
from tracker.api.messages import clean_text, find_expiry, send_text
from tracker.errors import Conflict, NotFound
from tracker.model.command import Command
from tracker.model.moment import format_ms
from tracker.phones.commands import Circles
from tracker.store.circles import select_circles
from tracker.store.commands import MOST_OPEN, count_open_commands, insert_command, select_command, select_commands
from tracker.store.pool import borrow


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
    "set_geofences": NoArgs,
}


class NewCommand(msgspec.Struct, frozen=True):
    """`expires` in a day where it is not given, in 30 days at the latest. `set_geofences` hands the caller's geofences
    out as circles, the 20 nearest that apply to the device, so that the phone wakes at their borders."""

    name: Literal["report_now", "set_interval", "message", "set_geofences"]
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
    @allow("see", rows=True)
    async def list_commands(device: str) -> Response:
        """List a device's commands and their results, the newest first."""
        query = read_query(CommandQuery)
        async with borrow(pool) as conn:
            found = await select_commands(conn, (await find_device(conn, sight(), device)).key, limit=query.most)
        return answer(CommandList([_make_answer(command) for command in found]))

    @routes.post("")
    @document_request(NewCommand)
    @document_response(CommandAnswer, 201)
    @allow("command", rows=True)
    async def create_command(device: str) -> Response:
        """Queue a command; it is kept until it is answered or has expired."""
        new = await read_json(NewCommand)
        return answer(_make_answer(await _queue(pool, device, new)), 201)

    return routes


async def _queue(pool: asyncpg.Pool, device: str, new: NewCommand) -> Command:
    """One that is a message stands in the thread as well, whichever way it was given."""
    args, expires, id = _args(new), find_expiry(new.expires), f"c-{secrets.token_hex(8)}"
    async with borrow(pool) as conn:
        found = await find_device(conn, sight(), device, "command")
        key = found.key
        if new.name == "set_geofences":
            args = Circles(await select_circles(conn, sight(), found))
        if isinstance(args, MessageArgs):
            await send_text(conn, key, id, args.text, expires)
        elif await count_open_commands(conn, key) >= MOST_OPEN:
            raise Conflict(f"{MOST_OPEN} commands wait for this device already")
        else:
            await insert_command(conn, key, id, new.name, msgspec.json.encode(args), expires=expires)
        command = await select_command(conn, id)
    if command is None:
        raise NotFound(f"there is no device {device}")
    return command


def _args(new: NewCommand) -> msgspec.Struct:
    """Checked, and without what the command does not know."""
    try:
        args = msgspec.convert(new.args or {}, ARGS[new.name])
    except msgspec.ValidationError as error:
        raise explain_invalid(error, "args") from None
    if isinstance(args, MessageArgs):
        clean_text(args.text, "args.text")
    return args


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
