"""Pairs: two devices each, of which it is told when they are near each other."""

import secrets
from typing import Annotated

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.guard import allow, sight
from tracker.access.objects import hide_owner
from tracker.api.devices import find_device
from tracker.api.edge import Cursor, Page, Slug, answer, below, clean, empty, read_json, read_query
from tracker.errors import Conflict, Invalid, NotFound
from tracker.model.geofence import Preset
from tracker.model.pair import Pair
from tracker.store.pairs import delete_pair, insert_pair, select_pair, select_pairs, update_pair
from tracker.store.pool import borrow

Metres = Annotated[float, msgspec.Meta(ge=1, le=1_000_000)]
Two = Annotated[list[Slug], msgspec.Meta(min_length=2, max_length=2)]


class NewPair(msgspec.Struct, frozen=True):
    """`id` is generated where none is given."""

    devices: Two
    distance: Metres
    id: Slug | None = None
    preset: Preset | None = None


class PairChange(msgspec.Struct, frozen=True):
    """What is absent stays. `devices` cannot change."""

    devices: Two | None = None
    distance: Metres | None = None
    preset: Preset | None = None


class PairQuery(Page, frozen=True):
    after: Cursor = ""


class PairAnswer(msgspec.Struct, frozen=True):
    """`distance` in metres."""

    id: str
    devices: tuple[str, str]
    distance: float
    preset: Preset


class PairPage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the next page; null on the last."""

    pairs: list[PairAnswer]
    next: str | None


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("pairs", __name__, url_prefix="/api/pairs")

    @routes.get("")
    @document_querystring(PairQuery)
    @document_response(PairPage)
    @allow("see", rows=True)
    async def list_pairs() -> Response:
        """List pairs of devices, by id."""
        query = read_query(PairQuery)
        async with borrow(pool) as conn:
            found = await select_pairs(conn, sight(), after=clean(query.after, "after"), limit=query.most)
        last = found[-1].id if len(found) == query.most else None
        return answer(PairPage([_make_answer(each) for each in found], last))

    @routes.post("")
    @document_request(NewPair)
    @document_response(PairAnswer, 201)
    @allow("devices", rows=True)
    async def create_pair() -> Response:
        """Make a pair of two devices."""
        return await _create(pool, await read_json(NewPair))

    @routes.get("/<slug:pair>")
    @document_response(PairAnswer)
    @allow("see", rows=True)
    async def read_pair(pair: str) -> Response:
        """Show a pair."""
        async with borrow(pool) as conn:
            return answer(_make_answer(require_pair(await select_pair(conn, sight(), pair))))

    @routes.patch("/<slug:pair>")
    @document_request(PairChange)
    @document_response(PairAnswer)
    @allow("devices", rows=True)
    async def change_pair(pair: str) -> Response:
        """Change the distance or the preset; who is near stays near until a fix says otherwise."""
        return await _change(pool, pair, await read_json(PairChange))

    @routes.delete("/<slug:pair>")
    @allow("devices", rows=True)
    async def erase_pair(pair: str) -> Response:
        """Delete a pair; its events stay."""
        async with borrow(pool) as conn:
            await _find_to_change(conn, pair)
            if not await delete_pair(conn, pair):
                raise NotFound("there is no such pair")
        return empty()

    return routes


async def _create(pool: asyncpg.Pool, new: NewPair) -> Response:
    one, two = new.devices
    if one == two:
        raise Invalid("devices: two different ones", field="devices")
    id = new.id or f"pair-{secrets.token_hex(4)}"
    async with borrow(pool) as conn:
        for each in new.devices:
            await _find_device(conn, each)
        try:
            made = await insert_pair(conn, id, (one, two), new.distance, new.preset or "balanced")
        except Conflict as error:
            is_seen = error.field != "id" or await select_pair(conn, sight(), id) is not None
            raise hide_owner(error, is_seen) from None
    response = answer(_make_answer(made), 201)
    response.headers["Location"] = f"{below()}/api/pairs/{made.id}"
    return response


async def _find_device(conn: asyncpg.Connection, id: str) -> None:
    """Invalid where there is no such device for the caller, NotAllowed where it may not change it."""
    try:
        await find_device(conn, sight(), id, "devices")
    except NotFound:
        raise Invalid(f"devices: there is no device {id}", field="devices") from None


async def _find_to_change(conn: asyncpg.Connection, id: str) -> Pair:
    """By who may change both its devices."""
    found = require_pair(await select_pair(conn, sight(), id))
    for each in found.devices:
        await find_device(conn, sight(), each, "devices")
    return found


async def _change(pool: asyncpg.Pool, id: str, change: PairChange) -> Response:
    async with borrow(pool) as conn:
        found = await _find_to_change(conn, id)
        if change.devices is not None and set(change.devices) != set(found.devices):
            raise Invalid("devices: they do not change; make another pair", field="devices")
        changed = await update_pair(conn, id, distance=change.distance, preset=change.preset)
    return answer(_make_answer(require_pair(changed)))


def require_pair(pair: Pair | None) -> Pair:
    if pair is None:
        raise NotFound("there is no such pair")
    return pair


def _make_answer(pair: Pair) -> PairAnswer:
    return PairAnswer(pair.id, pair.devices, pair.distance, pair.preset)
