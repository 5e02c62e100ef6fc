"""A device's photo: for who may see the device, as what it is and nothing else, and gone with the device."""

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import Caller
from tests.pictures import make_jpeg, make_png, make_webp

PATH = "/api/devices/van-12/photo"


async def put(caller: Caller, body: bytes, media: str = "image/png") -> tuple[int, str]:
    answer = await caller.call("PUT", PATH, data=body, headers={"Content-Type": media})
    return answer.status_code, await answer.get_data(as_text=True)


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("media, body", [("jpeg", make_jpeg()), ("png", make_png()), ("webp", make_webp())])
async def test_it_is_sent_as_what_its_bytes_are(admin: Caller, viewer: Caller, media: str, body: bytes) -> None:
    status, _ = await put(admin, body, "image/jpeg")
    assert status == 200
    shown = await viewer.get(PATH)
    assert await shown.get_data(as_text=False) == body
    assert shown.headers["Content-Type"] == f"image/{media}"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        "sandbox" in shown.headers["Content-Security-Policy"]
        and "default-src 'none'" in (shown.headers["Content-Security-Policy"])
    )
    assert shown.headers["Cache-Control"] == "private, no-cache"
    again = await viewer.call("GET", PATH, headers={"If-None-Match": shown.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.usefixtures("device")
async def test_lists_say_which_one_it_is_until_it_is_taken_away(admin: Caller, viewer: Caller) -> None:
    _, first = await put(admin, make_png(4, 4))
    (listed,) = (await (await viewer.get("/api/devices")).get_json())["devices"]
    assert f'"photo":"{listed["photo"]}"' in first
    await put(admin, make_png(8, 8))
    changed = await (await viewer.get("/api/devices/van-12")).get_json()
    assert changed["photo"] != listed["photo"]
    assert (await viewer.call("DELETE", PATH)).status_code == 403
    assert (await admin.call("DELETE", PATH)).status_code == 204
    assert "photo" not in await (await viewer.get("/api/devices/van-12")).get_json()
    assert (await viewer.get(PATH)).status_code == 404
    assert (await admin.call("DELETE", PATH)).status_code == 204


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(
    "body, media, status",
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/png", 422),
        (b"<!doctype html><script>alert(1)</script>", "image/jpeg", 422),
        (make_png(600, 600), "image/png", 422),
        (make_png(), "image/svg+xml", 415),
        (make_png(), "text/html", 415),
        (make_png() + bytes(70_000), "image/png", 413),
        (b"", "image/png", 422),
    ],
)
async def test_what_is_no_small_picture_is_refused(admin: Caller, body: bytes, media: str, status: int) -> None:
    assert (await put(admin, body, media))[0] == status
    assert (await admin.get(PATH)).status_code == 404


@pytest.mark.usefixtures("app")
async def test_where_it_was_taken_is_not_kept_and_it_goes_with_the_device(
    admin: Caller, device: object, pool: asyncpg.Pool
) -> None:
    await put(admin, make_jpeg(with_place=True), "image/jpeg")
    assert await (await admin.get(PATH)).get_data(as_text=False) == make_jpeg()
    async with pool.acquire() as conn:
        assert await conn.fetchval("select count(*) from device_photo") == 1
        await admin.call("DELETE", "/api/devices/van-12")
        assert await conn.fetchval("select count(*) from device_photo") == 0


async def test_another_page_gives_nobody_a_photo(app: Quart, admin: Caller, device: object, pool: asyncpg.Pool) -> None:
    """The cookie comes by itself, and the origin is asked."""
    signed = await Caller(app, None).call("POST", "/api/session", json={"token": admin.secret})
    cookie = signed.headers["Set-Cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "Origin": "https://evil.example", "Content-Type": "image/png"}
    answer = await Caller(app, None).call("PUT", PATH, data=make_png(), headers=headers)
    assert answer.status_code == 403
