"""Signing in: a token becomes a cookie, and the cookie counts for our own pages only."""

import asyncio
from typing import Any

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tracker.access.gate import Gate
from tracker.access.links import make_link
from tracker.api.app import BuiltPage, Parts, build_app
from tracker.errors import NotSignedIn, TooMany
from tracker.live.table import Table


async def test_a_browser_signs_in_and_out(app: Quart, viewer: Caller, conn: asyncpg.Connection) -> None:
    browser = app.test_client()
    signed = await browser.post("/api/session", json={"token": viewer.secret})
    assert signed.status_code == 201
    assert await signed.get_json() == {
        "kind": "viewer",
        "name": "a viewer",
        "device": None,
        "person": None,
        "owner": False,
        "groups": [],
        "share": None,
    }
    cookie = signed.headers["Set-Cookie"] or ""
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"))
    assert "Secure" not in cookie and viewer.secret not in cookie
    assert (await browser.get("/api/me")).status_code == 200
    value = cookie.split("=")[1].split(";")[0]
    stored: bytes = await conn.fetchval("select hash from session")
    assert value.encode() not in stored

    signed_out = await browser.delete("/api/session", headers={"Origin": "http://localhost"})
    assert signed_out.status_code == 204
    stolen = await app.test_client(use_cookies=False).get("/api/me", headers={"Cookie": f"tracker_session={value}"})
    assert stolen.status_code == 401


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_the_cookie_is_for_https_where_the_page_is(app: Quart, viewer: Caller, scheme: str) -> None:
    """Over TLS of our own, and behind a proxy that ends it."""
    signed = await app.test_client().post(
        "/api/session", json={"token": viewer.secret}, scheme=scheme, headers={"Origin": "https://localhost"}
    )
    assert "Secure" in (signed.headers["Set-Cookie"] or "")


async def test_the_operators_sign_in_ends_with_the_operators_token(
    app: Quart, pool: asyncpg.Pool, ready: Any, metrics: Any, web: Any
) -> None:
    signed = await app.test_client().post("/api/session", json={"token": ADMIN})
    cookie = {"Cookie": signed.headers["Set-Cookie"].split(";")[0]}
    assert (await app.test_client(use_cookies=False).get("/api/devices", headers=cookie)).status_code == 200
    for token in ("another-operators-token-of-32-characters", None):
        parts = Parts(gate=Gate(pool, token), table=Table(), metrics=metrics, ready=ready)
        changed = build_app(parts, BuiltPage(web=web))
        assert (await changed.test_client(use_cookies=False).get("/api/devices", headers=cookie)).status_code == 401


async def test_a_sign_in_ends_after_its_time(app: Quart, viewer: Caller, conn: asyncpg.Connection) -> None:
    browser = app.test_client()
    await browser.post("/api/session", json={"token": viewer.secret})
    await conn.execute("update session set expires_at = now() - interval '1 second'")
    assert (await browser.get("/api/me")).status_code == 401
    await browser.post("/api/session", json={"token": viewer.secret})
    assert await conn.fetchval("select count(*) from session") == 1  # the old one was swept out


ORIGINS = {
    "http://localhost": 201,
    "https://localhost": 201,  # a proxy in front of us ends TLS
    "https://fleet.example.org": 201,
    "https://fleet.example.org:443": 201,
    "http://fleet.example.org": 403,
    "https://fleet.example.org:8443": 403,
    "https://evil-fleet.example.org": 403,
    "https://fleet.example.org.evil.net": 403,
    "https://fleet.example.org@evil.net": 403,
    "http://localhost:8000": 403,
    "null": 403,
    "": 403,
    "file://": 403,
    "http://[::1": 403,
    "http://localhost:99999": 403,
}


async def test_a_cookie_changes_things_for_an_allowed_page_only(app: Quart, subtests: pytest.Subtests) -> None:
    for origin, expected in ORIGINS.items():
        with subtests.test(origin):
            signed = await app.test_client().post("/api/session", json={"token": ADMIN})
            headers = {"Cookie": signed.headers["Set-Cookie"].split(";")[0], "Origin": origin}
            client = app.test_client(use_cookies=False)
            assert (await client.post("/api/devices", json={}, headers=headers)).status_code == expected
            assert (await client.get("/api/devices", headers=headers)).status_code == 200
            signing = await client.post("/api/session", json={"token": ADMIN}, headers={"Origin": origin})
            assert signing.status_code == expected


async def test_a_cookie_without_an_origin_changes_nothing(app: Quart) -> None:
    browser = app.test_client()
    await browser.post("/api/session", json={"token": ADMIN})
    assert (await browser.post("/api/devices", json={})).status_code == 403
    assert (await browser.get("/api/devices")).status_code == 200


async def test_a_token_needs_no_origin_and_minds_none(app: Quart) -> None:
    headers = {"Authorization": f"Bearer {ADMIN}", "Origin": "https://evil.example"}
    assert (await app.test_client().post("/api/devices", json={}, headers=headers)).status_code == 201


async def test_an_https_server_takes_no_plain_page(app: Quart) -> None:
    client = app.test_client()
    for origin, expected in {"https://localhost": 201, "http://localhost": 403}.items():
        signing = await client.post("/api/session", json={"token": ADMIN}, scheme="https", headers={"Origin": origin})
        assert signing.status_code == expected, origin


async def test_a_form_of_another_page_cannot_sign_a_browser_in(app: Quart) -> None:
    signing = await app.test_client().post("/api/session", form={"token": ADMIN})
    assert signing.status_code == 415


async def test_who_guesses_has_to_wait_and_a_valid_token_never(
    app: Quart, viewer: Caller, conn: asyncpg.Connection
) -> None:
    """Nobody but the guesser was seen by this process before: it might just have been restarted."""
    guesses = [await Caller(app, f"guess {n}").get("/api/me") for n in range(13)]
    assert [each.status_code for each in guesses] == [401] * 11 + [429] * 2
    assert 1 <= int(guesses[-1].headers["Retry-After"]) <= 3
    assert (await viewer.get("/api/me")).status_code == 200
    assert (await Caller(app, ADMIN).get("/api/me")).status_code == 200
    assert (await app.test_client().post("/api/session", json={"token": viewer.secret})).status_code == 201
    code = await make_link(conn)
    assert (await app.test_client().post("/api/session", json={"link": code})).status_code == 201


async def test_a_flood_of_wrong_tokens_takes_one_connection_and_delays_nobody(
    pool: asyncpg.Pool, viewer: Caller
) -> None:
    gate = Gate(pool)
    flood = [asyncio.ensure_future(gate.admit(f"guess {n}", "a")) for n in range(2_000)]
    await asyncio.sleep(0)
    most, began = 0, asyncio.get_running_loop().time()
    valid = asyncio.ensure_future(gate.admit(viewer.secret, "a"))
    while not valid.done():
        await asyncio.sleep(0)
        most = max(most, pool.get_size() - pool.get_idle_size())
    assert (await valid).kind == "viewer" and most <= 1
    assert asyncio.get_running_loop().time() - began < 2.0
    told = await asyncio.gather(*flood, return_exceptions=True)
    assert {type(each) for each in told} == {NotSignedIn, TooMany}


async def test_who_leaves_while_it_is_looked_up_takes_nobody_along(pool: asyncpg.Pool, viewer: Caller) -> None:
    gate = Gate(pool)
    first, second = (asyncio.ensure_future(gate.admit(secret, "a")) for secret in ("guess", viewer.secret))
    await asyncio.sleep(0)  # the first asks for both
    first.cancel()
    assert (await second).kind == "viewer"
