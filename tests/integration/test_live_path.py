"""From a device's fix to a viewer's dot and an event, through a real server."""

import asyncio
import struct
from typing import Any

import asyncpg
import pytest

from tests.patience import PATIENCE_S, soon
from tests.running import ADMIN_TOKEN, RunningServer, Talk
from tracker.model.moment import format_ms, now_ms

PORT = {
    "type": "Feature",
    "id": "port",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[7.42, 43.73], [7.43, 43.73], [7.43, 43.74], [7.42, 43.74], [7.42, 43.73]]],
    },
    "properties": {"name": "Port", "preset": "strict"},
}


def fix(lon: float, lat: float, seconds: float = 0.0, **more: object) -> dict[str, object]:
    return {"at": format_ms(now_ms() + round(seconds * 1000)), "lon": lon, "lat": lat, **more}


@pytest.fixture
async def head(conn: asyncpg.Connection) -> int:
    """The number of the newest event before the test: others that share the server had some."""
    return int(await conn.fetchval("select id from event_head"))


@pytest.mark.town
async def test_a_fix_reaches_table_viewer_and_geofence(
    server: RunningServer, conn: asyncpg.Connection, head: int
) -> None:
    token = server.new_device("van-12")
    server.new_geofence(PORT)
    async with server.viewer(events={"after": head}) as viewer, server.device("van-12", token) as device:
        assert (await viewer.hear())["type"] == "subscribed"
        assert (await viewer.hear()) == {"type": "snapshot", "positions": []}
        assert device.welcome["acked"] == 0

        ack = await device.fixes(1, fix(7.4246, 43.7384, -2, accuracy=8.0, altitude=41.2, speed=12.4, heading=271.0))
        assert ack == {"type": "ack", "seq": 1, "stored": 1, "duplicate": 0, "quarantined": []}

        row = await conn.fetchrow("select device, st_x(place) as lon, st_y(place) as lat, speed from fix_place")
        assert (row["device"], row["lon"], row["lat"]) == ("van-12", 7.4246, 43.7384)
        heard: dict[str, Any] = {}
        while not {"event", "positions"} <= heard.keys():  # whichever is first: an event waits for its number
            message = await viewer.hear()
            heard[message["type"]] = message
        event, shown = heard["event"]["event"], heard["positions"]["positions"]
        assert (event["id"], event["type"], event["device"], event["geofence"]) == (head + 1, "enter", "van-12", "port")
        assert [(each["device"], each["lon"], each["geofences"]) for each in shown] == [("van-12", 7.4246, ["port"])]

        await device.fixes(2, fix(7.4305, 43.7384, -1))
        assert (await viewer.hear("event"))["event"]["type"] == "exit"


@pytest.mark.town
async def test_repeats_conflicts_and_bad_fixes_are_told_apart(server: RunningServer, conn: asyncpg.Connection) -> None:
    token = server.new_device("van-12")
    first, second = fix(7.0, 43.0, -10), fix(7.001, 43.0, -9)
    async with server.device("van-12", token) as device:
        assert (await device.fixes(1, first, second))["stored"] == 2
        assert (await device.fixes(1, first, second)) == {
            "type": "ack",
            "seq": 1,
            "stored": 0,
            "duplicate": 2,
            "quarantined": [],
        }
        elsewhere = first | {"lon": 8.0}
        ack = await device.fixes(2, elsewhere, fix(7.0, 91.0), {"lon": 7.0}, fix(7.002, 43.0, -8))
        assert ack["stored"] == 1
        assert ack["quarantined"] == [
            {"index": 0, "reason": "conflict"},
            {"index": 1, "reason": "out_of_range"},
            {"index": 2, "reason": "bad_value"},
        ]
    assert await conn.fetchval("select count(*) from fix") == 3
    assert await conn.fetchval("select count(*) from quarantine") == 3


