"""The address at which a device's phone app reports: shown, and made anew."""

from typing import Annotated

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.addresses import Addresses
from tracker.access.audit import note
from tracker.access.guard import allow, sight
from tracker.api.devices import find_device
from tracker.api.edge import answer, clean, empty, read_json, shown_origin
from tracker.errors import NotFound
from tracker.store.addresses import update_ingest_key, update_owntracks_secret
from tracker.store.friends import update_shows_friends
from tracker.store.pool import borrow


class IngestAnswer(msgspec.Struct, frozen=True):
    """`ingest_url`: one address for every phone app. Whoever has it can send as this device, and nothing else."""

    ingest_url: str


class OwnTracksSecret(msgspec.Struct, frozen=True):
    """The secret of OwnTracks' encryption, as it is in the phone's settings; empty or null: there is none."""

    secret: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class ShownFriends(msgspec.Struct, frozen=True):
    """Whether the device's OwnTracks shows the others of its groups for which that is on as well, and they show it."""

    shown: bool


def blueprint(pool: asyncpg.Pool, addresses: Addresses) -> Blueprint:
    routes = Blueprint("ingest", __name__, url_prefix="/api/devices/<slug:device>")

    @routes.post("/ingest")
    @document_response(IngestAnswer, 201)
    @allow("devices", rows=True)
    async def renew_ingest(device: str) -> Response:
        """Give the device a new ingest address; the old one ends at once."""
        async with borrow(pool) as conn, conn.transaction():
            number = (await find_device(conn, sight(), device, "devices")).key
            key = await update_ingest_key(conn, number)
            await note(conn, "device.address_made", device)
        addresses.forget(number)  # before the nudge comes: the old one must not be taken after our answer
        if key is None:
            raise NotFound(f"there is no device {device}")
        return answer(IngestAnswer(f"{shown_origin()}/in/{key}"), 201)

    @routes.put("/owntracks-secret")
    @document_request(OwnTracksSecret)
    @allow("devices", rows=True)
    async def set_owntracks_secret(device: str) -> Response:
        """Say what the device's OwnTracks messages are encrypted with."""
        given = await read_json(OwnTracksSecret)
        async with borrow(pool) as conn, conn.transaction():
            key = (await find_device(conn, sight(), device, "devices")).key
            await update_owntracks_secret(conn, key, clean(given.secret or "", "secret") or None)
            await note(conn, "device.secret_set", device)
        addresses.forget(key)
        return empty()

    @routes.put("/owntracks-friends")
    @document_request(ShownFriends)
    @allow("devices", rows=True)
    async def set_owntracks_friends(device: str) -> Response:
        """Say whether OwnTracks on this device shows others of its groups, and they show it."""
        given = await read_json(ShownFriends)
        async with borrow(pool) as conn, conn.transaction():
            key = (await find_device(conn, sight(), device, "devices")).key
            await update_shows_friends(conn, key, given.shown)
            await note(conn, "device.friends_set", device, shown=given.shown)
        addresses.forget(key)
        return empty()

    return routes
