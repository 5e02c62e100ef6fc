"""Who is in a geofence now, and since when: by the log, as each reader may know it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec
import pytest

from tests.patience import PATIENCE_S
from tests.running import RunningServer
from tracker.model.moment import format_ms, now_ms
from tracker.model.sight import EVERYTHING, Things
from tracker.store.stays import select_entered

pytestmark = pytest.mark.town
PLACE = {"lon": 24.9, "lat": 60.2}


def circle(id: str, **properties: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [24.9, 60.2]}
    given = {"radius": 100, "preset": "strict"} | properties
    return {"type": "Feature", "id": id, "geometry": geometry, "properties": given}


def read(server: RunningServer, geofence: str) -> dict[str, Any]:
    with server.api() as api:
        answer: dict[str, Any] = api.get(f"/api/geofences/{geofence}/visitors").json()
    return answer


async def until(server: RunningServer, geofence: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE_S
    while not is_so(found := await asyncio.to_thread(read, server, geofence)):
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)
    return found


async def test_who_is_inside_and_since_when(server: RunningServer, conn: asyncpg.Connection) -> None:
    parked, van = server.new_device("parked"), server.new_device("van")
    began = now_ms() - 60_000
    async with server.device("parked", parked) as device, server.device("van", van) as other:
        await device.fixes(1, {"at": format_ms(began), **PLACE})
        await other.fixes(1, {"at": format_ms(began), "lon": 24.8, "lat": 60.2})
        server.new_geofence(circle("yard", already_inside="noted"))
        found = await until(server, "yard", lambda found: found["total"] == 1)
        seen = {"device": "parked", "name": "parked", "since": None, "already_inside": True}
        assert found["visitors"] == [seen], "without anything coming from it"
        entered = format_ms(now_ms() - 5_000)
        await other.fixes(2, {"at": entered, **PLACE})
        found = await until(server, "yard", lambda found: found["total"] == 2)
        assert found["visitors"][1] == {"device": "van", "name": "van", "since": entered, "already_inside": False}
        await device.fixes(2, {"at": format_ms(now_ms() - 3_000), "lon": 24.8, "lat": 60.2})
        await until(server, "yard", lambda found: found["total"] == 1)
    with server.api() as api:
        events = api.get("/api/events").json()["events"]
        assert api.get("/api/geofences/none/visitors").status_code == 404
    told = sorted((each["type"], each["device"]) for each in events)
    assert told == [("enter", "van"), ("exit", "parked")], "nobody is told that it entered"
    assert [each["evidence"].get("already_inside") for each in events if each["type"] == "exit"] == [True]
    key, fence = await conn.fetchval("select key from device where id = 'van'"), await find_fence(conn)
    assert list(await select_entered(conn, EVERYTHING, fence, ["van", "parked"])) == ["van"]
    await conn.execute(
        """insert into device_privacy (device, mode, since, until)
           values ($1, 'paused', now() - interval '1 hour', now())""",
        key,
    )
    assert await select_entered(conn, EVERYTHING, fence, ["van"]) == {"van": None}, "it hid when it came in"
    own = msgspec.structs.replace(EVERYTHING, own=Things(frozenset((key,)), frozenset(("van",))))
    assert (await select_entered(conn, own, fence, ["van"]))["van"] is not None, "which it may know itself"


async def test_a_geofence_that_is_brought_back_tells_nothing_that_nobody_did(server: RunningServer) -> None:
    """Deleted and made again by the same id, as the page's undo does: who is inside still is inside, who left meanwhile
    is not, and who came meanwhile is; of none of it anybody is told, and the next exit is."""
    drivers = {id: server.new_device(id) for id in ("stays", "leaves", "comes")}
    began, out = now_ms() - 60_000, {"lon": 24.89, "lat": 60.2}
    async with (
        server.device("stays", drivers["stays"]) as stays,
        server.device("leaves", drivers["leaves"]) as leaves,
        server.device("comes", drivers["comes"]) as comes,
    ):
        server.new_geofence(circle("yard"))
        for device, place in ((stays, PLACE), (leaves, PLACE), (comes, out)):
            await device.fixes(1, {"at": format_ms(began), **place})
        await until(server, "yard", lambda found: found["total"] == 2)
        with server.api() as api:
            assert api.delete("/api/geofences/yard").is_success
        for device, place in ((leaves, out), (comes, PLACE)):
            await device.fixes(2, {"at": format_ms(began + 10_000), **place})
        server.new_geofence(circle("yard", already_inside="noted"))
        found = await until(server, "yard", lambda found: found["total"] == 2)
        assert {(each["device"], each["already_inside"]) for each in found["visitors"]} == {
            ("stays", True),
            ("comes", True),
        }
        for device in (stays, leaves):
            await device.fixes(3, {"at": format_ms(began + 20_000), **(out if device is stays else PLACE)})
        await until(server, "yard", lambda found: {each["device"] for each in found["visitors"]} == {"comes", "leaves"})
    with server.api() as api:
        events = api.get("/api/events").json()["events"]
    told = [(each["type"], each["device"], each["evidence"].get("already_inside")) for each in events]
    assert sorted(told[:2]) == [("enter", "leaves", None), ("enter", "stays", None)], "before it was deleted"
    assert sorted(told[2:]) == [("enter", "leaves", None), ("exit", "stays", True)], "after it was brought back"


async def test_what_was_decided_last_counts(server: RunningServer, conn: asyncpg.Connection) -> None:
    """Who was silent for long is noted as of the change, which lies behind the fixes that it sends only then."""
    server.new_device("van")
    key = await conn.fetchval("select key from device where id = 'van'")
    rows = [("noted", 100, 0), ("exit", 10, 10), ("enter", 20, 20)]
    await conn.executemany(
        """insert into transition (device, geofence, at, kind, other, decided_at, stamp, told)
           values ($1, 7, now() + $3 * interval '1 second', $2, 0, now() + $4 * interval '1 second', 1, null)""",
        [(key, kind, float(at), float(decided)) for kind, at, decided in rows],
    )
    assert list(await select_entered(conn, EVERYTHING, 7, ["van"])) == ["van"]


async def find_fence(conn: asyncpg.Connection) -> int:
    key: int = await conn.fetchval("select key from geofence where id = 'yard'")
    return key
