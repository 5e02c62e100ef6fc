"""One address for what speaks for many: each name is its device's, and a name that is none yet waits with its fixes."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx2
import pytest

from tests.alerts.conftest import until
from tests.patience import PATIENCE_S
from tests.phone_samples import AT, LAT, LON, encode, forwarded, owntracks, steps
from tests.running import RunningServer
from tracker.access.addresses import Addresses
from tracker.ingest.log import Log
from tracker.ingest.owner import LocalOwner
from tracker.ingest.posts import Posts
from tracker.ingest.writer import Writer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import format_ms, now_ms, now_us
from tracker.sources.sources import Sources
from tracker.store import unknowns
from tracker.store.devices import insert_device
from tracker.store.sources import insert_source, lock_source
from tracker.store.unknowns import insert_unknown, prune_unknown, select_unknown_fixes, select_unknowns


class Forwarder:
    """A Traccar server that forwards to one source."""

    def __init__(self, api: httpx2.Client, id: str, **more: Any) -> None:
        made = api.post("/api/sources", json={"id": id, "name": id, **more}).raise_for_status()
        assert made.status_code == 201
        self.api, self.id, self.url = api, id, made.json()["ingest_url"]

    def say(self, *names: str, at: int = AT, **more: Any) -> None:
        messages = [forwarded(at, **more) | {"device": {"id": 4, "uniqueId": name}} for name in names]
        answer = httpx2.post(self.url, content=encode(messages if len(messages) > 1 else messages[0]), timeout=30)
        assert (answer.status_code, answer.text) == (200, "")

    def unknown(self) -> dict[str, Any]:
        listed = self.api.get(f"/api/sources/{self.id}/unknown").raise_for_status().json()["unknown"]
        return {each["name"]: each for each in listed}

    def adopt(self, name: str, device: str) -> httpx2.Response:
        return self.api.post(f"/api/sources/{self.id}/unknown/{quote(name, safe='')}", json={"device": device})

    def track(self, device: str) -> list[list[str]]:
        window = {"from": format_ms(AT - 86_400_000), "to": format_ms(now_ms() + 86_400_000), "format": "csv"}
        text = self.api.get(f"/api/devices/{device}/track", params=window).raise_for_status().text
        return [line.split(",") for line in text.splitlines()[1:]]


@pytest.fixture
def forwarder(shared: RunningServer, request: pytest.FixtureRequest) -> Iterator[Forwarder]:
    with shared.api() as api:
        yield Forwarder(api, f"s-{abs(hash(request.node.nodeid)) % 10**9}")


def test_a_name_becomes_a_device_with_its_last_day_once(forwarder: Forwarder) -> None:
    id = f"{forwarder.id}-van"
    for at in (AT - 2000, AT - 1000, AT - 1000):
        forwarder.say("imei 1", at=at)
    listed = forwarder.unknown()
    assert {name: (each["fixes"], each["app"]) for name, each in listed.items()} == {"imei 1": (2, "Traccar server")}
    answer = forwarder.adopt("imei 1", id)
    assert (answer.status_code, answer.json()) == (201, {"device": id, "stored": 2})
    assert forwarder.unknown() == {}
    forwarder.say("imei 1", at=AT - 1000)
    forwarder.say("imei 1")
    places = [(at, float(lon), float(lat)) for at, lon, lat, *_ in forwarder.track(id)]
    assert places == [(format_ms(at), LON, LAT) for at in (AT - 2000, AT - 1000, AT)]
    assert forwarder.unknown() == {}
    assert forwarder.adopt("imei 1", id).status_code == 404


def test_many_in_one_request_and_a_name_that_is_an_id(forwarder: Forwarder, shared: RunningServer) -> None:
    known = f"{forwarder.id}-known"
    shared.new_device(known)
    forwarder.say("a", known, "b")
    assert set(forwarder.unknown()) == {"a", "b"}
    assert len(forwarder.track(known)) == 1


def test_any_app_may_speak_and_what_names_nobody_is_shown(forwarder: Forwarder) -> None:
    answer = httpx2.post(forwarder.url, content=encode(owntracks()), timeout=PATIENCE_S)
    assert (answer.status_code, answer.text) == (200, "[]")
    assert set(forwarder.unknown()) == {"jane/phone"}
    nameless = encode({name: each for name, each in owntracks().items() if name not in ("tid", "topic")})
    for body, why in ((b"{", "not JSON: {"), (nameless, "it names no device")):
        assert httpx2.post(forwarder.url, content=body, timeout=PATIENCE_S).status_code == 200
        listed = forwarder.api.get("/api/sources").json()["sources"]
        assert next(each["fault"] for each in listed if each["id"] == forwarder.id).startswith(why)


def test_what_is_no_fix_is_its_devices_too(forwarder: Forwarder, shared: RunningServer) -> None:
    id, named = f"{forwarder.id}-walker", {"topic": f"owntracks/{forwarder.id}/phone/step"}
    shared.new_device(id)
    assert httpx2.post(forwarder.url, content=encode(steps(7) | named), timeout=PATIENCE_S).text == "[]"
    assert forwarder.adopt(f"{forwarder.id}/phone", id).json() == {"device": id, "stored": 0}
    assert httpx2.post(forwarder.url, content=encode(steps(9) | named), timeout=PATIENCE_S).text == "[]"
    assert forwarder.api.get(f"/api/devices/{id}").raise_for_status().json()["status"]["steps"] == 9


def test_a_name_may_be_a_device_that_is_there(forwarder: Forwarder, shared: RunningServer) -> None:
    id = f"{forwarder.id}-old"
    shared.new_device(id)
    forwarder.say("x/y z?#%")
    assert forwarder.adopt("x/y z?#%", id).json() == {"device": id, "stored": 1}
    forwarder.say("x/y z?#%", at=AT + 1000)
    assert len(forwarder.track(id)) == 2


def test_a_removed_source_ends_and_its_devices_stay(forwarder: Forwarder) -> None:
    id = f"{forwarder.id}-stays"
    forwarder.say("x")
    forwarder.adopt("x", id)
    assert forwarder.api.delete(f"/api/sources/{forwarder.id}").status_code == 204
    assert httpx2.post(forwarder.url, content=b"{}", timeout=PATIENCE_S).status_code == 404
    assert len(forwarder.track(id)) == 1


def frame(name: int, *ats: int) -> Frame:
    return Frame(0, -1, now_us(), [Fix(at, name, 0, attributes=b'{"a":1}') for at in ats])


async def test_a_name_that_became_a_device_without_being_adopted_has_what_was_kept_of_it(
    database_url: str, conn: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    source = await insert_source(conn, "s", "S", None)
    async with conn.transaction():
        await lock_source(conn, source.key)
        await insert_unknown(conn, source.key, "van", frame(1, AT, AT + 1000))
        await insert_unknown(conn, source.key, "nobody", frame(2, AT))
    await insert_device(conn, "van", "Van")
    log = Log(database_url, "test")
    await log.open()
    writer = Writer(log, MemoryBus(), Metrics())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run())
        await Sources(pool, Addresses(pool), Posts(LocalOwner(writer))).look()
        writer.end()
    assert await conn.fetchval("select count(*) from fix join device on key = device where id = 'van'") == 2
    assert [each.name for each in await select_unknowns(conn, source.key)] == ["nobody"]
    await log.close()


async def test_what_is_refused_is_not_counted_as_stored(conn: asyncpg.Connection, pool: asyncpg.Pool) -> None:
    """Of a name that becomes a device, of which more comes meanwhile."""
    source = await insert_source(conn, "s", "S", None)
    await keep(conn, source.key, frame(1, AT, AT + 1000))
    await insert_device(conn, "van", "Van")
    writer = Writer(Log("", "test"), MemoryBus(), Metrics())
    writer.is_storing = True
    adopting = asyncio.create_task(Sources(pool, Addresses(pool), Posts(LocalOwner(writer))).adopt(source.key, "van"))
    for refusals in ((Refusal(1, "too_old", ""),), ()):
        await until(lambda: writer.lanes.waiting)
        taken = writer.lanes.take()
        if refusals:
            await keep(conn, source.key, frame(1, AT + 2000))
        for waiting, sender in taken:
            sender.committed(waiting, Outcome(1, 0, refusals))
    assert await adopting == 2


async def keep(conn: asyncpg.Connection, source: int, said: Frame) -> None:
    async with conn.transaction():
        await lock_source(conn, source)
        await insert_unknown(conn, source, "van", said)


async def test_what_is_kept_of_strangers_is_bounded(conn: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknowns, "MOST_FIXES", 10)
    monkeypatch.setattr(unknowns, "SPARE_FIXES", 5)
    source = await insert_source(conn, "s", "S", None)
    async with conn.transaction():
        await lock_source(conn, source.key)
        for name in range(unknowns.MOST_NAMES + 20):
            await insert_unknown(conn, source.key, f"n{name}", frame(name, AT))
        for at in range(16):
            await insert_unknown(conn, source.key, "n119", frame(119, AT + at * 1000))
    listed = await select_unknowns(conn, source.key)
    assert {each.name for each in listed} == {f"n{name}" for name in range(20, 120)}
    assert listed[0].fixes == 10
    kept = await select_unknown_fixes(conn, source.key, "n119", limit=100)
    assert [each.fix for each in kept] == [Fix(AT + at * 1000, 119, 0, attributes=b'{"a":1}') for at in range(6, 16)]
    await conn.execute("update unknown_fix set received_at = now() - interval '25 hours'")
    assert await select_unknown_fixes(conn, source.key, "n119", limit=100) == []
    await prune_unknown(conn)
    assert await conn.fetchval("select count(*) from unknown_fix") == 0