@pytest.mark.town
async def test_a_frame_that_is_none_names_its_seq_and_is_kept(server: RunningServer, conn: asyncpg.Connection) -> None:
    token = server.new_device("van-12")
    async with server.device("van-12", token) as device:
        await device.send('{"type":"fixes","seq":7,"fixes":"none"}')
        error = await device.hear("error")
        assert (error["code"], error["seq"]) == ("bad_frame", 7)
        assert await conn.fetchval("select text from quarantine where seq = 7 and index is null") is not None
        for seq in range(8, 17):
            await device.send(f'{{"type":"fixes","seq":{seq},"fixes":[]')
            assert (await device.hear("error"))["seq"] == seq
        assert await device.closed() == 4502


@pytest.mark.town
async def test_the_fifth_unacked_frame_closes(server: RunningServer, conn: asyncpg.Connection) -> None:
    token = server.new_device("van-12")
    async with server.device("van-12", token) as device:
        await conn.execute("begin; lock table fix in access exclusive mode")  # nothing can be committed meanwhile
        for seq in range(1, 6):
            await device.say(type="fixes", seq=seq, fixes=[fix(7.0, 43.0, -seq)])
        assert (await device.hear("error"))["code"] == "window_exceeded"
        assert await device.closed() == 4503
        await conn.execute("rollback")


@pytest.mark.town
async def test_every_seq_leaves_the_window_with_its_ack_also_zero(server: RunningServer) -> None:
    token = server.new_device("van-12")
    async with server.device("van-12", token) as device:
        for number in range(6):
            assert (await device.fixes(0, fix(7.0, 43.0, number - 9)))["seq"] == 0


@pytest.mark.town
async def test_the_newest_socket_wins_and_resumes(server: RunningServer) -> None:
    token = server.new_device("van-12")
    async with server.device("van-12", token) as older:
        await older.fixes(1, fix(7.0, 43.0, -3))
        await older.fixes(2, fix(7.0, 43.0, -2))
        async with server.device("van-12", token) as newer:
            assert newer.welcome["acked"] == 2
            assert await older.closed() == 4509
        async with server.device("van-12", token, boot="b2") as reinstalled:
            assert reinstalled.welcome["acked"] == 0


@pytest.mark.parametrize("by_header", [True, False])
@pytest.mark.town
async def test_who_may_send(server: RunningServer, by_header: bool) -> None:
    token = server.new_device("van-12")
    server.new_device("van-13")
    for id, shown, code in (("van-12", token, None), ("van-13", token, 4504), ("van-12", "wrong", 4501)):
        if by_header and shown == "wrong":
            continue  # refused with 401 before the upgrade: see the API's tests
        async with server.socket("/ws/device", shown if by_header else None) as talk:
            hello = {} if by_header else {"token": shown}
            await talk.say(type="hello", device=id, boot="b", **hello)
            first = await talk.hear()
            assert first["type"] == ("error" if code else "welcome")
            if code:
                assert await talk.closed() == code


@pytest.mark.town
async def test_a_revoked_token_closes_its_socket(server: RunningServer) -> None:
    token = server.new_device("van-12")
    async with server.device("van-12", token) as device:
        with server.api() as api:
            api.post("/api/devices/van-12/token").raise_for_status()
        assert await device.closed(within=soon(2.0)) == 4501


@pytest.mark.town
async def test_commands_are_durable_until_answered(server: RunningServer) -> None:
    token = server.new_device("van-12")
    with server.api() as api:
        made = api.post("/api/devices/van-12/commands", json={"name": "set_interval", "args": {"seconds": 5}})
        assert made.status_code in (201, 202), made.text
        for _ in range(2):  # not answered: sent again
            async with server.device("van-12", token) as device:
                command = await device.hear("command")
                assert (command["name"], command["args"]) == ("set_interval", {"seconds": 5})
        async with server.device("van-12", token) as device:
            await answer(device, await device.hear("command"))
            later = api.post("/api/devices/van-12/commands", json={"name": "report_now"}).json()
            assert (await device.hear("command"))["id"] == later["id"]
        listed = api.get("/api/devices/van-12/commands").json()["commands"]
        assert {each["id"]: each["ok"] for each in listed} == {command["id"]: True, later["id"]: None}


