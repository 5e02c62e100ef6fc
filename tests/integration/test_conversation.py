"""The conversation with whoever holds a device: messages both ways, calls for help, and what is no fix and counts."""

from typing import Any

import asyncpg
import httpx2
import pytest

from tests.integration.conftest import Caller
from tests.running import RunningServer, Talk
from tracker.alerts.alarms import repeat_alarms
from tracker.model.device import Device
from tracker.model.moment import format_ms, now_ms


@pytest.fixture
async def head(conn: asyncpg.Connection) -> int:
    """The number of the newest message before the test: others that share the server had some."""
    return int(await conn.fetchval("select number from message_head"))


def fix(lon: float = 24.9) -> dict[str, Any]:
    return {"at": format_ms(now_ms()), "lon": lon, "lat": 60.2}


def thread(api: httpx2.Client, device: str = "van") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/api/devices/{device}/messages").raise_for_status().json()["messages"]
    return found


async def changes(viewer: Talk, number: int, state: str) -> dict[str, Any]:
    """The next word on this message that says so."""
    while True:
        message: dict[str, Any] = (await viewer.hear("message"))["message"]
        if (message["number"], message["state"]) == (number, state):
            return message


@pytest.mark.town
async def test_a_message_of_a_device_is_acked_after_the_commit_and_stored_once(
    server: RunningServer, head: int
) -> None:
    token = server.new_device("van")
    async with server.viewer(messages={"after": head}) as viewer, server.device("van", token) as device:
        for _ in range(2):
            await device.say(type="message", id="m-1", at=format_ms(now_ms()), text="on my way")
            assert await device.hear("message_ack") == {"type": "message_ack", "id": "m-1"}
        for number in range(2, 9):  # none of them counts in the window of four
            await device.say(type="message", id=f"m-{number}", text="ø" * 1_024)
        assert [(await device.hear("message_ack"))["id"] for _ in range(2, 9)] == [f"m-{n}" for n in range(2, 9)]
        assert (await device.fixes(1, fix()))["stored"] == 1
        with server.api() as api:
            found = thread(api)
        assert [each["number"] - head for each in found] == list(range(1, 9))
        assert [each["id"] for each in found] == [f"m-{n}" for n in range(1, 9)]
        assert {(each["direction"], each["state"], each["device"]) for each in found} == {("up", "delivered", "van")}
        heard = [(await viewer.hear("message"))["message"] for _ in found]
        assert heard == found


@pytest.mark.town
async def test_a_message_that_cannot_be_kept_is_refused_by_its_id(server: RunningServer) -> None:
    token = server.new_device("van")
    async with server.device("van", token) as device:
        for number, text in enumerate(["x" * 2_049, "ø" * 1_025, "x" * 70_000, "\0"]):
            await device.say(type="message", id=f"m-{number}", text=text)
            assert (await device.hear("error"))["id"] == f"m-{number}"
        await device.say(type="message", id="m-10", text="x" * 2_048)
        assert (await device.hear("message_ack"))["id"] == "m-10"
    with server.api() as api:
        assert [each["id"] for each in thread(api)] == ["m-10"]


@pytest.mark.town
async def test_a_message_to_a_device_is_followed_until_it_is_read(server: RunningServer, head: int) -> None:
    token = server.new_device("van")
    async with server.viewer(messages={"after": head}) as viewer:
        with server.api() as api:
            made = api.post("/api/devices/van/messages", json={"text": "call me"})
            assert made.status_code == 201, made.text
            sent = made.json()
        assert (sent["number"], sent["direction"], sent["state"]) == (head + 1, "down", "queued")
        assert (await viewer.hear("message"))["message"] == sent
        async with server.device("van", token) as device:
            command = await device.hear("command")
            assert (command["id"], command["name"], command["args"]) == (sent["id"], "message", {"text": "call me"})
            await changes(viewer, head + 1, "sent")
            await device.say(type="result", id=command["id"], ok=True)
            await changes(viewer, head + 1, "delivered")
            await device.say(type="read", id=command["id"])
            await changes(viewer, head + 1, "read")
            await device.say(type="read", id="c-unknown")
            assert (await device.hear("error"))["id"] == "c-unknown"
        with server.api() as api:
            assert [each["state"] for each in thread(api)] == ["read"]


@pytest.mark.town
async def test_a_message_fails_or_expires_and_both_are_said(server: RunningServer, head: int) -> None:
    token = server.new_device("van")
    with server.api() as api:
        soon = format_ms(now_ms() + 1_500)
        api.post("/api/devices/van/messages", json={"text": "soon over", "expires": soon}).raise_for_status()
        api.post("/api/devices/van/commands", json={"name": "message", "args": {"text": "b"}}).raise_for_status()
        async with server.viewer(messages={"after": head}) as viewer:
            await changes(viewer, head + 1, "expired")
            async with server.device("van", token) as device:
                command = await device.hear("command")
                await device.say(type="result", id=command["id"], ok=False, detail="no screen")
                await changes(viewer, head + 2, "failed")
        assert [each["state"] for each in thread(api)] == ["expired", "failed"]


