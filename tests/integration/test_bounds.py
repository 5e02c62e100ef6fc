"""How much one reader has open at once, and that its fill starves nobody else; who may read the metrics."""

import asyncio
import gc
from collections.abc import Iterator

import asyncpg
import httpx2
import pytest
from quart import Quart
from websockets.exceptions import InvalidStatus

from tests.integration.conftest import Caller
from tests.integration.people import Browser, make_person
from tests.patience import PATIENCE_S
from tests.running import RunningServer, running
from tracker.access.bounds import Bound, Seat, make_bounds
from tracker.access.gate import Gate
from tracker.errors import ReaderFull, close_code, error_code, http_status
from tracker.model.device import Device
from tracker.model.token import Token
from tracker.store.pool import borrow

METRICS = "a-token-for-the-metrics-and-nothing-else"


def test_one_readers_places_are_not_anothers() -> None:
    bound = Bound(2, "streams")
    ann, again, van = (
        Token(0, "person", person=1, session=1),
        Token(0, "person", person=1, session=2),
        Token(7, "viewer"),
    )
    held = [Seat(), Seat()]
    bound.enter(ann, held[0])
    bound.enter(again, held[1])  # another session of the same person
    for token in (ann, again):
        with pytest.raises(ReaderFull, match="2 streams"):
            bound.enter(token, Seat())
    bound.enter(van, Seat())
    for _ in range(5):
        bound.enter(Token(0, "admin"), Seat())  # the operator's own
    bound.leave(ann, Seat())  # of what never entered
    with pytest.raises(ReaderFull):
        bound.check(ann)
    bound.leave(ann, held[0])
    bound.enter(ann, held[0])


def test_what_everybody_forgot_takes_no_place() -> None:
    bound, token = Bound(1, "tracks"), Token(7, "viewer")
    for _ in range(3):
        bound.enter(token, Seat())
        gc.collect()
    for id in range(5000):
        bound.enter(Token(id + 10, "viewer"), Seat())
    assert len(bound._held) < 2000


def test_it_has_its_place_in_the_one_table() -> None:
    error = ReaderFull()
    assert (http_status(error), close_code(error), error_code(error)) == (429, 4029, "reader_full")


@pytest.fixture
def gate(pool: asyncpg.Pool) -> Gate:
    return Gate(pool, "an-operators-token-of-32-characters-or-more", bounds=make_bounds(2, 3, 1))


async def test_a_track_holds_its_place_until_it_is_sent(
    viewer: Caller, admin: Caller, device: Device, gate: Gate
) -> None:
    path = "/api/devices/van-12/track"
    for _ in range(3):
        assert (await viewer.get(path)).status_code == 200
        assert (await viewer.get("/api/devices/none/track?format=csv")).status_code == 404
        assert (await viewer.get(f"{path}?format=gpx")).status_code == 200
    token = await gate.admit(viewer.secret, "192.0.2.1")
    sent = Seat()
    gate.bounds.tracks.enter(token, sent)  # as one does that is being sent
    refused = await viewer.get(path)
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) >= 1
    assert (await admin.get(path)).status_code == 200
    del sent
    assert (await viewer.get(path)).status_code == 200


async def test_of_many_sessions_the_one_used_longest_ago_ends(
    app: Quart, admin: Caller, viewer: Caller, conn: asyncpg.Connection
) -> None:
    await make_person(admin, "ann@example.org")
    browsers = [Browser(app) for _ in range(5)]
    for number, browser in enumerate(browsers):
        assert (await browser.sign_in("ann@example.org")).status_code == 201
        await conn.execute("update session set seen_at = now() - make_interval(mins => $1)", 4 if number == 1 else 3)
    answers = [(await each.call("GET", "/api/me")).status_code for each in browsers]
    assert answers == [401, 401, 200, 200, 200]
    for _ in range(5):
        shown = {"token": viewer.secret}
        assert (await Browser(app).call("POST", "/api/session", shown)).status_code == 201
    assert await conn.fetchval("select count(*) from session where token is not null") == 3
    assert await conn.fetchval("select count(*) from session where person is not null") == 3


@pytest.fixture
def server(database_url: str) -> Iterator[RunningServer]:
    with running(database_url, TRACKER_READER_STREAMS="3", TRACKER_METRICS_TOKEN=METRICS) as server:
        yield server


async def test_a_stolen_token_keeps_nobody_out(server: RunningServer) -> None:
    with server.api() as api:
        stolen, other = (api.post("/api/tokens", json={"kind": "viewer"}).json()["token"] for _ in range(2))
    wish = {"type": "subscribe", "viewport": [-180, -90, 180, 90]}
    async with server.socket("/ws/live", stolen) as one, server.socket("/ws/live", None) as two:
        await one.say(**wish)
        await two.say(**wish, token=stolen)
        for talk in (one, two):
            await talk.hear("snapshot")
        bearer = {"Authorization": f"Bearer {stolen}"}
        with (
            httpx2.Client(base_url=server.url, headers=bearer, timeout=PATIENCE_S) as client,
            client.stream("GET", "/api/events/stream") as stream,
        ):
            pieces = stream.iter_bytes()  # kept: what reads no more ends the stream
            assert next(pieces).startswith(b"retry:")
            with pytest.raises(InvalidStatus, match="429"):
                async with server.socket("/ws/live", stolen):
                    pass
            async with server.socket("/ws/live", None) as late:
                await late.say(**wish, token=stolen)
                assert (await late.hear("error"))["code"] == "reader_full"
                assert await late.closed() == 4029
            assert client.get("/api/events/stream").status_code == 429
            async with server.socket("/ws/live", other) as well:
                await well.say(**wish)
                await well.hear("snapshot")
        await two.ws.close()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    async with server.socket("/ws/live", stolen) as again:
                        await again.say(**wish)
                        await again.hear("snapshot")
                        break
                except InvalidStatus:
                    await asyncio.sleep(0.05)
    assert httpx2.get(f"{server.url}/metrics", timeout=PATIENCE_S).status_code == 401
    shown = {"Authorization": f"Bearer {METRICS}"}
    assert "tracker_waiting_fixes" in httpx2.get(f"{server.url}/metrics", headers=shown, timeout=PATIENCE_S).text
    assert httpx2.get(f"{server.url}/api/me", headers=shown, timeout=PATIENCE_S).status_code == 401


async def test_metrics_ask_for_a_token_once_there_is_a_second_person(
    app: Quart, anonymous: Caller, admin: Caller, viewer: Caller, van: Caller, gate: Gate
) -> None:
    answers = []
    for email in ("", "ann@example.org", "bob@example.org"):
        if email:
            await make_person(admin, email)
        async with borrow(gate.pool) as conn:
            await gate.sights.refresh(conn)  # as the hub does each second
        answers.append([(await each.get("/metrics")).status_code for each in (anonymous, van, viewer, admin)])
    assert answers == [[200] * 4, [200] * 4, [401, 403, 200, 200]]
    refused = await anonymous.get("/metrics")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    browser = Browser(app)
    await browser.sign_in("ann@example.org")
    assert (await browser.call("GET", "/metrics")).status_code == 401  # a cookie is no token
