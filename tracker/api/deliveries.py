"""Deliveries: what became of each message to a subscriber; and sending again."""

from typing import Annotated, Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.guard import allow, sight
from tracker.alerts.allowed import keep_allowed
from tracker.alerts.matching import write_event
from tracker.api.edge import Page, answer, read_json, read_moment, read_query
from tracker.api.subscriptions import subscribed
from tracker.errors import Conflict, Invalid, NotFound
from tracker.model.delivery import TEST, Attempt, Delivery, DeliveryState, Lane, Shipment
from tracker.model.event import Event
from tracker.model.moment import format_ms, now_ms
from tracker.store.deliveries import (
    Past,
    insert_delivery,
    lock_lanes,
    promote_lanes,
    replay_deliveries,
    select_attempts,
    select_deliveries,
)
from tracker.store.pool import borrow

ALL: Final = 2**63 - 1
MOST_REPLAYED: Final = 10_000  # of one call; the rest of the span is asked for again


class DeliveryQuery(Page, frozen=True):
    """`before` is the `next` of the page before."""

    before: Annotated[int, msgspec.Meta(ge=0, le=ALL)] = ALL
    limit: Annotated[int, msgspec.Meta(ge=1)] = 100
    state: DeliveryState | None = None


class AttemptAnswer(msgspec.Struct, frozen=True):
    """`status` of HTTP, SMTP or MQTT; null: no answer. `error` null: it was delivered; of an e-mail that was it may
    say who did not take it."""

    number: int
    at: str
    ms: int
    status: int | None
    error: str | None


class DeliveryAnswer(msgspec.Struct, frozen=True):
    """`message` is the number in the id its receiver sees; of a replay it is that of the first delivery.

    `due`: when it is tried next; null where it is done, or waits for another of the same device and geofence.
    """

    id: int
    message: int
    type: str
    count: int
    device: str | None
    geofence: str | None
    state: DeliveryState
    reason: str | None
    attempts: list[AttemptAnswer]
    due: str | None
    created_at: str
    finished_at: str | None
    events: msgspec.Raw


class DeliveryPage(msgspec.Struct, frozen=True):
    """The newest first; `next` is the `before` of the next page, null on the last."""

    deliveries: list[DeliveryAnswer]
    next: int | None


class Replay(msgspec.Struct, frozen=True):
    """Messages made in this span, the oldest first; dead letters, where no states are named."""

    from_: str = msgspec.field(name="from")
    to: str | None = None
    states: list[Literal["sent", "dead", "skipped"]] = msgspec.field(default_factory=lambda: ["dead"])


class Replayed(msgspec.Struct, frozen=True):
    """The ids of the new deliveries, 10,000 at most."""

    deliveries: list[int]


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("deliveries", __name__, url_prefix="/api/subscriptions/<slug:subscription>")

    @routes.get("/deliveries")
    @document_querystring(DeliveryQuery)
    @document_response(DeliveryPage)
    @allow("told", rows=True)
    async def list_deliveries(subscription: str) -> Response:
        """List what was sent or not, with every attempt; `state=dead` shows what was given up."""
        query = read_query(DeliveryQuery)
        states = [query.state] if query.state else None
        async with borrow(pool) as conn:
            key = (await subscribed(conn, subscription)).key
            found = await select_deliveries(conn, key, before=query.before, limit=min(query.most, 1000), states=states)
            attempts = await select_attempts(conn, [each.id for each in found])
        last = found[-1].id if len(found) == min(query.most, 1000) else None
        shown = [kept for each in found if (kept := keep_allowed(sight(), each))]
        return answer(DeliveryPage([_make_answer(each, attempts.get(each.id, [])) for each in shown], last))

    @routes.post("/test")
    @document_response(Replayed, 202)
    @allow("told", rows=True)
    async def send_test(subscription: str) -> Response:
        """Send a test message; its delivery shows what became of it."""
        async with borrow(pool) as conn:
            found = await subscribed(conn, subscription)
            if not found.enabled:
                raise Conflict("the subscription is disabled")
            lane = Lane(found.key, "", TEST)  # no event has it: a test waits for nothing
            async with conn.transaction():
                await lock_lanes(conn, [found.key])
                id = await insert_delivery(conn, Shipment(lane, TEST, now_ms(), events=[_test_event()]))
                await promote_lanes(conn, [lane])
        return answer(Replayed([id]), 202)

    _replays(routes, pool)
    return routes


def _replays(routes: Blueprint, pool: asyncpg.Pool) -> None:
    @routes.post("/deliveries/<int:delivery>/replay")
    @document_response(Replayed, 202)
    @allow("told", rows=True)
    async def replay_delivery(subscription: str, delivery: int) -> Response:
        """Send a message again, behind what waits for the same device and geofence."""
        states: list[DeliveryState] = ["sent", "dead", "skipped"]
        if delivery > ALL:
            raise NotFound("there is no such delivery")
        async with borrow(pool) as conn:
            key = (await subscribed(conn, subscription)).key
            made = await replay_deliveries(conn, key, Past(states, ids=[delivery]), 1)
            near = await select_deliveries(conn, key, before=min(delivery, ALL - 1) + 1, limit=1)
        if not made and near and near[0].id == delivery:
            raise Conflict("it waits to be sent already")
        if not made:
            raise NotFound("there is no such delivery")
        return answer(Replayed(made), 202)

    @routes.post("/replay")
    @document_request(Replay)
    @document_response(Replayed, 202)
    @allow("told", rows=True)
    async def replay_span(subscription: str) -> Response:
        """Send the messages of a time span again."""
        wish = await read_json(Replay)
        since = read_moment(wish.from_, "from")
        until = now_ms() if wish.to is None else read_moment(wish.to, "to")
        if since > until:
            raise Invalid("from is after to", field="from")
        async with borrow(pool) as conn:
            key = (await subscribed(conn, subscription)).key
            made = await replay_deliveries(conn, key, Past(list(wish.states), since, until), MOST_REPLAYED)
        return answer(Replayed(made), 202)


def _test_event() -> msgspec.Raw:
    now = now_ms()
    return write_event(Event(0, TEST, TEST, None, now, now, False, 0.0, 0.0, msgspec.Raw(b"{}")))


def _make_answer(delivery: Delivery, attempts: list[Attempt]) -> DeliveryAnswer:
    return DeliveryAnswer(
        delivery.id,
        delivery.message,
        delivery.type,
        delivery.count,
        delivery.device or None,
        delivery.geofence or None,
        delivery.state,
        delivery.reason,
        [AttemptAnswer(each.number, format_ms(each.at), each.ms, each.status, each.error) for each in attempts],
        format_ms(delivery.due) if delivery.due is not None else None,
        format_ms(delivery.created_at),
        format_ms(delivery.finished_at) if delivery.finished_at is not None else None,
        delivery.body,
    )
