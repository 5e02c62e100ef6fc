"""OwnTracks by a real broker: what phones publish is in the log exactly once, whoever is killed in the middle."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.alerts.conftest import started, until
from tests.alerts.parts import PASSWORD, USER, Mosquitto
from tests.databases import Databases, copied
from tests.phone_samples import AT, LAT, LON, encode, owntracks, steps
from tests.running import RunningServer

TOPIC: Final = "owntracks/jane/phone"
COUNT: Final = 300


class PhonesBroker(Mosquitto):
    """The broker to which phones publish, and to which we may."""

    @property
    def settings(self) -> dict[str, str]:
        return {"TRACKER_OWNTRACKS_URL": super().settings["TRACKER_MQTT_URL"]}

    def configure(self) -> None:
        super().configure()
        with (self.folder / "topics").open("a") as topics:
            topics.write("topic readwrite owntracks/#\n")
        with (self.folder / "mosquitto.conf").open("a") as configuration:
            configuration.write("max_queued_messages 0\n")

    def orders(self) -> list[dict[str, Any]]:
        return [json.loads(each["body"]) for each in self.received() if each["path"] == f"{TOPIC}/cmd"]


class Phone:
    """As the app does: QoS 1, a queue of its own, and the same again until the broker has it."""

    def __init__(self, port: int) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, "phone", protocol=MQTTProtocolVersion.MQTTv311)
        self.client.username_pw_set(USER, PASSWORD)
        self.client.reconnect_delay_set(1, 1)
        self.client.connect_async("127.0.0.1", port)
        self.acknowledged = set[int]()
        self.client.on_publish = lambda _client, _data, id, *_: self.acknowledged.add(id)
        self.client.loop_start()
        self.sent = set[int]()  # what it publishes while it is not connected waits in its queue

    def publish(self, message: object, topic: str = TOPIC, retain: bool = False) -> None:
        payload = message if isinstance(message, bytes) else encode(message)
        self.sent.add(self.client.publish(topic, payload, qos=1, retain=retain).mid)

    def report(self, numbers: range) -> None:
        for number in numbers:
            self.publish(owntracks(AT + number * 1000, LON, LAT))

    async def rest(self) -> None:
        """Until the broker has all."""
        await until(lambda: self.sent <= self.acknowledged, 60)

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PhonesBroker]:
    with started(PhonesBroker(tmp_path)) as broker:
        yield broker


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    with copied(databases) as url:
        yield url


@pytest.fixture
def server(url: str, broker: PhonesBroker) -> Iterator[RunningServer]:
    server = RunningServer(url, **broker.settings)
    try:
        server.start()
        yield server
    finally:
        server.end()


@pytest.fixture
def phone(broker: PhonesBroker) -> Iterator[Phone]:
    phone = Phone(broker.port)
    yield phone
    phone.end()


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(url)
    try:
        yield conn
    finally:
        await conn.close()


def unknown(api: httpx2.Client) -> dict[str, Any]:
    answer = api.get("/api/sources/owntracks/unknown")
    return {each["name"]: each for each in answer.json()["unknown"]} if answer.status_code == 200 else {}


async def adopt(server: RunningServer, phone: Phone) -> None:
    """`jane/phone` is the device `jane`, by one click."""
    with server.api() as api:

        def is_heard() -> bool:
            """What is published before we have ever subscribed is nobody's."""
            phone.report(range(1))
            return bool(unknown(api).get("jane/phone", {}).get("fixes") == 1)

        await until(is_heard, 60)
        answer = api.post("/api/sources/owntracks/unknown/jane%2Fphone", json={"device": "jane"})
        assert (answer.status_code, answer.json()["stored"]) == (201, 1)


