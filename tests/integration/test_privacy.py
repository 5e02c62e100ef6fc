"""A device that is vague or paused, at a real server: what others are told of it, then and afterwards, by every way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, Final

import asyncpg
import httpx2
import pytest
from websockets import Origin
from websockets.asyncio.client import connect

from tests.integration.sharing import HOUR_MS, code_of, later
from tests.integration.test_rights_live import until
from tests.integration.world import sign_in
from tests.patience import PATIENCE_S
from tests.running import RunningServer, Talk
from tracker.links.grid import find_cell
from tracker.links.veil import VAGUE
from tracker.model.fix import E7
from tracker.model.moment import format_ms, now_ms
from tracker.store.privacies import change_privacy

WORLD: Final = [-180, -90, 180, 90]
# Where the phone is before, while it is vague, while it is paused, and after: told by their digits wherever they are.
BEFORE, VAGUELY, PAUSED, AFTER = 24.9311117, 24.9312227, 24.9313337, 24.9314447
LAT: Final = 60.1777771


class Family:
    """A child's phone, in a group that grandma sees; `others` are all who may see it and are not the child."""

    def __init__(self, server: RunningServer, secret: str, child: dict[str, str], grandma: dict[str, str]) -> None:
        self.server = server
        self.secret = secret
        self.phone = client(server, Authorization=f"Bearer {secret}")
        self.child = client(server, **child)
        self.grandma = client(server, **grandma)
        self.operator = server.api()
        self.seq = 0

    @property
    def others(self) -> tuple[httpx2.Client, ...]:
        return self.grandma, self.operator

    async def be(self, lon: float, *, seconds_ago: float = 0.0) -> None:
        self.seq += 1
        at = format_ms(now_ms() - round(seconds_ago * 1000))
        async with self.server.device("phone", self.secret, boot=f"b{self.seq}") as talk:
            told = await talk.fixes(1, {"at": at, "lon": lon, "lat": LAT, "speed": 1.7, "battery": 0.5})
            assert told["stored"] == 1, told

    def set(self, mode: str, until: str | None = None, *, by: httpx2.Client | None = None) -> dict[str, Any]:
        told = (by or self.phone).put("/api/devices/phone/privacy", json={"mode": mode, "until": until})
        assert told.status_code == 200, told.text
        found: dict[str, Any] = told.json()
        return found

    def end(self) -> None:
        for each in (self.phone, self.child, self.grandma, self.operator):
            each.close()


def client(server: RunningServer, **headers: str) -> httpx2.Client:
    if "Cookie" in headers:
        headers["Origin"] = server.url
    return httpx2.Client(base_url=server.url, headers=headers, timeout=PATIENCE_S)


@pytest.fixture
async def family(server: RunningServer, conn: asyncpg.Connection) -> AsyncIterator[Family]:
    for person in ("child", "grandma"):
        await conn.execute("insert into person (email, name) values ($1, $1)", person)
    secret = server.new_device("phone")
    server.new_geofence({"type": "Feature", "id": "town", "geometry": RING, "properties": STRICT})
    await conn.execute(
        """with made as (insert into rights_group (id, name) values ('family', 'F') returning key),
                child as (update device set person = (select key from person where email = 'child')),
                one as (insert into group_device select made.key, device.key from made, device),
                two as (insert into group_geofence select made.key, geofence.key from made, geofence)
           insert into group_person
           select made.key, person.key, case email when 'child' then 'viewer' else 'manager' end from made, person"""
    )
    made = Family(server, secret, await sign_in(conn, "child"), await sign_in(conn, "grandma"))
    yield made
    made.end()
    # Not the device: who owns nothing any more is emptied by the server, which erases its fixes, too.
    await conn.execute("delete from rights_group; delete from share; update device set person = null")
    await conn.execute("delete from person")


RING: Final = {
    "type": "Polygon",
    "coordinates": [[[24.93127, 60.1], [24.93139, 60.1], [24.93139, 60.3], [24.93127, 60.3], [24.93127, 60.1]]],
}  # where it is while it is paused
STRICT: Final = {"name": "Town", "preset": "strict"}


