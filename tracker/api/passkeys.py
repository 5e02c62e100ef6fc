"""Passkeys: made, listed and removed by their person, and asked for at the door."""

from typing import Any

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.gate import Gate
from tracker.access.guard import address, allow, public
from tracker.access.passkeys import Passkeys
from tracker.access.passwords import Passwords
from tracker.access.relation import check_self, own_person
from tracker.api.cookie import read_petitioner
from tracker.api.edge import Name, answer, clean_name, empty, read_json
from tracker.api.people import Password
from tracker.errors import NotFound
from tracker.model.moment import format_if_any, format_ms, from_datetime
from tracker.store.passkeys import Passkey, delete_passkey, select_passkeys
from tracker.store.pool import borrow


class PasskeyWanted(msgspec.Struct, frozen=True):
    """`current`: the password."""

    current: Password


class Options(msgspec.Struct, frozen=True):
    """For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`; good for five
    minutes."""

    options: msgspec.Raw


class NewPasskeyShown(msgspec.Struct, frozen=True):
    """`credential`: what the browser made, by its `toJSON()`."""

    name: Name
    credential: dict[str, Any]


class PasskeyAnswer(msgspec.Struct, frozen=True):
    """`site`: the host it works at."""

    id: int
    name: str
    site: str
    made_at: str
    used_at: str | None


class PasskeyList(msgspec.Struct, frozen=True):
    passkeys: list[PasskeyAnswer]


def blueprint(gate: Gate, pool: asyncpg.Pool, passwords: Passwords, passkeys: Passkeys) -> Blueprint:
    routes = Blueprint("passkeys", __name__, url_prefix="/api")

    @routes.post("/passkeys/options")
    @document_response(Options)
    @public
    async def ask() -> Response:
        """Ask for a passkey to sign in with: the answer goes to `POST /api/session` as `passkey`."""
        return answer(Options(await passkeys.ask(read_petitioner(gate))))

    @routes.get("/people/<int:person>/passkeys")
    @document_response(PasskeyList)
    @allow("self")
    async def list_passkeys(person: int) -> Response:
        """List a person's passkeys."""
        async with borrow(pool) as conn:
            await own_person(conn, person)
            return answer(PasskeyList([_make_answer(each) for each in await select_passkeys(conn, person)]))

    @routes.post("/people/<int:person>/passkeys/options")
    @document_request(PasskeyWanted)
    @document_response(Options)
    @allow("self")
    async def begin_passkey(person: int) -> Response:
        """Begin to make one, with one's password."""
        shown = await read_json(PasskeyWanted)
        async with borrow(pool) as conn:
            self = await check_self(conn, person)
        petitioner = read_petitioner(gate)
        await passwords.confirm(self, shown.current, address(request))
        return answer(Options(await passkeys.begin(self, petitioner)))

    @routes.post("/people/<int:person>/passkeys")
    @document_request(NewPasskeyShown)
    @document_response(PasskeyAnswer, 201)
    @allow("self")
    async def create_passkey(person: int) -> Response:
        """Keep the passkey that the browser made."""
        shown = await read_json(NewPasskeyShown)
        async with borrow(pool) as conn:
            self = await check_self(conn, person)
        name, petitioner = clean_name(shown.name, "name"), read_petitioner(gate)
        async with borrow(pool) as conn, conn.transaction():
            made = await passkeys.add(conn, self, petitioner, name, shown.credential)
            await note(conn, "passkey.made", person)
        return answer(_make_answer(made), 201)

    @routes.delete("/people/<int:person>/passkeys/<int:passkey>")
    @allow("self")
    async def erase_passkey(person: int, passkey: int) -> Response:
        """Remove one; it signs in no more. Sessions stay."""
        async with borrow(pool) as conn, conn.transaction():
            await own_person(conn, person)
            if passkey >= 2**31 or not await delete_passkey(conn, person, passkey):
                raise NotFound(f"there is no passkey {passkey}")
            await note(conn, "passkey.removed", person)
        return empty()

    return routes


def _make_answer(passkey: Passkey) -> PasskeyAnswer:
    made, used = passkey.made_at, passkey.used_at
    return PasskeyAnswer(
        passkey.id,
        passkey.name,
        passkey.site,
        format_ms(from_datetime(made)),
        format_if_any(used),
    )
