"""One address for every app: what phones post is stored once, answered as each app needs it, and never jams a queue."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx2
import pytest

from tests.patience import PATIENCE_S, until
from tests.phone_samples import (
    AT,
    LAT,
    LON,
    SAMPLES,
    SECRET,
    encode,
    overland,
    owntracks,
    sealed,
    steps,
    traccar_json,
    traccar_query,
)
from tests.running import RunningServer
from tracker.model.dialect import Dialect
from tracker.model.moment import format_ms, now_ms
from tracker.store.pool import set_codecs

TIMED = [sample for sample in SAMPLES if sample.dialect != Dialect.HOME_ASSISTANT]


@pytest.fixture
async def log(lodging: RunningServer) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(lodging.database_url)
    await set_codecs(conn)
    yield conn
    await conn.close()


@pytest.fixture
def phone(lodging: RunningServer, request: pytest.FixtureRequest) -> Iterator["Phone"]:
    id = f"phone-{abs(hash(request.node.nodeid)) % 10**9}"
    token = lodging.new_device(id)
    with httpx2.Client(timeout=PATIENCE_S) as client, lodging.api() as api:
        url = api.get(f"/api/devices/{id}").json()["ingest_url"]
        yield Phone(id, token, url, client, api)


class Phone:
    def __init__(self, id: str, token: str, url: str, client: httpx2.Client, api: httpx2.Client) -> None:
        self.id, self.token, self.url, self.client, self.api = id, token, url, client, api

    def post(self, body: object = b"", query: str = "", **headers: str) -> httpx2.Response:
        data = body if isinstance(body, bytes) else encode(body)
        return self.client.post(self.url + (f"?{query}" if query else ""), content=data, headers=headers)

    def track(self) -> list[list[str]]:
        window = {"from": format_ms(AT - 86_400_000), "to": format_ms(now_ms() + 86_400_000), "format": "csv"}
        text = self.api.get(f"/api/devices/{self.id}/track", params=window).raise_for_status().text
        return [line.split(",") for line in text.splitlines()[1:]]

    def quarantine(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"/api/devices/{self.id}/quarantine").json()["quarantine"]
        return found


@pytest.mark.parametrize("sample", TIMED, ids=lambda sample: sample.name)
def test_each_app_is_stored_and_answered_as_it_needs(phone: Phone, sample: Any) -> None:
    secret = phone.api.put(f"/api/devices/{phone.id}/owntracks-secret", json={"secret": SECRET})
    assert secret.status_code == 204
    replies = {"nothing": "", "array": "[]", "result": '{"result":"ok"}', "object": "{}"}
    for _ in range(2):  # an app that sends its queue twice
        answer = phone.post(sample.body, sample.query, **{"User-Agent": sample.agent or "app"})
        assert (answer.status_code, answer.text) == (200, replies[sample.reply])
    ((at, lon, lat, *_),) = phone.track()
    assert (at, float(lon), float(lat)) == (format_ms(AT), LON, LAT)
    assert phone.quarantine() == []


def test_home_assistant_says_no_time_so_it_is_now(phone: Phone) -> None:
    before = now_ms()
    answer = phone.post({"type": "update_location", "data": {"gps": [LAT, LON], "battery": 83}})
    assert (answer.status_code, answer.text) == (200, "{}")
    ((at, lon, lat, *_),) = phone.track()
    assert format_ms(before) <= at <= format_ms(now_ms()) and (float(lon), float(lat)) == (LON, LAT)


def test_get_is_taken_as_post_is(phone: Phone) -> None:
    assert phone.client.get(f"{phone.url}?{traccar_query()}").status_code == 200
    assert len(phone.track()) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not JSON"),
        (b'{"_type":"location","lat":1', "not JSON"),
        (b"\xff\xfe\x00\x01garbage", "no fields of a location"),
        (encode(owntracks()) + b"x", "not JSON"),
        (encode({"a": 1}), "no app we know"),
        (encode(sealed(owntracks())), "encrypted: give the key"),
        (encode(owntracks(lat=95.0)), "out_of_range"),
        (encode(owntracks(tst=0)), "too_old"),
        (encode(owntracks(AT + 10**11)), "future"),
        (encode({"_type": "location"}), "bad_value"),
        (b"x" * 9_000_000, "no fields of a location"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_cannot_be_stored_is_taken_and_kept(phone: Phone, body: bytes, reason: str) -> None:
    assert phone.post(body).status_code == 200
    (kept,) = phone.quarantine()
    assert kept["reason"] == reason and len(kept["text"]) <= 4096
    assert phone.track() == []


def test_a_feature_without_a_place_costs_no_neighbour(phone: Phone) -> None:
    batch = [overland(AT - 10_000), overland(AT - 5_000) | {"geometry": None}, overland(AT)]
    assert phone.post({"locations": batch}).json() == {"result": "ok"}
    assert len(phone.track()) == 2 and phone.quarantine() == []


def test_only_a_known_key_is_listened_to(lodging: RunningServer, phone: Phone) -> None:
    key = phone.url.rpartition("/")[2]
    assert len(key) >= 22
    for _ in range(15):
        answer = phone.client.post(phone.url[:-1] + "~", content=traccar_query().encode())
        assert answer.status_code == 404
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json().keys() >= {"type", "title", "status", "detail"}  # as every other problem
    assert phone.post(query=traccar_query()).status_code == 200  # beside all that
    renewed = phone.api.post(f"/api/devices/{phone.id}/ingest")
    assert renewed.status_code == 201
    assert phone.post(query=traccar_query()).status_code == 404
    phone.url = renewed.json()["ingest_url"]
    assert phone.post(query=traccar_query()).status_code == 200
    assert key not in lodging.text() and phone.url.rpartition("/")[2] not in lodging.text()
    assert "/in/[redacted]" in lodging.text()
    assert httpx2.get(
        f"{lodging.url}/api/devices", headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE_S
    ).status_code in (401, 429)


def test_who_may_not_change_a_device_does_not_see_its_address(phone: Phone) -> None:
    viewer = phone.api.post("/api/tokens", json={"kind": "viewer"}).json()["token"]
    shown = phone.api.get(f"/api/devices/{phone.id}", headers={"Authorization": f"Bearer {viewer}"})
    assert shown.status_code == 200 and "ingest_url" not in shown.json()
    refused = phone.api.post(f"/api/devices/{phone.id}/ingest", headers={"Authorization": f"Bearer {viewer}"})
    assert refused.status_code == 403


def test_more_than_ten_megabytes_are_too_large(phone: Phone) -> None:
    assert phone.post(b"x" * 10_000_001).status_code == 413


def test_many_devices_share_one_connection(lodging: RunningServer, phone: Phone) -> None:
    """Identity never rides on the connection."""
    lodging.new_device(f"{phone.id}-b")
    other = phone.api.get(f"/api/devices/{phone.id}-b").json()["ingest_url"]
    host, port = lodging.address.split(":")
    with socket.create_connection((host, int(port))) as line:
        for url, lat in ((phone.url, 1), (other, 2), (phone.url, 3)):
            path = "/in/" + url.rpartition("/in/")[2]
            second = AT // 1000 + lat
            line.sendall(f"GET {path}?id=x&lat={lat}&lon=5&timestamp={second} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert line.recv(4096).startswith(b"HTTP/1.1 200")
    assert [float(row[2]) for row in phone.track()] == [1.0, 3.0]


async def test_the_same_fix_by_three_ways_is_one_and_the_finer_stays(
    lodging: RunningServer, phone: Phone, log: asyncpg.Connection
) -> None:
    coarse = {"_type": "location", "tst": AT // 1000, "lon": LON, "lat": LAT}
    fine = {"at": format_ms(AT + 400), "lon": LON + 0.00001, "lat": LAT}
    await asyncio.to_thread(phone.post, coarse)
    async with lodging.device(phone.id, phone.token) as talk:
        assert (await talk.fixes(1, fine))["stored"] == 1
        assert (await talk.fixes(2, fine))["duplicate"] == 1
    await asyncio.to_thread(phone.post, coarse)
    await asyncio.to_thread(phone.post, query=f"id=1&lat={LAT}&lon={LON}&timestamp={AT // 1000}&speed=1")
    rows = await asyncio.to_thread(phone.track)
    assert [row[0] for row in rows] == [format_ms(AT + 400)]
    far = {"_type": "location", "tst": AT // 1000, "lon": LON + 0.001, "lat": LAT}  # 55 m: another fix
    await asyncio.to_thread(phone.post, far)
    assert len(await asyncio.to_thread(phone.track)) == 2
    told = await log.fetch(
        "select app from device_app a join device d on d.key = a.device where d.id = $1 order by dialect", phone.id
    )
    assert [row["app"] for row in told] == ["Traccar Client", "OwnTracks"]


def test_health_says_what_came_and_what_is_wrong(phone: Phone) -> None:
    def health() -> dict[str, Any]:
        found: dict[str, Any] = phone.api.get(f"/api/devices/{phone.id}/health").raise_for_status().json()
        return found

    new = health()
    assert (new["last_seen"], new["app"]) == (None, None) and [each["code"] for each in new["findings"]] == [
        "never_seen"
    ]
    now = now_ms()
    for ago in (20_000, 10_000, 0, 0):
        phone.post(owntracks(now - ago, batt=9), **{"User-Agent": "Owntracks-Android/gms/420512345"})
    fixed = health()
    phone.post({"_type": "status", "android": {"loc": 0}})
    seen = health()
    assert (fixed["app"], fixed["speed"], fixed["interval"]) == ("OwnTracks 420512345", "km/h", 10.0)
    assert fixed["day"] == {"stored": 3, "duplicate": 1, "quarantined": 0}
    assert [each["code"] for each in fixed["findings"]] == ["battery_low"]
    assert seen["last_fix"] == fixed["last_fix"] and seen["last_seen"] > fixed["last_seen"]
    assert [each["code"] for each in seen["findings"]] == ["app_says", "battery_low"]
    phone.post(sealed(owntracks()))
    assert "encrypted" in [each["code"] for each in health()["findings"]]


MOVED_TO_THEN = (
    "update fix set received_at = received_at - interval '2 hours' where device = $1",
    "update device_app set last_seen = last_seen - interval '2 hours' where device = $1",
    "update device_status set stamp = stamp - 7200000000 where device = $1",
)


@pytest.mark.parametrize(
    ("at_rest", "code", "part"), [(False, "silent", "Samsung puts apps to sleep"), (True, "resting", "The app itself")]
)
async def test_health_says_why_it_stopped(
    phone: Phone, log: asyncpg.Connection, at_rest: bool, code: str, part: str
) -> None:
    """Two hours after its last word: by the make of the phone, unless the app said that it rests."""
    then = now_ms() - 7_200_000
    samsung = {"User-Agent": "Dalvik/2.1.0 (Linux; U; Android 14; SM-A546B Build/UP1A.231005.007)"}
    for ago in (2_640, 2_580, 2_520, 2_460, 1_200, 0):
        location = traccar_json(then - 1000 * ago)["location"] | {"is_moving": not (at_rest and not ago)}
        await asyncio.to_thread(phone.post, {"location": location}, **samsung)
    await asyncio.to_thread(phone.post, b"nothing of ours")
    key = await log.fetchval("select key from device where id = $1", phone.id)
    for statement in MOVED_TO_THEN:
        await log.execute(statement, key)
    health = (await asyncio.to_thread(phone.api.get, f"/api/devices/{phone.id}/health")).json()
    (found,) = [each for each in health["findings"] if each["code"] in ("silent", "resting")]
    assert found["code"] == code and found["text"].startswith(part)
    assert (health["system"], health["make"], health["app"]) == ("Android", "Samsung", "Traccar Client 9")
    assert [(each["since"], each["seconds"]) for each in health["gaps"]] == [
        (format_ms(then - 2_460_000), 1260.0),
        (format_ms(then - 1_200_000), 1200.0),
    ]
    assert sum(each["fixes"] for each in health["hours"]) == 6
    assert {(each["accuracy"], each["battery"]) for each in health["hours"]} == {(8.0, 0.83)}
    (refused,) = health["refused"]
    assert (refused["reason"], refused["count"], refused["text"]) == ("no fields of a location", 1, "nothing of ours")
    german = (await asyncio.to_thread(phone.api.get, f"/api/devices/{phone.id}/health?language=de")).json()
    assert code in [each["code"] for each in german["findings"]] and part not in str(german["findings"])


def sos_events(phone: Phone) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = phone.api.get("/api/events", params={"device": phone.id, "type": "sos"}).json()[
        "events"
    ]
    return found


def test_an_alarm_that_calls_for_help_is_the_event_and_is_seen(phone: Phone) -> None:
    now = now_ms() // 1000 * 1000
    query = traccar_query(now) + "&alarm=sos"
    for _ in range(2):  # sent again, as the answer was lost
        assert phone.post(query=query).status_code == 200
    assert phone.post(query=f"id=1&timestamp={now // 1000}&alarm=sos").status_code == 200  # the same, without a place
    assert phone.post(query=traccar_query(now + 1_000) + "&alarm=lowBattery").status_code == 200
    (event,) = until(lambda: sos_events(phone))
    assert (event["device"], event["lon"], event["lat"]) == (phone.id, LON, LAT)
    seen = phone.api.post(f"/api/events/{event['id']}/seen")
    assert seen.status_code in (200, 201, 204), seen.text
    assert phone.api.get(f"/api/events/{event['id']}/seen").status_code == 200


def test_steps_tell_that_a_place_which_stays_is_frozen(phone: Phone) -> None:
    """The battery stands still, too."""
    begin = now_ms() // 1000 * 1000 - 3 * 3_600_000
    phone.post(steps(1000, begin)).raise_for_status()
    phone.post([owntracks(begin + n * 360_000) for n in range(22)]).raise_for_status()
    phone.post(owntracks(begin + 22 * 360_000)).raise_for_status()
    ask = {"device": phone.id, "type": "frozen"}
    assert phone.api.get("/api/events", params=ask).json()["events"] == []
    phone.post(steps(1200, begin)).raise_for_status()
    status = phone.api.get(f"/api/devices/{phone.id}").json()["status"]
    assert (status["steps"], status["page"], status["paused"]) == (1200, "visible", False)
    phone.post(owntracks(begin + 23 * 360_000)).raise_for_status()
    (event,) = until(lambda: phone.api.get("/api/events", params=ask).json()["events"])
    assert event["evidence"]["since"] == format_ms(begin) and event["evidence"]["same"] == 24


def test_what_a_phone_says_before_any_fix_is_answered_and_makes_none(phone: Phone) -> None:
    state = {"_type": "status", "android": {"loc": 0, "wifi": 1}}
    for said in (state, {"_type": "lwt", "tst": AT // 1000}, steps(7), {"_type": "card", "name": "Ann"}):
        assert phone.post(said).status_code == 200, said
    device = phone.api.get(f"/api/devices/{phone.id}").json()
    assert (device.get("position"), device["status"]["steps"]) == (None, 7)
    assert phone.api.get(f"/api/devices/{phone.id}/health").status_code == 200
    assert (phone.track(), phone.quarantine()) == ([], [])
    phone.post(owntracks()).raise_for_status()
    assert len(phone.track()) == 1


def test_an_app_at_rest_that_counts_steps_goes_on_resting(phone: Phone) -> None:
    phone.post(owntracks(now_ms(), m=-1)).raise_for_status()
    phone.post(steps(1000)).raise_for_status()
    status = phone.api.get(f"/api/devices/{phone.id}").json()["status"]
    assert (status["steps"], status["paused"]) == (1000, True)


def test_owntracks_is_given_what_waits_until_it_goes_on(phone: Phone) -> None:
    fence = {"type": "Feature", "id": f"{phone.id}-home", "properties": {"name": "Home", "radius": 120}}
    fence["geometry"] = {"type": "Point", "coordinates": [LON, LAT]}
    phone.api.post("/api/geofences", json=fence).raise_for_status()
    phone.api.put(f"/api/devices/{phone.id}/owntracks-secret", json={"secret": SECRET}).raise_for_status()
    assert phone.post(owntracks()).json() == []  # nothing waits, and that is remembered
    path = f"/api/devices/{phone.id}/commands"
    for wanted in (
        {"name": "report_now"},
        {"name": "set_geofences"},
        {"name": "message", "args": {"text": "Call me"}},
    ):
        phone.api.post(path, json=wanted).raise_for_status()
    told: list[dict[str, Any]] = []
    attempts = 0
    while len(told) < 3:  # the nudge may be on its way yet
        last = owntracks(AT + attempts * 1000)
        again = len(answer := phone.post(last).json())
        told, attempts = told + answer, attempts + 1
    assert [each["action"] for each in told] == ["reportLocation", "setWaypoints", "action"]
    names = {each["desc"]: each["rad"] for each in told[1]["waypoints"]["waypoints"]}
    assert names["Home"] == 120 and told[2]["content"] == "Call me"
    assert phone.post(last).json() == told[-again:], "sent again, so its answer was lost"
    assert phone.post(sealed(last)).json() == told[-again:], "also in other bytes"
    assert phone.post(owntracks(AT + 60_000)).json() == [], "it goes on, so it had its answer"
    assert phone.post(last).json() == []
    commands = {each["name"]: each["ok"] for each in phone.api.get(path).json()["commands"]}
    assert commands == {"report_now": True, "set_geofences": True, "message": None}
    (said,) = phone.api.get(f"/api/devices/{phone.id}/messages").json()["messages"]
    assert said["state"] == "sent"  # whether somebody read it, the app does not say
    phone.api.delete(f"/api/geofences/{phone.id}-home").raise_for_status()


def test_friends_are_shown_where_both_are_switched_on(phone: Phone, lodging: RunningServer) -> None:
    other = f"{phone.id}-b"
    lodging.new_device(other)
    group = f"{phone.id}-g"
    phone.api.post("/api/groups", json={"id": group, "name": "Family"}).raise_for_status()
    for id in (phone.id, other):
        phone.api.put(f"/api/groups/{group}/devices/{id}").raise_for_status()
    url = phone.api.get(f"/api/devices/{other}").json()["ingest_url"]
    assert phone.client.post(url, content=encode(owntracks(lat=LAT + 0.01))).json() == []
    for id in (phone.id, other):
        answer = phone.api.put(f"/api/devices/{id}/owntracks-friends", json={"shown": True})
        assert answer.status_code == 204 and phone.api.get(f"/api/devices/{id}").json()["owntracks_friends"] is True
        told = phone.post(owntracks()).json()
        assert not [each for each in told if id == phone.id and each["topic"].endswith(other)]
    mine, its = ([each for each in told if each["topic"].endswith(f"/{id}")] for id in (phone.id, other))
    assert [each["_type"] for each in mine] == [each["_type"] for each in its] == ["card", "location"]
    assert its[1]["lat"] == pytest.approx(LAT + 0.01) and mine[0]["tid"] != its[0]["tid"]
    deeds = [
        each for each in phone.api.get("/api/audit?limit=500").json()["entries"] if each["deed"] == "device.friends_set"
    ]
    assert {each["object"] for each in deeds} == {phone.id, other}
