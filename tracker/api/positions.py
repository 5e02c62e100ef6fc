"""Positions: where devices are now, as GeoJSON. The live stream says the same and then goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.gate import Gate
from tracker.access.guard import allow, require_caller
from tracker.api.edge import answer, read_query
from tracker.api.privacy import PrivacyAnswer, tell_privacy
from tracker.errors import Invalid
from tracker.links.rooms import Rooms
from tracker.live.guises import Guises
from tracker.live.table import Table
from tracker.model.moment import format_ms, now_us
from tracker.model.position import Position
from tracker.model.sight import EVERYTHING, Sight
from tracker.model.viewport import WORLD, Viewport, unrolled

Attend = Callable[[], Awaitable[None]]  # returns when the table holds all there is
MOST: Final = 100_000  # 30 MB; whoever wants more has the live stream


class PositionQuery(msgspec.Struct, frozen=True):
    """`bbox` is west,south,east,north in degrees; west greater than east crosses 180. Without it: the world."""

    bbox: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1)] = 20_000


class PositionPoint(msgspec.Struct, frozen=True):
    coordinates: tuple[float, float]
    type: Literal["Point"] = "Point"


class PositionProperties(msgspec.Struct, frozen=True):
    name: str
    category: str | None
    at: str
    received_at: str
    speed: float | None
    heading: float | None
    accuracy: float | None
    altitude: float | None
    battery: float | None
    status: str
    geofences: Sequence[str]
    privacy: PrivacyAnswer | msgspec.UnsetType = msgspec.UNSET  # of one that is vague or paused to others


class PositionFeature(msgspec.Struct, frozen=True):
    """A GeoJSON Feature; `id` is the device's."""

    id: str
    geometry: PositionPoint
    properties: PositionProperties
    type: Literal["Feature"] = "Feature"


class PositionCollection(msgspec.Struct, frozen=True):
    """A GeoJSON FeatureCollection. `total` is how many there are in the box, also where fewer are shown."""

    features: list[PositionFeature]
    total: int
    type: Literal["FeatureCollection"] = "FeatureCollection"
    MEDIA: ClassVar = ("application/geo+json",)


async def wait_for_nothing() -> None:
    """There is one process, whose table holds all."""


def blueprint(table: Table, guises: Guises, gate: Gate, links: Rooms, attend: Attend) -> Blueprint:
    routes = Blueprint("positions", __name__, url_prefix="/api/positions")

    @routes.get("")
    @document_querystring(PositionQuery)
    @document_response(PositionCollection)
    @allow("see", rows=True, links=True)
    async def list_positions() -> Response:
        """List the newest positions in a box; by a sharing link those that it shows."""
        query, token = read_query(PositionQuery), require_caller()
        viewport = WORLD if query.bbox is None else _viewport(query.bbox)
        if token.kind == "link":
            shown = (await links.find(token)).table
            return _answer(shown, shown.within(viewport, EVERYTHING), EVERYTHING, min(query.limit, MOST))
        await attend()
        sight = await gate.sights.see(gate.pool, token, table.rights)
        guises.settle(gate.sights.rights, now_us())
        found = table.within(viewport, sight)
        return await asyncio.to_thread(_answer, table, found, sight, min(query.limit, MOST))

    return routes


def _answer(table: Table, found: list[Position], sight: Sight, limit: int) -> Response:
    """In a thread: twenty thousand take a fifth of a second, in which the live path goes on."""
    shown = [_make_answer(table, position, sight) for position in found[:limit]]
    return answer(PositionCollection(shown, len(found)), 200, "application/geo+json")


def _viewport(bbox: str) -> Viewport:
    try:
        west, south, east, north = map(float, bbox.split(","))
    except ValueError:
        raise Invalid("bbox has to be west,south,east,north in degrees", field="bbox") from None
    try:
        return unrolled(west, south, east, north)
    except ValueError as error:
        raise Invalid(f"bbox: {error}", field="bbox") from None


def _make_answer(table: Table, position: Position, sight: Sight) -> PositionFeature:
    fix, device, privacy = position.fix, table.device(position.device), table.privacies.get(position.device)
    properties = PositionProperties(
        name=device.name if device else str(position.device),
        category=device.category if device else None,
        at=format_ms(fix.at),
        received_at=format_ms(position.received_at // 1000),
        speed=fix.speed,
        heading=fix.heading,
        accuracy=fix.accuracy,
        altitude=fix.altitude,
        battery=fix.battery,
        status=position.status.name.lower(),
        geofences=sight.cut(position.geofences),
        privacy=tell_privacy(privacy) if privacy else msgspec.UNSET,
    )
    return PositionFeature(device.id if device else str(position.device), PositionPoint((fix.lon, fix.lat)), properties)