async def test_exactly_once_whoever_is_killed(
    url: str, server: RunningServer, broker: PhonesBroker, phone: Phone
) -> None:
    await adopt(server, phone)
    async with reading(url) as conn:

        async def count(least: int) -> None:
            await until(lambda: conn.fetchval("select count(*) >= $1 from fix", least), 60)

        phone.report(range(1, 100))
        await count(20)
        server.kill()
        phone.report(range(100, 150))
        server.start()
        phone.report(range(150, 200))
        await count(120)
        broker.stop_broker()
        phone.report(range(200, 250))
        broker.start()
        phone.report(range(250, COUNT))
        await phone.rest()
        await count(COUNT)
        phone.report(range(COUNT))  # its whole queue again
        phone.publish(owntracks(AT + COUNT * 1000), retain=True)  # behind all the others
        await count(COUNT + 1)
        rows = await conn.fetch("select extract(epoch from at)::bigint - $1 as second from fix order by at", AT // 1000)
        assert [row["second"] for row in rows] == list(range(COUNT + 1))
        assert await conn.fetchval("select array_agg(distinct dialect) from fix") == [6]
        assert await conn.fetchval("select count(*) from unknown_fix") == 0


async def test_what_is_no_fix_costs_nobody_anything(
    url: str, server: RunningServer, broker: PhonesBroker, phone: Phone
) -> None:
    await adopt(server, phone)
    for payload in (b"", b"{", b"\xff\xfe", b"[]", encode(owntracks(tst=0)), encode({"_type": "lwt", "tst": 1})):
        phone.publish(payload)
    phone.publish({"_type": "transition", "event": "enter", "desc": "home", "tst": 1}, f"{TOPIC}/event")
    phone.publish(b"x" * 90_000)
    phone.report(range(1, 2))
    async with reading(url) as conn:
        await until(lambda: conn.fetchval("select count(*) = 2 from fix"), 60)
        reasons = [row["reason"] for row in await conn.fetch("select reason from quarantine order by id")]
    assert sorted(reasons) == ["neither JSON nor a line of values", "no message of OwnTracks", "not JSON", "too_old"]
    with server.api() as api:
        health = api.get("/api/devices/jane/health").json()
        assert health["app"] == "OwnTracks" and health["day"]["stored"] == 2


async def test_steps_tell_that_a_place_which_stays_is_frozen(
    url: str, server: RunningServer, broker: PhonesBroker, phone: Phone
) -> None:
    """The battery stands still, too."""
    await adopt(server, phone)
    async with reading(url) as conn:

        async def walk(count: int, times: range) -> None:
            """Publishes no fix before the steps are stored: what comes at once is one batch, whose fixes are first."""
            phone.publish(steps(count), f"{TOPIC}/step")
            await until(lambda: conn.fetchval("select max(steps) = $1 from device_status", count), 60)
            phone.report(times)
            await until(
                lambda: conn.fetchval("select max(at) >= to_timestamp($1) from fix", AT // 1000 + times[-1]), 60
            )

        await walk(1_000, range(60, 8_000, 300))
        await walk(1_200, range(8_100, 8_101))
    with server.api() as api:
        asked = {"device": "jane", "type": "frozen"}
        await until(lambda: api.get("/api/events", params=asked).json()["events"])
        events = api.get("/api/events", params=asked).json()["events"]
    assert [each["evidence"]["same"] for each in events] == [29]


async def test_commands_go_down(url: str, server: RunningServer, broker: PhonesBroker, phone: Phone) -> None:
    await adopt(server, phone)
    square = {"type": "Polygon", "coordinates": [[[7, 43], [7.01, 43], [7.01, 43.01], [7, 43.01], [7, 43]]]}
    server.new_geofence({"type": "Feature", "id": "port", "properties": {"name": "Port"}, "geometry": square})
    with server.api() as api:

        def order(name: str, **args: Any) -> httpx2.Response:
            return api.post("/api/devices/jane/commands", json={"name": name, "args": args})

        broker.stop_broker()
        assert order("report_now").status_code == 201  # it goes down when the broker is there again
        broker.start()
        assert order("set_interval", seconds=5).status_code == 201
        await until(lambda: len(broker.orders()) >= 2, 60)
        assert order("set_geofences").status_code == 201
        await until(lambda: len({each["action"] for each in broker.orders()}) == 3, 60)
        (place,) = broker.orders()[-1]["waypoints"]["waypoints"]
        assert (place["desc"], place["lon"], place["lat"]) == ("Port", 7.005, 43.005) and 680 < place["rad"] < 700
        assert order("message", text="call me").status_code == 201
        await until(lambda: [each for each in broker.orders() if each["action"] == "action"], 60)

        def answers() -> list[str | None]:
            return [each["detail"] for each in api.get("/api/devices/jane/commands").json()["commands"]]

        await until(lambda: answers() == [None, *["the broker has it"] * 3], 60)