async def answer(device: Talk, command: dict[str, object]) -> None:
    await device.say(type="result", id=command["id"], ok=True, detail=None)
    await device.say(type="result", id=command["id"], ok=True, detail=None)
    assert (await device.hear("error"))["code"] == "unknown_command"  # so the first one was kept


@pytest.mark.town
async def test_binary_frames_both_ways(server: RunningServer) -> None:
    token = server.new_device("van-12")
    base = now_ms() - 5_000
    async with server.viewer(binary=True) as viewer, server.device("van-12", token, binary=True) as device:
        await device.send(
            struct.pack("<BBHIq", 1, 0, 2, 1, base)
            + struct.pack("<6i", 0, 1000, 74246000, 74247000, 437384000, 437385000)
            + struct.pack("<6H", 1240, 65535, 27100, 65535, 80, 65535)
            + struct.pack("<2h", 41, -32768)
        )
        assert (await device.hear("ack"))["stored"] == 2
        names = await viewer.hear("names")
        frame = (await viewer.hear("binary"))["data"]
        kind, _, _, count, at = struct.unpack_from("<BBHIq", frame)
        slot, lon, lat, dt = struct.unpack_from("<Iiii", frame, 16)
        speed, heading = struct.unpack_from("<HxxHxx", frame, 32)
        assert (kind, count, at + dt) == (2, 1, base + 1000)
        assert (slot, lon, lat) == (names["devices"][0]["slot"], 74247000, 437385000)
        assert (speed, heading) == (65535, 65535)
        (new,) = names["devices"]
        with server.api() as api:
            api.patch("/api/devices/van-12", json={"color": "#8a6d00"}).raise_for_status()
        (changed,) = (await viewer.hear("names"))["devices"]
        assert "photo" not in new and (changed["color"], changed["icon"], changed["photo"]) == ("#8a6d00", None, None)


@pytest.mark.town
async def test_gone_pause_and_resume(server: RunningServer) -> None:
    token = server.new_device("van-12")
    async with server.viewer(viewport=[7, 43, 8, 44]) as viewer, server.device("van-12", token) as device:
        await viewer.hear("snapshot")
        await device.fixes(1, fix(7.5, 43.5, -5))
        assert len((await viewer.hear("positions"))["positions"]) == 1
        await device.fixes(2, fix(7.5001, 44.5, 0, accuracy=900))
        await device.fixes(3, fix(7.5001, 44.5, 1))
        await device.fixes(4, fix(7.5001, 44.5, 2))  # the third that agrees: believed
        assert (await viewer.hear("gone"))["devices"] == ["van-12"]
        await viewer.say(type="pause")
        await viewer.say(type="resume")
        assert (await viewer.hear("snapshot"))["positions"] == []


@pytest.mark.town
async def test_a_viewport_across_180_and_devices_anywhere(server: RunningServer) -> None:
    tokens = {id: server.new_device(id) for id in ("east", "west", "far")}
    places = {"east": (179.9, 0.0), "west": (-179.9, 0.0), "far": (10.0, 50.0)}
    for id, token in tokens.items():
        async with server.device(id, token) as device:
            await device.fixes(1, fix(*places[id]))
    for wish, seen in (
        ({"viewport": [179, -1, -179, 1]}, {"east", "west"}),
        ({"viewport": [179, -1, 180, 1]}, {"east"}),
        ({"viewport": [179, -1, 181, 1]}, {"east", "west"}),  # on other copies of the world
        ({"viewport": [-541, -1, -539, 1]}, {"east", "west"}),
        ({"viewport": [365, 49, 375, 51]}, {"far"}),
        ({"viewport": [-190, -85, 190, 85]}, {"east", "west", "far"}),
        ({"viewport": [-351.23, 20.3, -341.85, 55.6]}, {"far"}),
        ({"viewport": [170, -20, 190, 10]}, {"east", "west"}),
        ({"viewport": [-3000, -90, 3000, 90]}, {"east", "west", "far"}),
        ({"viewport": [0, 0, 1, 1], "devices": ["far"]}, {"far"}),
        ({"viewport": None, "devices": ["far", "east"]}, {"far", "east"}),
    ):
        async with server.viewer(**wish) as viewer:
            assert {each["device"] for each in (await viewer.hear("snapshot"))["positions"]} == seen