@pytest.mark.town
async def test_a_thread_is_read_on_where_it_was_left(server: RunningServer, head: int) -> None:
    tokens = {id: server.new_device(id) for id in ("van", "bus")}
    for round in range(3):
        for id in tokens:
            async with server.device(id, tokens[id]) as device:
                await device.say(type="message", id=f"m-{round}", text=f"{round}")
                await device.hear("message_ack")
    with server.api() as api:
        page = api.get("/api/devices/bus/messages", params={"limit": 1}).json()
        assert [each["number"] for each in page["messages"]] == [head + 2] and page["next"] == head + 2
        rest = api.get("/api/devices/bus/messages", params={"after": page["next"]}).json()
        assert [each["number"] for each in rest["messages"]] == [head + 4, head + 6] and rest["next"] == head + 6
    async with server.viewer(messages={"after": head + 3}) as viewer:
        assert [(await viewer.hear("message"))["message"]["number"] for _ in range(3)] == [head + 4, head + 5, head + 6]
    async with server.viewer(messages={}) as viewer:
        await viewer.hear("snapshot")
        await viewer.say(type="ping", id=1)
        await viewer.hear("pong")
        async with server.device("van", tokens["van"]) as device:
            await device.say(type="message", id="m-new", text="now")
            assert (await viewer.hear("message"))["message"]["number"] == head + 7


async def test_what_is_no_message_is_not_sent(admin: Caller, device: Device) -> None:
    for body in ({}, {"text": ""}, {"text": " "}, {"text": "ø" * 1_100}, {"text": "a\u0007"}, {"text": 7}):
        assert (await admin.post("/api/devices/van-12/messages", body)).status_code == 422
    assert (await admin.post("/api/devices/bus/messages", {"text": "hello"})).status_code == 404
    assert (await (await admin.get("/api/devices/van-12/messages")).get_json())["messages"] == []


@pytest.mark.town
async def test_a_call_for_help_is_an_event_and_who_saw_it_is_told(server: RunningServer) -> None:
    token = server.new_device("van")
    async with server.viewer(events={}) as viewer, server.device("van", token) as device:
        await device.fixes(1, fix(24.5))
        for _ in range(2):
            await device.say(type="message", id="m-7", at=format_ms(now_ms()), text="", alarm="sos")
            await device.hear("message_ack")
        event = (await viewer.hear("event"))["event"]
        assert (event["type"], event["device"], event["lon"], event["lat"]) == ("sos", "van", 24.5, 60.2)
        assert event["evidence"]["message"] == "m-7" and 0 <= event["evidence"]["age_s"] < 60
        with server.api() as api:
            assert [each["type"] for each in api.get("/api/events").json()["events"]] == ["sos"]
            seen = api.post(f"/api/events/{event['id']}/seen")
            assert seen.status_code == 200 and seen.json()["by"] == "operator"
            assert await device.hear("seen") == {"type": "seen", "id": "m-7", "by": "operator"}
            assert api.post(f"/api/events/{event['id']}/seen").json() == seen.json(), "the first to see it stays"
            assert api.post("/api/events/999999/seen").status_code == 404
            (message,) = thread(api)
            assert (message["alarm"], message["event"], message["state"]) == ("sos", event["id"], "read")
    async with server.device("van", token) as device:
        assert (await device.hear("seen"))["id"] == "m-7", "also who was not there hears it"


@pytest.mark.town
async def test_a_call_for_help_needs_no_place_and_is_repeated_until_it_is_seen(
    server: RunningServer, conn: asyncpg.Connection
) -> None:
    token = server.new_device("van")
    with server.api() as api:
        channel = {"kind": "webhook", "url": "https://8.8.8.8/"}
        api.post("/api/subscriptions", json={"types": ["sos"], "channel": channel}).raise_for_status()
        async with server.viewer(events={}) as viewer, server.device("van", token) as device:
            await device.say(type="message", id="m-1", at="yesterday, I think", text="help", alarm="sos")
            await device.hear("message_ack")
            event = (await viewer.hear("event"))["event"]
        assert (event["lon"], event["lat"], event["evidence"]) == (None, None, {"message": "m-1", "text": "help"})
        assert await repeat_alarms(conn) == 0, "two minutes are not over"
        await conn.execute("update alarm set told_at = now() - interval '2 minutes'")
        assert await repeat_alarms(conn) == 1
        assert await repeat_alarms(conn) == 0
        await conn.execute("update alarm set told_at = now() - interval '1 hour', repeats = 30")
        assert await repeat_alarms(conn) == 0, "thirty times is enough"
        await conn.execute("update alarm set repeats = 1")
        api.post(f"/api/events/{event['id']}/seen").raise_for_status()
        assert await repeat_alarms(conn) == 0


@pytest.mark.town
async def test_a_hidden_page_is_said_and_not_called_offline(server: RunningServer, conn: asyncpg.Connection) -> None:
    token = server.new_device("van")
    async with server.device("van", token) as device:
        await device.say(type="status", page="hidden", battery=0.8, steps=1200, paused=False)
        await device.say(type="status", page="hidden", battery=7, paused=True, until=format_ms(now_ms() + 60_000))
        await device.say(type="message", id="m-1", text="behind them")
        await device.hear("message_ack")
        await device.say(type="status", page="sideways")
        assert (await device.hear("error"))["code"] == "bad_frame"
        assert (await device.fixes(1, fix()))["stored"] == 1
    with server.api() as api:
        status = api.get("/api/devices/van").json()["status"]
    assert (status["page"], status["battery"], status["paused"]) == ("hidden", None, True)
    rows = await conn.fetch("select stamp, battery from device_status order by stamp")
    assert [row["battery"] for row in rows] == [pytest.approx(0.8), None] and rows[0]["stamp"] < rows[1]["stamp"]
    said = await conn.fetchval("select stamp from message")
    stored = await conn.fetchval("select (extract(epoch from received_at) * 1000000)::bigint from fix")
    assert rows[1]["stamp"] < said < stored, "one counter stamps them all"
