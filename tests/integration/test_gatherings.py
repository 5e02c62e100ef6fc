"""One link, ten phones, of which some stop at each step: who is where is counted, and who is stuck is written to."""

import asyncio
from typing import Any

import asyncpg
import httpx2
import pytest
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tests.running import RunningServer
from tracker.model.gathering import STEPS, find_step
from tracker.model.moment import format_ms, now_ms

HOUR_MS = 3_600_000


@pytest.fixture
def server(shared: RunningServer) -> RunningServer:
    return shared


def make(server: RunningServer, id: str, **more: Any) -> str:
    """The code of its link."""
    wish = {"id": id, "name": "Night ride", "group": "riders", "until": format_ms(now_ms() + HOUR_MS)} | more
    with server.api() as api:
        api.post("/api/groups", json={"id": "riders", "name": "Riders"})
        made = api.post("/api/gatherings", json=wish)
    assert made.status_code == 201, made.text
    return str(made.json()["url"].partition("/track#")[2])


def scan(server: RunningServer, code: str) -> httpx2.Response:
    return httpx2.post(f"{server.url}/api/pairing", json={"code": code}, timeout=30)


async def say(server: RunningServer, phone: dict[str, str], location: str, minutes: list[float]) -> None:
    """What a phone does: it says whether it may, and sends a fix of so many minutes ago each."""
    now = now_ms()
    fixes = [{"at": format_ms(now - round(ago * 60_000)), "lon": 24.9, "lat": 60.1 + ago * 1e-5} for ago in minutes]
    async with server.device(phone["device"], phone["token"]) as talk:
        await talk.say(type="status", page="visible", location=location)
        await talk.say(type="message", id="m-1", text="hello")  # acked behind the status
        await talk.hear("message_ack")
        if fixes:
            assert (await talk.fixes(1, *fixes))["stored"] == len(fixes)


async def rewind(url: str) -> None:
    """As if the link had been opened an hour ago."""
    conn = await asyncpg.connect(url)
    await conn.execute("update gathering_device set scanned_at = now() - interval '1 hour'")
    await conn.close()


def test_ten_phones_of_which_some_stop_at_each_step(server: RunningServer, shared_url: str) -> None:
    code = make(server, "ride")
    phones = [scan(server, code).json() for _ in range(10)]
    assert len({phone["device"] for phone in phones}) == 10
    steady = [float(minute) for minute in range(40, 0, -1)]
    with_gap = [minute for minute in steady if not 15 < minute < 25]
    asyncio.run(say(server, phones[2], "denied", []))
    asyncio.run(say(server, phones[3], "granted", []))
    asyncio.run(say(server, phones[4], "granted", []))
    asyncio.run(say(server, phones[5], "granted", [1.0]))
    asyncio.run(say(server, phones[6], "granted", with_gap))
    for phone in phones[7:]:
        asyncio.run(say(server, phone, "granted", steady))
    asyncio.run(rewind(shared_url))
    with server.api() as api:
        found = api.get("/api/gatherings/ride").json()
        assert found["funnel"] == {"scanned": 10, "allowed": 7, "placed": 5, "steady": 3}
        steps = [phone["step"] for phone in found["phones"]]
        assert steps == ["scanned"] * 3 + ["allowed"] * 2 + ["placed"] * 2 + ["steady"] * 3
        assert [phone["denied"] for phone in found["phones"]] == [n == 2 for n in range(10)]
        held = {each["id"] for each in api.get("/api/groups/riders/devices").json()["members"]}
        assert held == {phone["device"] for phone in phones}
        assert api.post("/api/gatherings/ride/reminder", json={"text": "Open the page"}).json() == {"reminded": 7}
        assert api.post("/api/gatherings/ride/reminder", json={}).json() == {"reminded": 0}  # a moment ago
        thread = api.get(f"/api/devices/{phones[0]['device']}/messages").json()["messages"]
        assert [each["text"] for each in thread] == ["Open the page"]
        told = api.get(f"/api/devices/{phones[9]['device']}/messages").json()["messages"]
        assert "Open the page" not in [each["text"] for each in told]  # it kept on
        assert [each["id"] for each in api.get("/api/gatherings").json()["gatherings"]] == ["ride"]
        assert api.delete("/api/gatherings/ride").status_code == 204
        assert api.get("/api/gatherings/ride").status_code == 404
    assert scan(server, code).status_code == 404


def test_no_more_than_were_meant_and_no_longer(server: RunningServer) -> None:
    code = make(server, "small", most=2)
    assert [scan(server, code).status_code for _ in range(3)] == [201, 201, 404]


@pytest.mark.parametrize(
    ("wish", "field"),
    [({"until": "2020-01-01T00:00:00Z"}, "until"), ({"group": None}, "group"), ({"group": "nobody"}, "group")],
)
async def test_what_cannot_be_one_is_said(app: Quart, wish: dict[str, Any], field: str) -> None:
    caller = Caller(app, ADMIN)
    await caller.call("POST", "/api/groups", json={"id": "riders", "name": "Riders"})
    whole = {"name": "Race", "group": "riders", "until": format_ms(now_ms() + HOUR_MS)} | wish
    response = await caller.call("POST", "/api/gatherings", json=whole)
    assert (response.status_code, (await response.get_json())["field"]) == (422, field)


def test_what_is_further_on_implies_what_is_before() -> None:
    assert [find_step(False, False, False), find_step(True, False, False)] == list(STEPS[:2])
    assert [find_step(False, True, False), find_step(False, True, True)] == list(STEPS[2:])
