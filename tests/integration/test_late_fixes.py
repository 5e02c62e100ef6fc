"""Late fixes through a real server: stored and acked at once, folded in soon after, and the log ends as if all had come
in order. What only time makes true is told too, once, also across a kill."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.patience import PATIENCE_S
from tests.running import RunningServer, running_beside
from tracker.model.moment import format_ms, now_ms

PLACE = {"type": "Point", "coordinates": [7.42, 43.73]}
DEGREE = 80_500.0  # m of longitude at this latitude


def fence(id: str, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": id, "geometry": PLACE, "properties": {"radius": 100, "name": id} | properties}


def fix(at: int, east: float, **more: Any) -> dict[str, Any]:
    return {"at": format_ms(at), "lon": round(7.42 + east / DEGREE, 7), "lat": 43.73, "accuracy": 5.0} | more


async def events(server: RunningServer, count: int, within: float = PATIENCE_S) -> list[dict[str, Any]]:
    """All there are, as soon as there are so many. Those of others who shared the server went with their devices."""
    async with asyncio.timeout(within):
        while True:
            with server.api() as api:
                found: list[dict[str, Any]] = api.get("/api/events?limit=1000").json()["events"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


def standing(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """What is told, without what was taken back: by device, in the order of time."""
    gone = {each["evidence"]["event"] for each in found if each["type"] == "retraction"}
    left = [each for each in found if each["type"] != "retraction" and each["id"] not in gone]
    return sorted((each["device"], each["at"], each["type"]) for each in left)


@pytest.fixture
async def head(conn: asyncpg.Connection) -> int:
    return int(await conn.fetchval("select id from event_head"))


@pytest.mark.town
async def test_a_tunnel_delivered_backwards_ends_as_one_delivered_in_order(server: RunningServer) -> None:
    """Two hours, a fix every ten seconds, in and out of a geofence; the far end first, then back to the mouth."""
    server.new_geofence(fence("bend", dwell=300))
    begin = now_ms() - 7_200_000
    way = [fix(begin + n * 10_000, 400.0 - (n % 80) * 10.0) for n in range(720)]
    frames = [way[n : n + 60] for n in range(0, 720, 60)]
    ordered, backwards = server.new_device("ordered"), server.new_device("reversed")
    async with server.device("ordered", ordered) as device:
        for seq, frame in enumerate(frames, 1):
            assert (await device.fixes(seq, *frame))["stored"] == 60
    expected = standing(await events(server, 18))
    assert {kind for _, _, kind in expected} == {"enter", "exit", "cross"}
    async with server.device("reversed", backwards) as device:
        for seq, frame in enumerate(reversed(frames), 1):
            assert (await device.fixes(seq, *reversed(frame)))["stored"] == 60
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await events(server, len(expected))
            mine = [(at, kind) for device, at, kind in standing(found) if device == "reversed"]
            if mine == [(at, kind) for _, at, kind in expected]:
                break
            await asyncio.sleep(0.1)
    theirs = [each for each in found if each["device"] == "reversed"]
    assert all(each["late"] for each in theirs[1:]), "only what the first frame told was told in time"
    assert not any(each["late"] for each in found if each["device"] == "ordered")


@pytest.mark.town
async def test_a_late_fix_adds_what_was_missed_and_takes_back_what_was_wrong(
    server: RunningServer, conn: asyncpg.Connection, head: int
) -> None:
    server.new_geofence(fence("port", dwell=60))
    token, begin = server.new_device("van-12"), now_ms() - 600_000
    async with server.viewer(events={"after": head}) as viewer, server.device("van-12", token) as device:
        inside = [fix(begin + n * 10_000, 0.0) for n in range(3)]
        later = [fix(begin + n * 10_000, 20.0) for n in range(20, 23)]
        await device.fixes(1, fix(begin - 10_000, -300.0), *inside, *later)
        told = [(await viewer.hear("event"))["event"] for _ in range(2)]
        assert [each["type"] for each in told] == ["enter", "dwell"]
        # It had been out in between: the dwell is not so, and two borders were crossed that nobody was told of.
        await device.fixes(2, *(fix(begin + n * 10_000, 300.0) for n in range(5, 10)))
        more = [(await viewer.hear("event"))["event"] for _ in range(3)]
    assert [each["type"] for each in more] == ["retraction", "exit", "enter"]
    evidence = more[0]["evidence"]
    assert (evidence["event"], evidence["type"]) == (told[1]["id"], "dwell")
    assert all(each["late"] for each in more)
    assert await conn.fetchval("select count(*) from fix where flags & 1 = 1") == 5


async def test_time_alone_is_told_once_also_across_kills(database_url: str, conn: asyncpg.Connection) -> None:
    async with running_beside(database_url) as server:
        server.new_geofence(fence("port", dwell=4, preset="strict"))
        token, begin = server.new_device("van-12"), now_ms()
        async with server.device("van-12", token) as device:
            await device.fixes(1, fix(begin - 20_000, -300.0), fix(begin, 0.0))
        server.kill()
        await asyncio.to_thread(server.start)
        found = await events(server, 2)
        assert [each["type"] for each in found] == ["enter", "dwell"]
        assert (found[1]["at"], found[1]["evidence"]["by"]) == (format_ms(begin + 4_000), "clock")
        server.kill()
        await asyncio.to_thread(server.start)
        async with server.device("van-12", token) as device:
            await device.fixes(2, fix(begin + 30_000, 0.0))
            await device.fixes(3, fix(begin + 60_000, -300.0))
        assert [each["type"] for each in await events(server, 3)] == ["enter", "dwell", "exit"]
    assert await conn.fetchval("select count(*) from transition where kind = 'dwell'") == 1


@pytest.mark.parametrize("preset", ["strict", "balanced"])
async def test_a_late_fix_after_a_restart_is_folded_in_too(database_url: str, preset: str) -> None:
    async with running_beside(database_url) as server:
        server.new_geofence(fence("port", preset=preset))
        token, begin = server.new_device("van-12"), now_ms() - 3_600_000
        way = [fix(begin + n * 20_000, -400.0) for n in range(60)]
        async with server.device("van-12", token) as device:
            await device.fixes(1, *way, *(fix(begin + 1_500_000 + n * 10_000, -400.0) for n in range(2)))
        server.stop()
        await asyncio.to_thread(server.start)
        async with server.device("van-12", token) as device:
            await device.fixes(2, *(fix(begin + 1_300_000 + n * 10_000, 0.0) for n in range(5)))
        found = await events(server, 2)
    assert [(each["type"], each["late"]) for each in found] == [("enter", True), ("exit", True)]


REFUSING = """
create sequence tried;
create function refuse() returns trigger language plpgsql as
    $$ begin perform nextval('tried'); raise exception 'refused' using errcode = 'data_exception'; end $$;
