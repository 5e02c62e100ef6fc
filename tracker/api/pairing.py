"""Pairing: a code for a device, made for who may change it, and redeemed by the phone that was shown it."""

from typing import Annotated

import asyncpg
import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.gate import Gate
from tracker.access.guard import address, allow, public, sight
from tracker.access.pairing import make_pairing
from tracker.api.devices import find_device
from tracker.api.edge import answer, read_json, shown_origin
from tracker.model.moment import format_ms, from_datetime
from tracker.store.pool import borrow


class PairingAnswer(msgspec.Struct, frozen=True):
    """`url` opens the phone page with the code, which works once, until `expires`."""

    code: str
    url: str
    expires: str


class Shown(msgspec.Struct, frozen=True):
    code: Annotated[str, msgspec.Meta(max_length=200)]


class Paired(msgspec.Struct, frozen=True):
    """Whose token it is. It is there this once. `name`: what people call the device."""

    device: str
    token: str
    name: str


def blueprint(pool: asyncpg.Pool, gate: Gate) -> Blueprint:
    routes = Blueprint("pairing", __name__, url_prefix="/api")

    @routes.post("/devices/<slug:device>/pairing")
    @document_response(PairingAnswer, 201)
    @allow("devices", rows=True)
    async def create_pairing(device: str) -> Response:
        """Make a code that a phone becomes this device by, once, within 15 minutes."""
        async with borrow(pool) as conn, conn.transaction():
            code, expires = await make_pairing(conn, (await find_device(conn, sight(), device, "devices")).key)
            await note(conn, "device.pairing_made", device)
        url = f"{shown_origin()}/track#{code}"
        return answer(PairingAnswer(code, url, format_ms(from_datetime(expires))), 201)

    @routes.post("/pairing")
    @document_request(Shown)
    @document_response(Paired, 201)
    @public
    async def redeem_pairing() -> Response:
        """Become the device of a code; its former token ends. 404 for a code that is used, old or unknown."""
        shown = await read_json(Shown)
        device, secret = await gate.pair(shown.code, address(request))
        return answer(Paired(device.id, secret, device.name), 201)

    return routes
