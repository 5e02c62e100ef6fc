"""Maps and rights: what a viewer is sent while who may see what changes under it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from tests.integration.world import build
from tests.patience import PATIENCE_S, soon
from tracker.access.gate import Gate
from tracker.live.hub import Hub
from tracker.live.table import Table
from tracker.live.viewer import Viewer
from tracker.metrics import Metrics
from tracker.model.event import Event
from tracker.model.fix import Fix
from tracker.model.moment import now_ms, now_us
from tracker.model.position import Position, Status
from tracker.model.sight import EVERYTHING
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.store.devices import select_devices
from tracker.store.rights import select_rights_revision

FENCES = ("north-yard", "south-yard")


class Page:
    """A socket that keeps what it was sent."""

    peer = "test"
    buffered = 0

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.code = 0

    def send(self, message: str | bytes) -> None:
        assert isinstance(message, str)
        self.sent.append(json.loads(message))

    def close(self, code: int, reason: str = "") -> None:
        self.code = code

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def send_prebuilt(self, frame: Any) -> None:
        raise AssertionError("never sent here")

    def abort(self) -> None:
        raise AssertionError("aborted")

    def shown(self) -> set[str]:
        """The devices on the map by now."""
        found: set[str] = set()
        for message in self.sent:
            if message["type"] == "snapshot":
                found = set()
            found |= {each["device"] for each in message.get("positions", ())}
            found -= set(message["devices"]) if message["type"] == "gone" else set()
        return found


class Scene:
    def __init__(self, hub: Hub, conn: asyncpg.Connection, keys: dict[str, int]) -> None:
        self.hub, self.conn, self.keys = hub, conn, keys
        self.number = hub.head.event

    def look(self, token: Token, **wish: Any) -> Page:
        page = Page()
        viewer = Viewer(self.hub.table, self.hub.head, self.hub, token)
        viewer.opened(page)  # type: ignore[arg-type]  # it has what is asked of it here
        viewer.received(json.dumps({"type": "subscribe", "viewport": [0, 0, 20, 60], "rate": 50, **wish}))
        return page

    async def move(self, *ids: str, events: tuple[Event, ...] = ()) -> None:
        """One commit, as the writer would publish it."""
        fix = Fix(now_ms(), 74246000, 437384000)
        positions = [Position(self.keys[id], fix, now_us(), Status.MOVING, FENCES) for id in ids]
        rights = await select_rights_revision(self.conn)
        self.hub.deliver(Update(positions, list(events), now_us(), rights=rights))

    def tell(self, device: str, geofence: str | None, other: str | None = None) -> Event:
        self.number += 1
        evidence = json.dumps({"other": other} if other else {}).encode()
        return Event(
            self.number, "enter", device, geofence, now_ms(), now_ms(), False, 7.0, 43.0, msgspec.Raw(evidence), other
        )


async def until(holds: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@asynccontextmanager
async def playing(pool: asyncpg.Pool, gate: Gate, metrics: Metrics) -> AsyncIterator[Scene]:
    async with pool.acquire() as conn, asyncio.TaskGroup() as tasks:
        await build(conn)
        hub = Hub(gate, pool, tasks, metrics, Table())
        keys = {}
        for device in await select_devices(conn, EVERYTHING):
            hub.change_device(device.key, device)
            keys[device.id] = device.key
        running = tasks.create_task(hub.run())
        scene = Scene(hub, conn, keys)
        await scene.move(*keys)
        await until(lambda: hub.is_level)
        yield scene
        running.cancel()


async def north(scene: Scene, kind: Any = "viewer") -> Token:
    key = await scene.conn.fetchval("select key from rights_group where id = 'north'")
    return Token(1, kind, group=key)


async def person(scene: Scene, email: str) -> Token:
    key = await scene.conn.fetchval("select key from person where email = $1", email)
    return Token(0, "person", person=key, session=1)


async def test_a_map_shows_what_its_reader_sees(pool: asyncpg.Pool, gate: Gate, metrics: Metrics) -> None:
    async with playing(pool, gate, metrics) as scene:
        everybody = set(scene.keys) - {"phone"}
        expected = {
            "north": (await north(scene), {"north-van", "both-van"}),
            "all": (Token(2, "viewer"), everybody),
            "admin": (Token(3, "admin"), everybody),
            "owner": (await person(scene, "owner"), everybody),
            "child": (await person(scene, "child"), {"phone"}),
            "southern": (await person(scene, "southern"), {"south-van", "both-van"}),
        }
        pages = {name: scene.look(token, devices=list(scene.keys)) for name, (token, _) in expected.items()}
        await scene.move(*scene.keys)
        for name, (_, seen) in expected.items():
            await until(lambda page=pages[name], seen=seen: page.shown() == seen)  # type: ignore[misc]
        fences = {
            name: {each["device"]: each["geofences"] for each in page.sent[-1].get("positions", ())}
            for name, page in pages.items()
        }
        assert all(each == ["north-yard"] for each in fences["north"].values())
        assert all(each == list(FENCES) for each in fences["all"].values())
        assert all(each == [] for each in fences["child"].values())


async def test_events_are_told_to_who_sees_all_they_name(pool: asyncpg.Pool, gate: Gate, metrics: Metrics) -> None:
    async with playing(pool, gate, metrics) as scene:
        pages = {
            "north": scene.look(await north(scene), events={}),
            "all": scene.look(Token(2, "viewer"), events={}),
            "child": scene.look(await person(scene, "child"), events={}),
        }
        events = (
            scene.tell("north-van", "north-yard"),
            scene.tell("north-van", "south-yard"),
            scene.tell("south-van", None),
            scene.tell("both-van", None, other="south-van"),
            scene.tell("both-van", None, other="north-van"),
            scene.tell("phone", None),
        )
        await scene.move("north-van", events=events)
        told = {name: [e["event"]["id"] for e in page.sent if e["type"] == "event"] for name, page in pages.items()}
        assert told == {"north": [1, 5], "all": [1, 2, 3, 4, 5], "child": [6]}


async def test_nothing_of_a_batch_after_a_revocation_reaches_the_revoked(
    pool: asyncpg.Pool, gate: Gate, metrics: Metrics
) -> None:
    async with playing(pool, gate, metrics) as scene:
        page = scene.look(await north(scene), events={})
        await scene.move("north-van")
        await until(lambda: page.shown() == {"north-van", "both-van"})
        await scene.conn.execute("delete from group_device where device = $1", scene.keys["north-van"])
        before = len(page.sent)
        for _ in range(20):
            await scene.move("north-van", "both-van", events=(scene.tell("north-van", None),))
            await asyncio.sleep(0.01)
        await until(lambda: page.shown() == {"both-van"})
        after = page.sent[before:]
        assert not [each for each in after if each["type"] == "event"]
        assert "north-van" not in {each["device"] for message in after for each in message.get("positions", ())}


async def test_a_quiet_map_hears_gone_without_any_nudge(pool: asyncpg.Pool, gate: Gate, metrics: Metrics) -> None:
    """Nobody listens to nudges here, and no batch comes."""
    async with playing(pool, gate, metrics) as scene:
        page = scene.look(await north(scene))
        await until(lambda: page.shown() == {"north-van", "both-van"})
        await scene.conn.execute("delete from group_device where device = $1", scene.keys["north-van"])
        await until(lambda: page.shown() == {"both-van"}, soon(2.0))
        assert page.sent[-1] == {"type": "gone", "devices": ["north-van"]}
        await scene.conn.execute(
            "insert into group_device select key, $1 from rights_group where id = 'north'", scene.keys["south-van"]
        )
        await until(lambda: page.shown() == {"both-van", "south-van"}, soon(2.0))


async def test_a_socket_closes_when_no_right_is_left(pool: asyncpg.Pool, gate: Gate, metrics: Metrics) -> None:
    async with playing(pool, gate, metrics) as scene:
        pages = [scene.look(await north(scene)), scene.look(await person(scene, "viewer"))]
        await until(lambda: all(page.shown() for page in pages))
        await scene.conn.execute("delete from rights_group where id = 'north'")
        await until(lambda: all(page.code == 4504 for page in pages), 2.0)


async def test_a_phone_that_is_put_into_a_group_is_seen_and_one_that_is_taken_out_is_not(
    pool: asyncpg.Pool, gate: Gate, metrics: Metrics
) -> None:
    async with playing(pool, gate, metrics) as scene:
        page, all_of = scene.look(await north(scene)), scene.look(Token(2, "admin"))
        await until(lambda: bool(page.shown() and all_of.shown()))
        assert "phone" not in page.shown() | all_of.shown()
        phone = scene.keys["phone"]
        await scene.conn.execute("insert into group_device select key, $1 from rights_group where id = 'north'", phone)
        await until(lambda: "phone" in page.shown() and "phone" in all_of.shown())
        await scene.conn.execute("delete from group_device where device = $1", phone)
        await until(lambda: "phone" not in page.shown() | all_of.shown())