def digits(lon: float) -> str:
    return f"{lon:.7f}"


def ask_all(caller: httpx2.Client) -> dict[str, str]:
    """What a reader gets of the phone by every way there is."""
    span = f"from={format_ms(now_ms() - HOUR_MS)}"
    trial = {
        "feature": {"type": "Feature", "geometry": RING, "properties": STRICT},
        "from": format_ms(now_ms() - HOUR_MS),
        "to": format_ms(now_ms()),
    }
    paths = [f"/api/devices/phone/track?{span}", "/api/positions", "/api/events?limit=1000", "/api/devices/phone"]
    paths += [f"/api/devices/phone/track?{span}&format={each}" for each in ("csv", "gpx")]
    paths += ["/api/devices/phone/quarantine", "/api/devices"]
    found = {path: caller.get(path).text for path in paths}
    tried = caller.post("/api/geofences/dry-run", json=trial)
    return found | ({"trial": tried.text} if tried.status_code == 200 else {})


def find_where(caller: httpx2.Client) -> list[tuple[float, float]]:
    shown = caller.get("/api/positions").json()
    assert shown["total"] == len(shown["features"])
    return [tuple(each["geometry"]["coordinates"]) for each in shown["features"]]


@pytest.mark.town
async def test_what_was_hidden_stays_hidden_from_others(family: Family) -> None:
    """By every way, while it is hidden and afterwards; its person sees all of it."""
    await family.be(BEFORE)
    assert all(find_where(each) == [(BEFORE, LAT)] for each in family.others)
    assert family.set("vague", later()) == {"mode": "vague", "until": family.child.get(PATH).json()["until"]}
    await family.be(VAGUELY)
    cell = tuple(each / E7 for each in find_cell((round(BEFORE * E7), round(LAT * E7)), VAGUE))
    await until(lambda: find_where(family.grandma) == [cell])
    shown = family.operator.get("/api/positions").json()["features"][0]["properties"]
    assert shown["privacy"] == family.child.get(PATH).json() and shown["at"].endswith(":00.000Z")
    assert all(shown[each] is None for each in ("speed", "heading", "accuracy", "altitude", "battery"))
    assert shown["geofences"] == [] and shown["status"] == "unknown"
    family.set("paused", later(), by=family.child)
    await family.be(PAUSED)
    assert [find_where(each) for each in family.others] == [[], []]
    assert find_where(family.child) == [(PAUSED, LAT)]
    for each in family.others:
        assert each.get("/api/devices/phone").json()["privacy"]["mode"] == "paused"
        assert each.get("/api/devices/phone/health").status_code == 403
    family.set("exact")
    assert [find_where(each) for each in family.others] == [[], []], "where it was last is of the pause"
    await family.be(AFTER)
    assert all(find_where(each) == [(AFTER, LAT)] for each in family.others)
    for caller in family.others:
        for path, text in ask_all(caller).items():
            assert digits(VAGUELY) not in text and digits(PAUSED) not in text and '"town"' not in text, path
        track = caller.get(f"/api/devices/phone/track?from={format_ms(now_ms() - HOUR_MS)}").json()
        assert track["geometry"]["coordinates"] == [[BEFORE, LAT], [AFTER, LAT]]
        assert track["properties"]["fixes"] == 2
    mine = "".join(ask_all(family.child).values())
    assert digits(VAGUELY) in mine and digits(PAUSED) in mine and '"geofence":"town"' in mine


PATH: Final = "/api/devices/phone/privacy"


LATELY_HIDDEN: Final = (
    "update device_privacy set since = since - interval '3 hours', until = now() - interval '1 hour'",
    "update quarantine set received_at = now() - interval '2 hours'",
    "update device_app set last_seen = now() - interval '2 hours', note = 'alarm: here'",
)