@pytest.mark.town
async def test_events_resume_where_the_viewer_was(server: RunningServer, head: int) -> None:
    token = server.new_device("van-12")
    server.new_geofence(PORT)
    async with server.device("van-12", token) as device:
        for seq in range(1, 11):
            await device.fixes(seq, fix(7.4299 if seq % 2 else 7.4301, 43.735, seq - 11))
    async with server.viewer(events={"after": head + 4}) as viewer:
        subscribed = await viewer.hear("subscribed")
        assert (subscribed["resumed"], subscribed["event"]) == (True, head + 4)
        assert [(await viewer.hear("event"))["event"]["id"] - head for _ in range(6)] == [5, 6, 7, 8, 9, 10]
    async with server.viewer(events={"after": head + 99}) as viewer:
        subscribed = await viewer.hear("subscribed")
        assert (subscribed["resumed"], subscribed["event"]) == (False, head + 10)
        assert (await viewer.hear())["type"] == "reset"
    async with server.viewer(events={"after": head, "types": ["exit"]}) as viewer:
        assert [(await viewer.hear("event"))["event"]["id"] - head for _ in range(5)] == [2, 4, 6, 8, 10]


async def test_an_orderly_end(server: RunningServer) -> None:
    token = server.new_device("van-12")
    async with server.device("van-12", token) as device, server.viewer() as viewer:
        await device.fixes(1, fix(7.0, 43.0))
        server.process.terminate()
        assert (await device.hear("going_away"))["after_ms"] > 0
        assert await device.closed() == 1012
        assert await viewer.closed() == 1012
    assert server.process.wait(PATIENCE_S) == 0
    server.start()
    async with server.device("van-12", token) as device:
        assert device.welcome["acked"] == 1  # the last checkpoint knew


@pytest.mark.town
async def test_live_needs_a_viewer(server: RunningServer) -> None:
    async with server.socket("/ws/live", None) as talk:
        await talk.say(type="subscribe", viewport=[0, 0, 1, 1], token=ADMIN_TOKEN)
        assert (await talk.hear())["type"] == "subscribed"
    async with server.socket("/ws/live", None) as talk:
        await talk.say(type="subscribe", viewport=[0, 0, 1, 1])
        assert await talk.closed() == 4502


async def test_a_cut_of_old_events_is_told_to_who_comes_back(server: RunningServer, conn: asyncpg.Connection) -> None:
    """By hand, while the server runs: who missed what is gone hears so, and is not told that it was sent all."""
    token = server.new_device("van-12")
    server.new_geofence(
        {
            "type": "Feature",
            "id": "port",
            "geometry": {"type": "Point", "coordinates": [24.95, 60.17]},
            "properties": {"name": "Port", "radius": 100, "preset": "strict"},
        }
    )
    async with server.device("van-12", token) as device:
        for n in range(6):
            at = format_ms(now_ms() + n * 10_000 - 120_000)
            await device.fixes(n + 1, {"at": at, "lon": 24.95, "lat": 60.17 + n % 2 * 0.01, "accuracy": 5})
    async with asyncio.timeout(PATIENCE_S):
        while await conn.fetchval("select exists (select from unnumbered)"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    newest = await conn.fetchval("select max(id) from event")
    assert newest >= 4
    assert await resumes(server, 1)
    for statement, oldest in (("delete from event where id <= 2", 2), ("truncate event", newest)):
        await conn.execute(statement)
        async with asyncio.timeout(PATIENCE_S):
            while await resumes(server, oldest - 1):
                pass
        assert await resumes(server, oldest)


async def resumes(server: RunningServer, after: int) -> bool:
    async with server.viewer(events={"after": after}) as viewer:
        answer = await viewer.hear("subscribed")
        return bool(answer["resumed"])
