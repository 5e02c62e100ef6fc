"""The API beside the live path, in a real server: what was streamed is served, what was revoked is cut."""

import asyncio
import csv
import io
from itertools import count
from typing import Any

import asyncpg
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.patience import PATIENCE_S, soon
from tests.running import ADMIN_TOKEN, RunningServer, Talk
from tracker.model.moment import format_ms, now_ms

PORT = {
    "type": "Feature",
    "id": "port",
    "geometry": {"type": "Point", "coordinates": [7.42, 43.73]},
    "properties": {"radius": 100, "preset": "strict"},
}


async def test_what_was_streamed_is_served(server: RunningServer, conn: asyncpg.Connection) -> None:
    token, start = server.new_device("van-12"), now_ms() - 60_000
    server.new_geofence(PORT)
    fixes = [{"at": format_ms(start + n * 1000), "lon": round(7.42 + n / 1000, 7), "lat": 43.73} for n in range(5)]
    with server.api() as api:
        async with server.device("van-12", token) as device:
            await device.fixes(1, *fixes, {"at": fixes[0]["at"], "lon": 7.0, "lat": 95.0}, {"lon": 1, "lat": 2})
            await device.fixes(2, {"at": format_ms(start - 5000), "lon": 7.4185, "lat": 43.73, "battery": 0.5})

            track = api.get("/api/devices/van-12/track").json()
            assert track["geometry"]["coordinates"] == [[7.4185, 43.73]] + [[fix["lon"], fix["lat"]] for fix in fixes]
            assert track["properties"]["at"][1:] == [fix["at"] for fix in fixes]
            rows = list(csv.DictReader(io.StringIO(api.get("/api/devices/van-12/track?format=csv").text)))
            assert [row["flags"] for row in rows] == ["late", "", "", "", "", ""] and rows[0]["battery"] == "0.5"
            refused = api.get("/api/devices/van-12/quarantine").json()["quarantine"]
            assert [(row["index"], row["reason"]) for row in refused] == [(6, "bad_value"), (5, "out_of_range")]
            (position,) = api.get("/api/positions?bbox=7,43,8,44").json()["features"]
            assert (position["id"], position["geometry"]["coordinates"]) == ("van-12", [7.424, 43.73])
            events = api.get("/api/events?device=van-12").json()
            assert [(each["id"], each["type"]) for each in events["events"]] == [(1, "enter"), (2, "exit")]
            assert events["next"] == 2

            assert api.delete("/api/devices/van-12").status_code == 204
            assert await device.closed(within=soon(2.0)) is not None
        for path in ("/api/devices/van-12", "/api/devices/van-12/track"):
            assert api.get(path).status_code == 404
        assert api.get("/api/events").json()["events"] == []
        server.wait_for(lambda: not api.get("/api/positions").json()["features"])  # the map hears of it by a nudge
    for table in ("fix", "token", "quarantine", "event", "transition"):
        assert await conn.fetchval(f"select count(*) from {table}") == 0, table
    assert token not in server.text() and ADMIN_TOKEN not in server.text()


@pytest.mark.town
async def test_a_revoked_token_is_cut_within_two_seconds(server: RunningServer) -> None:
    old = server.new_device("van-12")
    with server.api() as api:
        viewing = api.post("/api/tokens", json={"kind": "viewer"}).json()
        async with (
            server.device("van-12", old) as device,
            server.socket("/ws/live", viewing["token"]) as viewer,
            server.viewer() as untouched,
        ):
            await viewer.say(type="subscribe", viewport=[-180, -90, 180, 90])
            await viewer.hear("snapshot")
            await untouched.hear("snapshot")
            assert api.delete(f"/api/tokens/{viewing['id']}").status_code == 204
            assert await viewer.closed(within=soon(2.0)) == 4501
            fresh = api.post("/api/devices/van-12/token").json()["token"]
            assert await device.closed(within=soon(2.0)) == 4501
            await untouched.say(type="subscribe", viewport=[0, 0, 1, 1])
            await untouched.hear("snapshot")
        for path, token in (("/ws/live", viewing["token"]), ("/ws/device", old)):
            with pytest.raises(InvalidStatus) as refused:
                async with server.socket(path, token):
                    pass
            assert refused.value.response.status_code == 401
        async with server.device("van-12", fresh):
            pass


@pytest.mark.town
async def test_a_page_of_another_origin_opens_no_socket_with_the_cookie(server: RunningServer) -> None:
    with server.api() as api:
        signed = api.post("/api/session", json={"token": ADMIN_TOKEN})
    cookie = signed.headers["Set-Cookie"].split(";")[0]
    for origin, status in {"https://evil.example": 403, "null": 403, f"{server.url}0": 403, server.url: None}.items():
        try:
            async with connect(
                f"ws://{server.address}/ws/live", additional_headers={"Cookie": cookie, "Origin": origin}
            ) as socket:
                talk = Talk(socket)
                await talk.say(type="subscribe", viewport=[0, 0, 1, 1])
                await talk.hear("snapshot")
                assert status is None, origin
        except InvalidStatus as refused:
            assert refused.response.status_code == status, origin


def square(number: int) -> dict[str, Any]:
    """With many vertices on its northern edge."""
    west, south = number % 100 - 50.0, number // 100 - 5.0
    north = [[west + 0.9 - n / 400, south + 0.9] for n in range(350)]
    ring = [[west, south], [west + 0.9, south], *north, [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": f"f{number}", "geometry": geometry, "properties": {"preset": "strict"}}


async def test_a_large_import_goes_through_a_socket_and_is_seen_soon(server: RunningServer) -> None:
    token = server.new_device("van-12")
    body = msgspec.json.encode({"type": "FeatureCollection", "features": [square(number) for number in range(1000)]})
    assert len(body) > 5 * 1024 * 1024  # more than any other body may have
    kind = {"Content-Type": "application/geo+json"}
    with server.api() as api:
        assert api.post("/api/geofences", content=body, headers=kind, timeout=PATIENCE_S).status_code == 413
        answer = api.post("/api/geofences/import", content=body, headers=kind, timeout=PATIENCE_S)
        assert (answer.status_code, answer.json()["created"]) == (201, 1000)
        exported = api.get("/api/geofences/export", timeout=PATIENCE_S).json()["features"]
        assert {each["id"] for each in exported} == set(answer.json()["ids"])
        async with server.device("van-12", token) as device:
            async with asyncio.timeout(PATIENCE_S):
                for seq in count(1):  # so many at once are not waited for
                    await device.fixes(seq, {"at": format_ms(now_ms()), "lon": 0.5, "lat": 0.5})
                    if events := api.get("/api/events").json()["events"]:
                        break
        (event,) = events
        assert (event["type"], event["geofence"]) == ("enter", "f550")


@pytest.mark.town
def test_nothing_has_no_type_and_a_refusal_of_the_head_says_why(server: RunningServer) -> None:
    server.new_device("van-12")
    with server.api() as api:
        told = api.options("/api/devices")
        assert (told.status_code, set(told.headers["Allow"].split(", "))) == (204, {"GET", "HEAD", "OPTIONS", "POST"})
        deleted = api.delete("/api/devices/van-12")
        for answer in (told, deleted):
            assert answer.status_code == 204 and not {"content-type", "content-length"} & set(answer.headers)
        large = api.get("/livez", headers={"X-Large": "x" * 60_000})
        assert (large.status_code, large.headers["Content-Type"]) == (431, "application/problem+json")
        assert large.json()["status"] == 431 and "larger" in large.json()["detail"]
        assert api.get("/livez").status_code == 200
