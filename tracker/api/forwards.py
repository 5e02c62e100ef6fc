"""A device's fixes sent on to another server: set, shown with what became of it, and ended."""

from typing import Annotated, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow, sight
from tracker.alerts.carriers.carrier import Carriers
from tracker.api.devices import find_device
from tracker.api.edge import answer, clean, empty, read_json, read_moment
from tracker.errors import Invalid
from tracker.model.channel import Webhook
from tracker.model.forward import Forward, ForwardKind
from tracker.model.moment import format_if_any, now_us
from tracker.store.forwards import (
    ForwardState,
    delete_forward,
    select_forward,
    select_forward_secret,
    upsert_forward,
)
from tracker.store.pool import borrow

LONGEST_URL = 2_000


class NewForward(msgspec.Struct, frozen=True):
    """`kind`: `owntracks`, where `url` is its HTTP endpoint and `secret` user:password, if it needs one; `tracker`,
    where `url` is another server of this kind, `name` the device's id there and `secret` that device's token. `secret`
    absent: as it was, where kind and url stay. `since`: what was received from then on is sent, too; absent: what comes
    from now on."""

    kind: ForwardKind
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    secret: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    since: str | None = None


class ForwardAnswer(msgspec.Struct, frozen=True):
    """`state`: `waiting` for fixes, `sending` what is there (`behind`: how many, 10,000 at most), or `failing`, with
    the last error and the time of the next attempt. Errors end with the first success."""

    kind: ForwardKind
    url: str
    name: str
    state: Literal["waiting", "sending", "failing"]
    behind: int
    sent: int
    sent_at: str | None
    failures: int
    error: str | None
    error_at: str | None
    next: str | None


def blueprint(pool: asyncpg.Pool, carriers: Carriers) -> Blueprint:
    routes = Blueprint("forwards", __name__, url_prefix="/api/devices/<slug:device>/forward")

    @routes.get("")
    @document_response(ForwardAnswer)
    @allow("devices", rows=True)
    async def read_forward(device: str) -> Response:
        """Show where a device is sent on, how far, and what went wrong; 204 where it is not."""
        async with borrow(pool) as conn:
            key = (await find_device(conn, sight(), device, "devices")).key
            found = await select_forward(conn, key)
        return empty() if found is None else answer(_make_answer(found))

    @routes.put("")
    @document_request(NewForward)
    @document_response(ForwardAnswer)
    @allow("devices", rows=True)
    async def set_forward(device: str) -> Response:
        """Send a device's fixes on to another server, from now or from a moment on."""
        return answer(_make_answer(await _set(pool, carriers, device, await read_json(NewForward))))

    @routes.delete("")
    @allow("devices", rows=True)
    async def end_forward(device: str) -> Response:
        """Send it on no more."""
        async with borrow(pool) as conn, conn.transaction():
            key = (await find_device(conn, sight(), device, "devices")).key
            if await delete_forward(conn, key):
                await note(conn, "device.forward_ended", device)
        return empty()

    return routes


async def _set(pool: asyncpg.Pool, carriers: Carriers, device: str, new: NewForward) -> ForwardState:
    since = now_us() if new.since is None else read_moment(new.since, "since") * 1000
    name, secret = clean(new.name or device, "name"), clean(new.secret or "", "secret") or None
    async with borrow(pool) as conn:
        key = (await find_device(conn, sight(), device, "devices")).key
        before = await select_forward(conn, key)
        if secret is None and before is not None and (before.kind, before.url) == (new.kind, new.url):
            secret = await select_forward_secret(conn, key)
    if new.kind == "tracker" and secret is None:
        raise Invalid("secret: the token of the device there is needed", field="secret")
    await _check_url(carriers, new.url)
    async with borrow(pool) as conn, conn.transaction():
        key = (await find_device(conn, sight(), device, "devices")).key
        await upsert_forward(conn, Forward(key, 0, new.kind, new.url, name, secret, since))
        await note(conn, "device.forwarded", device, kind=new.kind, url=_host(new.url))
        found = await select_forward(conn, key)
    assert found is not None
    return found


async def _check_url(carriers: Carriers, url: str) -> None:
    """By the rules of webhooks: no address inside, unless the operator names its network."""
    hook = Webhook(url)
    try:
        await carriers.of(hook).check(hook)
    except Invalid as error:
        raise Invalid(str(error).replace("channel.url", "url"), field="url") from None


def _host(url: str) -> str:
    """For the audit: what stands behind the host may be a key of the other server."""
    return url.partition("//")[2].partition("/")[0][:200]


def _make_answer(state: ForwardState) -> ForwardAnswer:
    return ForwardAnswer(
        state.kind,
        state.url,
        state.name,
        "failing" if state.failures else "sending" if state.waiting else "waiting",
        state.waiting,
        state.sent,
        format_if_any(state.sent_at),
        state.failures,
        state.error,
        format_if_any(state.error_at),
        format_if_any(state.due) if state.failures else None,
    )