@pytest.mark.town
async def test_health_of_hidden_hours_is_only_its_own(family: Family, conn: asyncpg.Connection) -> None:
    """Paused for hours, then exact again: neither what was refused meanwhile nor when anything came."""
    path = family.operator.get("/api/devices/phone").json()["ingest_url"]
    family.set("paused", later())
    family.phone.post(path, content=b'{"_type": "location", "lat": 99.5, "lon": 24.5}').raise_for_status()
    for ago in (7200, 7190, 7180, 5000):
        await family.be(PAUSED, seconds_ago=ago)
    family.set("exact")
    for statement in (*LATELY_HIDDEN, "update fix set received_at = now() - interval '70 minutes'"):
        await conn.execute(statement)
    mine = family.child.get(HEALTH).raise_for_status().json()
    assert mine["day"] == {"stored": 4, "duplicate": 0, "quarantined": 1} and mine["last_fix"] and mine["hours"]
    assert "99.5" in mine["refused"][0]["text"] and mine["gaps"] and mine["last_seen"]
    for caller in family.others:
        told = caller.get(HEALTH).raise_for_status().json()
        assert told["day"] == {"stored": 0, "duplicate": 0, "quarantined": 0}, told
        assert told["refused"] == told["hours"] == told["gaps"] == [] and told["last_fix"] is told["last_seen"] is None
        assert "99.5" not in str(told) and "here" not in str(told)
    await family.be(AFTER)
    assert all(each.get(HEALTH).json()["day"]["stored"] == 1 for each in family.others)


HEALTH: Final = "/api/devices/phone/health"


@pytest.mark.town
async def test_what_comes_late_from_a_pause_is_of_the_pause(family: Family) -> None:
    """And what is measured before it and comes in it, too: a phone's clock may be behind."""
    family.set("paused", format_ms(now_ms() + 3_600_000))
    await family.be(VAGUELY, seconds_ago=600)
    await asyncio.to_thread(family.set, "exact")
    await family.be(PAUSED, seconds_ago=0)
    moment = now_ms()
    family.set("paused", later())
    family.set("exact")
    await family.be(AFTER)
    for caller in family.others:
        track = "".join(ask_all(caller).values())
        assert digits(VAGUELY) not in track and digits(AFTER) in track
    assert moment <= now_ms()


@pytest.mark.town
async def test_only_the_device_and_its_person_say_so(family: Family) -> None:
    await family.be(BEFORE)
    for caller in family.others:
        assert caller.put(PATH, json={"mode": "paused"}).status_code == 403
        assert caller.get(PATH).json() == {"mode": "exact", "until": None}
    with family.server.api() as api:
        other = api.post("/api/devices", json={"id": "other"}).json()["token"]
    with client(family.server, Authorization=f"Bearer {other}") as stranger:
        unknown = stranger.put("/api/devices/nobody/privacy", json={"mode": "paused"})
        foreign = stranger.put(PATH, json={"mode": "paused"})
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.text.replace("phone", "nobody") == unknown.text
    for wrong in (
        {"mode": "hidden"},
        {"mode": "vague", "until": format_ms(now_ms() - 1)},
        {"mode": "vague", "until": "x"},
    ):
        assert family.phone.put(PATH, json=wrong).status_code == 422, wrong
    assert family.set("paused", by=family.child) == {"mode": "paused", "until": None}
    entries = family.operator.get("/api/audit?limit=1000").json()["entries"]
    noted = [each for each in entries if each["deed"] == "device.privacy"][-1]
    assert (noted["object"], noted["detail"]) == ("phone", {"mode": "paused"})


async def hear_mode(talk: Talk, mode: str) -> dict[str, Any]:
    while True:
        told = (await talk.hear("privacy", within=PATIENCE_S))["devices"]
        assert [each["device"] for each in told] == ["phone"]
        if told[0]["mode"] == mode:
            return dict(told[0])


