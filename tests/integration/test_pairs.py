"""Pairs over the API, and near and apart through the database, across restarts, and through a real server."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest

from tests.integration.conftest import Caller
from tests.integration.numbered import told_by
from tests.running import RunningServer
from tracker.alerts.matching import parcels_of
from tracker.ingest.log import Log
from tracker.model.channel import Webhook
from tracker.model.device import Device
from tracker.model.event import Event, EventFilter
from tracker.model.fix import E7, Fix
from tracker.model.frame import Frame
from tracker.model.moment import format_ms, now_ms, now_us
from tracker.model.sight import EVERYTHING
from tracker.model.subscription import Subscription, Wish
from tracker.store.devices import delete_device, insert_device
from tracker.store.events import select_events
from tracker.store.pairs import delete_pair, insert_pair, update_pair

VAN_AND_BUS: dict[str, Any] = {"id": "two", "devices": ["van-12", "bus"], "distance": 100, "preset": "strict"}
NEAR, FAR = 0.001, 0.007  # degrees of longitude from the van: 72 m, 502 m


@pytest.fixture
async def bus(pool: asyncpg.Pool, device: Device) -> Device:
    async with pool.acquire() as conn:
        return await insert_device(conn, "bus", "Bus", "bus")


# Over the API.


async def test_a_pair_is_made_shown_changed_and_deleted(admin: Caller, viewer: Caller, bus: Device) -> None:
    made = await admin.post("/api/pairs", VAN_AND_BUS)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/pairs/two")
    assert await made.get_json() == VAN_AND_BUS
    assert await (await viewer.get("/api/pairs/two")).get_json() == VAN_AND_BUS
    assert await (await viewer.get("/api/pairs")).get_json() == {"pairs": [VAN_AND_BUS], "next": None}
    changed = await (await admin.patch("/api/pairs/two", {"distance": 250.5, "preset": "calm"})).get_json()
    assert changed == VAN_AND_BUS | {"distance": 250.5, "preset": "calm"}
    assert await (await admin.patch("/api/pairs/two", {"devices": ["bus", "van-12"]})).get_json() == changed
    assert (await admin.delete("/api/pairs/two")).status_code == 204
    for gone in (admin.get("/api/pairs/two"), admin.patch("/api/pairs/two", {}), admin.delete("/api/pairs/two")):
        assert (await gone).status_code == 404


async def test_what_is_not_given_is_made_up(admin: Caller, bus: Device) -> None:
    made = await (await admin.post("/api/pairs", {"devices": ["bus", "van-12"], "distance": 5})).get_json()
    assert made.pop("id").startswith("pair-")
    assert made == {"devices": ["bus", "van-12"], "distance": 5, "preset": "balanced"}


async def test_a_bad_pair_is_refused_with_the_field(admin: Caller, bus: Device, subtests: pytest.Subtests) -> None:
    await admin.post("/api/pairs", VAN_AND_BUS)
    bad: dict[str, tuple[dict[str, Any], int, str]] = {
        "the same two again": ({"id": "again", "devices": ["bus", "van-12"]}, 409, "devices"),
        "a device that is not there": ({"id": "a", "devices": ["bus", "nobody"]}, 422, "devices"),
        "one device twice": ({"id": "a", "devices": ["bus", "bus"]}, 422, "devices"),
        "three": ({"id": "a", "devices": ["bus", "van-12", "car"]}, 422, "devices"),
        "none": ({"id": "a", "devices": None}, 422, "devices"),
        "no distance": ({"distance": None}, 422, "distance"),
        "too near": ({"distance": 0.5}, 422, "distance"),
        "too far": ({"distance": 1_000_001}, 422, "distance"),
        "another preset": ({"preset": "wild"}, 422, "preset"),
        "no id": ({"id": "a/b"}, 422, "id"),
    }
    for case, (change, status, field) in bad.items():
        with subtests.test(case):
            refused = await admin.post("/api/pairs", VAN_AND_BUS | change)
            assert (refused.status_code, (await refused.get_json())["field"]) == (status, field)
    other = await admin.patch("/api/pairs/two", {"devices": ["bus", "car"]})
    assert (other.status_code, (await other.get_json())["field"]) == (422, "devices")
    assert len((await (await admin.get("/api/pairs")).get_json())["pairs"]) == 1


async def test_an_id_that_is_taken(admin: Caller, bus: Device) -> None:
    for id in ("car", "cab"):
        await admin.post("/api/devices", {"id": id})
    await admin.post("/api/pairs", VAN_AND_BUS)
    taken = await admin.post("/api/pairs", VAN_AND_BUS | {"devices": ["car", "cab"]})
    assert (taken.status_code, (await taken.get_json())["field"]) == (409, "id")
    assert (await admin.post("/api/pairs", VAN_AND_BUS | {"id": "B", "devices": ["car", "cab"]})).status_code == 201
    page = await (await admin.get("/api/pairs?limit=1")).get_json()
    assert [each["id"] for each in page["pairs"]] == ["B"] and page["next"] == "B"
    rest = await (await admin.get("/api/pairs?limit=1&after=B")).get_json()
    assert [each["id"] for each in rest["pairs"]] == ["two"]


async def test_the_pairs_of_a_device_go_with_it(admin: Caller, bus: Device) -> None:
    await admin.post("/api/pairs", VAN_AND_BUS)
    assert (await admin.delete("/api/devices/bus")).status_code == 204
    assert await (await admin.get("/api/pairs")).get_json() == {"pairs": [], "next": None}


# Through the log.


class Moving:
    """The van stands still; the bus is sent near and far."""

    def __init__(self, log: Log, van: Device, bus: Device) -> None:
        self.log = log
        self.keys = van.key, bus.key
        self.at = now_ms() - 3_600_000

    async def sent(self, *easts: float) -> list[str]:
        """A second each, in one batch."""
        frames = []
        for east in easts:
            self.at += 1000
            for key, lon in zip(self.keys, (0.0, east), strict=True):
                frames.append(Frame(key, 1, now_us(), [Fix(self.at, round(lon * E7), 50 * E7)]))
        return [event.type for event in await told_by(self.log, self.log.append(frames))]

    async def restarted(self) -> None:
        """As after a crash."""
        await self.log.conn.close()
        self.log = Log(self.log.url, "test")
        await self.log.open()


@pytest.fixture
async def moving(database_url: str, device: Device, bus: Device) -> Any:
    log = Log(database_url, "test")
    await log.open()
    moving = Moving(log, device, bus)
    yield moving
    await moving.log.close()


async def test_what_was_told_holds_across_restarts_and_changes(moving: Moving, conn: asyncpg.Connection) -> None:
    assert await moving.sent(NEAR) == []
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await moving.sent(NEAR, FAR, NEAR) == ["near", "apart", "near"]
    await moving.restarted()
    assert await moving.sent(NEAR) == []
    await update_pair(conn, "two", distance=90)
    assert await moving.sent(NEAR) == []
    await moving.restarted()
    assert await moving.sent(FAR) == ["apart"]
    await moving.restarted()
    assert await moving.sent(FAR) == []
    assert await moving.sent(NEAR) == ["near"]


async def test_a_pair_made_anew_begins_anew(moving: Moving, conn: asyncpg.Connection) -> None:
    await insert_pair(conn, "two", ("van-12", "bus"), 100, "strict")
    assert await moving.sent(NEAR) == ["near"]
    await delete_pair(conn, "two")
    assert await moving.sent(FAR, NEAR) == []
    await insert_pair(conn, "again", ("bus", "van-12"), 100, "strict")
    await moving.restarted()
    assert await moving.sent(NEAR) == ["near"]
    assert await moving.sent(FAR) == ["apart"]


async def test_a_change_is_seen_by_the_next_batch_and_a_deleted_device_by_none(
    moving: Moving, conn: asyncpg.Connection, bus: Device
) -> None:
    made = await insert_pair(conn, "two", ("van-12", "bus"), 100, "balanced")
    assert await moving.sent(NEAR) == []
    assert moving.log.memory.meetings.meetings[made.key].nearness.count == 1  # sighting, of the two it takes
    await update_pair(conn, "two", distance=90)
    assert await moving.sent(NEAR) == []
    assert moving.log.memory.meetings.meetings[made.key].nearness.count == 2, (
        "both new: the one before was of another distance"
    )
    await update_pair(conn, "two", preset="strict")
    assert await moving.sent(NEAR) == ["near"]
    await delete_device(conn, "bus")
    await moving.log.forget(bus.key)
    assert not moving.log.memory.meetings.by_device and not moving.log.memory.meetings.meetings
    assert await moving.sent(FAR) == []
    await moving.log.checkpoint()
    assert await conn.fetchval("select count(*) from meeting") == 0, "it went with the device"


# What it is told by.


def test_a_subscription_for_the_other_device_is_for_both() -> None:
    event = Event(1, "near", "van", None, 0, 0, False, 0.0, 0.0, msgspec.Raw(b'{"other":"bus"}'), other="bus")

    def told(**wish: Any) -> bool:
        subscription = Subscription(1, "s", "", Wish(**wish), Webhook("https://example.org"), ("whsec_x",))
        return bool(parcels_of([event], [subscription], {"bus": "big", "van": "small"}))

    assert told(devices=("bus",)) and told(devices=("van",)) and not told(devices=("car",))
    assert told(categories=("big",)) and told(categories=("small",)) and not told(categories=("huge",))
    assert told() and not told(geofences=("port",))


async def test_two_devices_meet_through_a_real_server(server: RunningServer, conn: asyncpg.Connection) -> None:
    tokens = {id: server.new_device(id) for id in ("van-12", "bus")}
    with server.api() as api:
        assert api.post("/api/pairs", json=VAN_AND_BUS).status_code == 201
        at = now_ms() - 60_000
        async with (
            server.viewer(events={"after": 0, "devices": ["bus"]}) as viewer,
            server.device("bus", tokens["bus"]) as bus,
            server.device("van-12", tokens["van-12"]) as van,
        ):
            await bus.fixes(1, {"at": format_ms(at), "lon": NEAR, "lat": 50.0})
            await van.fixes(1, {"at": format_ms(at + 1000), "lon": 0.0, "lat": 50.0})
            near = (await viewer.hear("event"))["event"]
            assert (near["type"], near["device"], near["geofence"]) == ("near", "van-12", None)
            evidence = near["evidence"]
            assert (evidence["other"], evidence["limit"], evidence["preset"]) == ("bus", 100, "strict")
            assert [each["device"] for each in evidence["fixes"]] == ["van-12", "bus"]
            assert evidence["distance"] == pytest.approx(71.7, abs=0.1)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        async with server.device("bus", tokens["bus"], boot="b2") as bus:
            await bus.fixes(1, {"at": format_ms(at + 2000), "lon": NEAR, "lat": 50.0})
            await bus.fixes(2, {"at": format_ms(at + 3000), "lon": FAR, "lat": 50.0})
    with server.api() as api:
        for device in ("bus", "van-12"):
            events = api.get("/api/events", params={"device": device}).json()["events"]
            assert [(each["id"], each["type"], each["device"]) for each in events] == [
                (1, "near", "van-12"),
                (2, "apart", "bus"),
            ]
    assert len(await select_events(conn, EVERYTHING, after=0, limit=9, only=EventFilter(devices=["nobody"]))) == 0


async def test_after_a_crash_it_is_known_what_a_fix_told_that_was_disowned_since(
    database_url: str, conn: asyncpg.Connection, device: Device, bus: Device
) -> None:
    """Folded again it decides nothing: it is flagged."""
    away, begin = 57.0 * NEAR, now_ms() - 600_000
    await insert_pair(conn, "two", (device.id, bus.id), 100, "strict")
    log = Log(database_url, "test")
    await log.open()
    for number, east in enumerate([*(0.0, 0.00004) * 4, away, 0.00004, 0.0]):
        for key, lon in ((bus.key, away), (device.key, east)):
            fix = Fix(begin + 30_000 * number, round(lon * E7), 50 * E7, accuracy=15.0)
            await log.append([Frame(key, number, now_us(), [fix])])
    assert await conn.fetchval("select count(*) from transition where kind in ('near', 'apart')") == 2
    assert await conn.fetchval("select count(*) from fix where flags <> 0") == 1, "the one between is disowned"
    await log.conn.close()
    after = Log(database_url, "test")
    await after.open()
    assert after.memory.meetings.meetings == log.memory.meetings.meetings
    await after.close()
