"""Home Assistant finds devices through a real broker: told once, retained, the newest only, and taken back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from tests.alerts.conftest import started, until
from tests.alerts.parts import PASSWORD, USER, Mosquitto
from tests.lines import read_lines
from tests.moments import MONDAY
from tracker.alerts.home_assistant import announcer
from tracker.alerts.home_assistant.announcer import Announcer
from tracker.errors import Invalid
from tracker.model.device import Device
from tracker.model.fix import Fix
from tracker.model.position import Status
from tracker.model.state import State
from tracker.settings import Remote, Settings
from tracker.store.installation import select_epoch
from tracker.store.positions import upsert_states

SQUARE = (
    '{"type":"Feature","id":"port","geometry":{"type":"Polygon","coordinates":[[[7,43],[8,43],[8,44],[7,44],[7,43]]]},'
    '"properties":{"name":"Old Port"}}'
)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with started(OpenMosquitto(tmp_path)) as mosquitto:
        yield mosquitto


class OpenMosquitto(Mosquitto):
    """We may write what Home Assistant reads."""

    def configure(self) -> None:
        super().configure()
        rules = f"user {USER}\ntopic read #\ntopic write homeassistant/#\ntopic write tracker/#\n"
        (self.folder / "topics").write_text(rules)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "EVERY", 0.05)


@asynccontextmanager
async def announcing(pool: asyncpg.Pool, port: int) -> AsyncIterator[None]:
    task = asyncio.create_task(
        Announcer(pool, Remote("mqtt", "127.0.0.1", port, USER, PASSWORD), "homeassistant").run()
    )
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def put(conn: asyncpg.Connection, device: Device, step: int, inside: frozenset[int] = frozenset()) -> None:
    fix = Fix(MONDAY + step * 1000, 75_000_000 + step, 435_000_000, 12.34, 271.0, 8.4, None, 0.834)
    state = State(fix.at, fix, (MONDAY + step) * 1000, Status.MOVING, inside)
    await upsert_states(conn, {device.key: state}, {})


def told(mosquitto: Mosquitto, end: str) -> list[Any]:
    """Payloads by the end of their topic, in their order; "" for what was taken back."""
    return [each["body"] for each in heard(mosquitto) if each["path"].endswith(end)]


def heard(mosquitto: Mosquitto) -> list[dict[str, Any]]:
    """Every message as it came: not all are JSON."""
    return [msgspec.json.decode(line) for line in read_lines(mosquitto.file)]


async def test_a_device_is_found_moves_and_is_taken_back(
    pool: asyncpg.Pool, conn: asyncpg.Connection, van: Device, mosquitto: Mosquitto
) -> None:
    fence = await conn.fetchval(
        """insert into geofence (id, revision, feature, shape)
           values ('port', 1, $1::jsonb, st_geomfromgeojson($1::jsonb->'geometry')) returning key""",
        SQUARE.encode(),
    )
    own = await select_epoch(conn)
    await put(conn, van, 0, frozenset({fence}))
    async with announcing(pool, mosquitto.port):
        await until(lambda: told(mosquitto, "/state") == ["Old Port"])
        (place,) = {each["path"] for each in heard(mosquitto) if each["path"].endswith("/config")}
        assert place == f"homeassistant/device_tracker/tracker_{own}/{van.key}/config"
        config = msgspec.json.decode(told(mosquitto, "/config")[0])
        assert config["json_attributes_topic"] == f"tracker/{own}/{van.key}/attributes"
        assert (config["device"]["name"], config["source_type"]) == (van.name, "gps")
        said = msgspec.json.decode(told(mosquitto, "/attributes")[0])
        assert (said["latitude"], said["longitude"], said["gps_accuracy"], said["battery_level"]) == (43.5, 7.5, 8, 83)
        assert said["geofences"] == ["Old Port"] and said["status"] == "moving"
        await put(conn, van, 1)
        await until(lambda: told(mosquitto, "/state") == ["Old Port", "None"])
        assert len(told(mosquitto, "/config")) == 1  # what is so already is not said again
        await conn.execute("insert into device_privacy (device, since, mode) values ($1, now(), 'paused')", van.key)
        await until(lambda: told(mosquitto, "/attributes")[-1] == "" and told(mosquitto, "/config")[-1] == "")
        await conn.execute("delete from device_privacy")
        await until(lambda: told(mosquitto, "/config")[-1] != "")
    await conn.execute("delete from device")  # while nobody announces
    async with announcing(pool, mosquitto.port):
        await until(lambda: told(mosquitto, "/config")[-1] == "")
        await until(lambda: conn.fetchval("select count(*) = 0 from announced"))


async def test_what_is_somebodys_own_is_not_told(
    pool: asyncpg.Pool, conn: asyncpg.Connection, van: Device, mosquitto: Mosquitto
) -> None:
    person = await conn.fetchval("insert into person (email, name) values ('a@example.org', 'A') returning key")
    phone = await conn.fetchval(
        "insert into device (id, name, person) values ('phone', 'Phone', $1) returning key", person
    )
    await put(conn, van, 0)
    await put(conn, Device(phone, "phone", "Phone"), 0)
    async with announcing(pool, mosquitto.port):
        await until(lambda: told(mosquitto, "/state") == ["None"])
        mosquitto.stop_broker()
        await put(conn, van, 1)
        mosquitto.start()
        await until(lambda: len(told(mosquitto, f"/{van.key}/attributes")) >= 2)
    assert not [each for each in heard(mosquitto) if f"/{phone}/" in each["path"]]


def test_it_needs_a_broker_and_a_prefix() -> None:
    with pytest.raises(Invalid):
        Settings(home_assistant="homeassistant")
    with pytest.raises(Invalid):
        Settings(home_assistant="home/#", mqtt=Remote("mqtt", "127.0.0.1", 1883))
    Settings(home_assistant="homeassistant", mqtt=Remote("mqtt", "127.0.0.1", 1883))