@pytest.mark.town
async def test_open_maps_hear_the_mode_and_its_end(family: Family) -> None:
    """Both sides; who is paused is gone for others within two seconds, and back by itself when the time is over."""
    await family.be(BEFORE)
    async with (
        family.server.viewer(rate=20) as other,
        watching(family.server, family.child.headers["Cookie"]) as own,
    ):
        await other.hear("snapshot")
        await own.hear("snapshot")
        end = format_ms(now_ms() + 3_000)
        family.set("paused", end)
        began = now_ms()
        assert (await other.hear("gone"))["devices"] == ["phone"]
        for talk in (other, own):
            assert await hear_mode(talk, "paused") == {"device": "phone", "mode": "paused", "until": end}
        assert now_ms() - began < 2_000 + 8_000, "two seconds, and what a busy machine adds"
        await family.be(PAUSED)
        assert (await own.hear("positions"))["positions"][0]["lon"] == PAUSED
        for talk in (other, own):
            await hear_mode(talk, "exact")
        assert now_ms() >= began + 2_900
        await family.be(AFTER)
        while True:
            told = await other.hear()
            for each in told.get("positions", ()):
                assert each["lon"] in (BEFORE, AFTER), "what is of the pause is shown to nobody else"
            if told.get("positions") and told["positions"][0]["lon"] == AFTER:
                break


@asynccontextmanager
async def watching(server: RunningServer, cookie: str) -> AsyncIterator[Talk]:
    """The map of somebody who is signed in."""
    headers = {"Cookie": cookie}
    async with connect(
        f"ws://{server.address}/ws/live", additional_headers=headers, origin=Origin(server.url), compression=None
    ) as ws:
        talk = Talk(ws)
        await talk.say(type="subscribe", viewport=WORLD, rate=20)
        yield talk


async def test_a_pause_is_kept_and_ends_over_a_restart(family: Family, conn: asyncpg.Connection) -> None:
    await family.be(BEFORE)
    family.set("paused", format_ms(now_ms() + 6_000))
    await family.be(PAUSED)
    await asyncio.to_thread(family.server.kill)
    await asyncio.to_thread(family.server.start)
    shown = find_where(family.grandma)
    is_over = family.grandma.get(PATH).json()["mode"] == "exact"
    assert shown == [] or is_over
    await until(lambda: family.grandma.get(PATH).json()["mode"] == "exact")
    assert find_where(family.grandma) == [], "where it was last is of the pause"
    await family.be(AFTER)
    assert find_where(family.grandma) == [(AFTER, LAT)]


@pytest.mark.town
async def test_links_show_no_more_than_others_are_shown(family: Family) -> None:
    made = [
        family.operator.post("/api/shares", json={"until": later(), "devices": [{"id": "phone"}], "trail": 3600} | more)
        for more in ({}, {"blur": 250}, {"blur": 1000})
    ]
    links = [open_link(family.server, each.json()) for each in made]
    await family.be(BEFORE)
    await until(lambda: all(len(find_where(each)) == 1 for each in links))
    family.set("vague", later())
    await family.be(VAGUELY)
    await until(lambda: [len(find_where(each)) for each in links] == [0, 0, 1])
    family.set("paused", later())
    await family.be(PAUSED)
    await until(lambda: all(find_where(each) == [] for each in links))
    family.set("exact")
    await family.be(AFTER)
    await until(lambda: find_where(links[0]) == [(AFTER, LAT)])
    for each in links:
        way = each.get("/api/devices/phone/track").text
        assert digits(VAGUELY) not in way and digits(PAUSED) not in way
    for each in links:
        each.close()


def open_link(server: RunningServer, share: dict[str, Any]) -> httpx2.Client:
    opened = httpx2.post(f"{server.url}/api/session", json={"share": code_of(share)}, timeout=PATIENCE_S)
    return client(server, Authorization=f"Bearer {opened.json()['token']}")


async def test_what_it_set_in_a_microsecond_is_in_order(conn: asyncpg.Connection) -> None:
    key = await conn.fetchval("insert into device (id, name) values ('van', 'van') returning key")
    for mode in ("paused", "vague", None, "vague", "paused", None):
        async with conn.transaction():
            await change_privacy(conn, key, mode, None)
    rows = await conn.fetch("select since, until from device_privacy order by since")
    assert all(row["since"] < row["until"] for row in rows)
    assert all(one["until"] <= two["since"] for one, two in pairwise(rows))
    guise = await conn.fetchval("select guise from device where key = $1", key)
    assert guise is not None and guise != await conn.fetchval(
        "insert into device (id, name) values ('next', 'n') returning key"
    )
