"""Sharing links at a real server: what their readers' sockets are told, and when these end."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.integration.sharing import HOUR_MS, code_of, later
from tests.patience import PATIENCE_S, soon
from tests.running import ADMIN_TOKEN, RunningServer, Talk
from tracker.access.sign_ins import COOKIE
from tracker.model.moment import format_ms, now_ms

WORLD = [-180, -90, 180, 90]
NOTHING: dict[str, str] = {}


def make(api: httpx2.Client, **wish: Any) -> dict[str, Any]:
    made = api.post("/api/shares", json={"until": later(HOUR_MS), "devices": [{"id": "van", "alias": "17"}], **wish})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def open_link(server: RunningServer, share: dict[str, Any]) -> str:
    opened = httpx2.post(f"{server.url}/api/session", json={"share": code_of(share)}, timeout=PATIENCE_S)
    assert opened.status_code == 201, opened.text
    return str(opened.json()["token"])


def sign_in(server: RunningServer) -> dict[str, str]:
    """What a browser that an admin is signed in in sends along by itself."""
    signed_in = httpx2.post(f"{server.url}/api/session", json={"token": ADMIN_TOKEN}, timeout=PATIENCE_S)
    assert signed_in.status_code in (200, 201, 204), signed_in.text
    return {"Cookie": f"{COOKIE}={signed_in.cookies[COOKIE]}", "Origin": server.url}


@asynccontextmanager
async def looking(
    server: RunningServer, token: str, *, header: bool = False, path: str = "/ws/live", more: dict[str, str] = NOTHING
) -> AsyncIterator[Talk]:
    """A reader's socket, which shows its bearer in the first message, or in a header."""
    headers = more | ({"Authorization": f"Bearer {token}"} if header else {})
    async with connect(f"ws://{server.address}{path}", additional_headers=headers, compression=None) as ws:
        talk = Talk(ws)
        shown = {} if header else {"token": token}
        await talk.say(type="subscribe", viewport=WORLD, rate=20, events={"after": 0}, messages={"after": 0}, **shown)
        yield talk


async def hear_place(talk: Talk, lon: float) -> dict[str, Any]:
    while True:
        told = await talk.hear(within=PATIENCE_S)
        assert told["type"] in ("subscribed", "snapshot", "positions", "names"), told
        for each in told.get("positions", ()):
            if each["lon"] == lon:
                return dict(each)


@pytest.mark.town
async def test_readers_are_told_of_their_link_and_of_nothing_else(server: RunningServer) -> None:
    with server.api() as api:
        secret = api.post("/api/devices", json={"id": "van"}).json()["token"]
        other = api.post("/api/devices", json={"id": "other"}).json()["token"]
        token = open_link(server, make(api))
        async with (
            server.device("van", secret) as van,
            server.device("other", other) as foreign,
            looking(server, token) as first,
            looking(server, token, header=True) as second,
            looking(server, token, path="/ws/live?nocookie", more=sign_in(server)) as third,
        ):
            for number, lon in enumerate((24.9, 24.90001), 1):
                at = format_ms(now_ms())
                await foreign.fixes(number, {"at": at, "lon": 1.0, "lat": 2.0})
                await van.fixes(number, {"at": at, "lon": lon, "lat": 60.1})
                for talk in (first, second, third):
                    told = await hear_place(talk, lon)
                    assert told["device"] == "17" and told["name"] == "17" and told["geofences"] == []


@pytest.mark.town
@pytest.mark.parametrize("end", ["revoked", "expired", "its maker is gone", "revoked in the database"])
async def test_open_sockets_end_with_their_link(server: RunningServer, conn: asyncpg.Connection, end: str) -> None:
    """Within two seconds, though nobody nudges."""
    with server.api() as api:
        api.post("/api/devices", json={"id": "van"})
        maker = api.post("/api/tokens", json={"kind": "dispatcher"}).json()
        with httpx2.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {maker['token']}"}, timeout=PATIENCE_S
        ) as dispatcher:
            share = make(dispatcher)
        stays = make(api)
        one, two = open_link(server, share), open_link(server, stays)
        async with looking(server, one) as talk, looking(server, two) as other:
            await talk.hear("snapshot")
            await other.hear("snapshot")
            if end == "revoked":
                assert api.delete(f"/api/shares/{share['id']}").status_code == 204
            elif end == "expired":
                await conn.execute("update share set until = now() where id = $1", share["id"])
            elif end == "its maker is gone":
                assert api.delete(f"/api/tokens/{maker['id']}").status_code == 204
            else:
                await conn.execute("update share set ended_at = now() where id = $1", share["id"])
            began = time.monotonic()
            assert await talk.closed() == 4501
            took = time.monotonic() - began
            assert took < soon(2.0), took
            await other.say(type="ping", id=1)
            assert (await other.hear("pong"))["id"] == 1


@pytest.mark.town
async def test_no_more_look_than_may(server: RunningServer) -> None:
    with server.api() as api:
        api.post("/api/devices", json={"id": "van"})
        share = make(api, max_viewers=1)
        one, two = open_link(server, share), open_link(server, share)
        async with looking(server, one) as talk:
            await talk.hear("snapshot")
            async with looking(server, two) as late:
                assert await late.closed() == 4029
            with pytest.raises(InvalidStatus, match="429"):
                async with looking(server, two, header=True):
                    pass
            refused = httpx2.post(f"{server.url}/api/session", json={"share": code_of(share)}, timeout=PATIENCE_S)
            assert refused.status_code == 429 and "Retry-After" in refused.headers
        wait_until_open(server, share)


def wait_until_open(server: RunningServer, share: dict[str, Any]) -> None:
    """The server hears of a closed socket a moment later."""
    deadline = time.monotonic() + PATIENCE_S
    shown = {"share": code_of(share)}
    while httpx2.post(f"{server.url}/api/session", json=shown, timeout=PATIENCE_S).status_code != 201:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.town
async def test_a_bearer_of_a_link_speaks_for_no_device(server: RunningServer) -> None:
    with server.api() as api:
        api.post("/api/devices", json={"id": "van"})
        token = open_link(server, make(api))
        with pytest.raises(InvalidStatus, match="404"):
            async with connect(
                f"ws://{server.address}/ws/device", additional_headers={"Authorization": f"Bearer {token}"}
            ):
                pass
        async with connect(f"ws://{server.address}/ws/device") as ws:
            talk = Talk(ws)
            await talk.say(type="hello", device="van", token=token, boot="a", version=1)
            assert await talk.closed() == 4504