create trigger refuses before insert on unnumbered for each row when (new.late) execute function refuse()"""


async def test_late_fixes_that_the_database_refuses_cost_no_other_fix_and_hold_up_no_change(
    server: RunningServer, conn: asyncpg.Connection
) -> None:
    """They decide nothing and are tried once: what comes after them is stored, and told by the geofences as changed."""
    server.new_geofence(fence("port", preset="strict"))
    token, begin = server.new_device("van-12"), now_ms() - 600_000
    async with server.device("van-12", token) as device:
        await device.fixes(1, fix(begin, 0.0), fix(begin + 20_000, 0.0))
        await conn.execute(REFUSING)
        await device.fixes(2, fix(begin + 10_000, 300.0))
        with server.api() as api:
            changed = api.put("/api/geofences/port", json=fence("port", preset="strict", dwell=60))
            assert changed.status_code == 200
        for seq in range(3, 13):
            assert (await device.fixes(seq, fix(begin + seq * 10_000, 0.0)))["stored"] == 1
        assert [each["type"] for each in await events(server, 2)] == ["enter", "dwell"]
        assert await conn.fetchval("select count(*) from quarantine") == 0
        assert await conn.fetchval("select last_value from tried") == 1
        await conn.execute("drop trigger refuses on unnumbered")
        await device.fixes(13, fix(begin + 140_000, 300.0))
        await device.fixes(14, fix(begin + 130_000, 300.0))
        found = standing(await events(server, 5))
    assert found[-1] == ("van-12", format_ms(begin + 130_000), "exit")
    assert [kind for _, _, kind in found] == ["enter", "dwell", "exit"]
