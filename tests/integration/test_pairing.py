"""Pairing: a code becomes a device's token, once, within a quarter of an hour."""

import asyncio

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.conftest import Caller
from tests.running import RunningServer
from tracker.model.device import Device
from tracker.model.moment import now_ms, parse


async def made(admin: Caller) -> dict[str, str]:
    answer = await admin.post("/api/devices/van-12/pairing")
    assert answer.status_code == 201
    found: dict[str, str] = await answer.get_json()
    return found


async def test_a_code_becomes_the_devices_token_once(
    admin: Caller, anonymous: Caller, van: Caller, conn: asyncpg.Connection
) -> None:
    code = await made(admin)
    assert code["url"] == f"http://localhost/track#{code['code']}"
    assert 14 * 60_000 < parse(code["expires"]) - now_ms() <= 15 * 60_000
    assert code["code"].encode() not in await conn.fetchval("select string_agg(hash, '') from pairing")
    paired = await anonymous.post("/api/pairing", {"code": code["code"]})
    assert paired.status_code == 201
    body = await paired.get_json()
    assert (body["device"], body["name"]) == ("van-12", "Van 12")
    phone = Caller(admin._client.app, body["token"])
    assert (await (await phone.get("/api/me")).get_json())["device"] == "van-12"
    assert (await van.get("/api/me")).status_code == 401, "the former token ended"
    assert (await anonymous.post("/api/pairing", {"code": code["code"]})).status_code == 404
    assert (await phone.get("/api/me")).status_code == 200, "a code shown again ends nothing"


async def test_a_code_ends_after_its_time_and_with_its_device(
    admin: Caller, anonymous: Caller, device: Device, conn: asyncpg.Connection
) -> None:
    old, orphan = await made(admin), await made(admin)
    await conn.execute("update pairing set expires_at = now() - interval '1 second'")
    assert (await anonymous.post("/api/pairing", {"code": old["code"]})).status_code == 404
    orphan = await made(admin)
    await admin.call("DELETE", "/api/devices/van-12")
    assert (await anonymous.post("/api/pairing", {"code": orphan["code"]})).status_code == 404


async def test_of_two_phones_with_one_code_one_is_paired(admin: Caller, anonymous: Caller, device: Device) -> None:
    code = await made(admin)
    both = await asyncio.gather(*(anonymous.post("/api/pairing", {"code": code["code"]}) for _ in range(2)))
    assert sorted(each.status_code for each in both) == [201, 404]


async def test_guessing_codes_is_throttled_as_sign_in_is(admin: Caller, anonymous: Caller, device: Device) -> None:
    answers = [(await anonymous.post("/api/pairing", {"code": f"guess-{n}"})).status_code for n in range(12)]
    assert answers[:10] == [404] * 10 and answers[-1] == 429
    code = await made(admin)
    assert (await anonymous.post("/api/pairing", {"code": code["code"]})).status_code == 201, "a good one is let in"


NO_CODES: list[object] = [{}, {"code": None}, {"code": 7}, {"code": "x" * 201}]


async def test_what_is_no_code_is_said(anonymous: Caller, subtests: pytest.Subtests) -> None:
    for body in NO_CODES:
        with subtests.test(str(body)):
            assert (await anonymous.post("/api/pairing", body)).status_code == 422


async def test_the_link_leads_back_where_the_page_is(admin: Caller, device: Device) -> None:
    answer = await admin.call(
        "POST",
        "/api/devices/van-12/pairing",
        json={},
        headers={"Host": "fleet.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/tracker"},
    )
    assert (await answer.get_json())["url"].startswith("https://fleet.example.org/tracker/track#trk_")


@pytest.mark.town
async def test_the_former_phone_is_told_at_once(server: RunningServer) -> None:
    token = server.new_device("van")
    async with server.device("van", token) as device:
        with server.api() as api:
            code = api.post("/api/devices/van/pairing").raise_for_status().json()["code"]
            new = api.post("/api/pairing", json={"code": code}).raise_for_status().json()["token"]
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await device.hear()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4501
    async with server.device("van", new) as device:
        await device.say(type="weather")
        await device.hear("error")
    assert code not in server.text()
