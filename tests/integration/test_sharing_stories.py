"""What people want of all this, from the first sign-in to the last day: a family, two depots, a race."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any, Final

import asyncpg
import httpx2
import pytest
from websockets import Origin
from websockets.asyncio.client import connect

from tests.databases import Databases, copied
from tests.integration.people import GOOD
from tests.integration.sharing import HOUR_MS, code_of, later, store
from tests.integration.test_rights_live import until
from tests.running import RunningServer, Talk, running
from tracker.model.fix import E7, Fix, Row
from tracker.model.moment import DAY_MS, format_ms, now_ms, now_us

WORLD: Final = [-180, -90, 180, 90]
OWNER: Final = "mother@example.org"
LAT: Final = 60.17


class Browser(httpx2.Client):
    """Of one person, with its cookie."""

    def __init__(self, server: RunningServer) -> None:
        super().__init__(base_url=server.url, headers={"Origin": server.url}, timeout=60)
        self.server = server

    def sign_in(self, email: str) -> "Browser":
        assert self.post("/api/session", json={"email": email, "password": GOOD}).status_code == 201
        return self

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.post(path, json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def join(self, link: str, name: str) -> "Browser":
        """By an invitation, as somebody who is new here."""
        self.make("/api/invitations/accept", code=link.partition("=")[2], name=name, password=GOOD)
        return self

    def where(self) -> dict[str, float]:
        """The map, by device: the longitude."""
        shown = self.get("/api/positions").raise_for_status().json()
        assert shown["total"] == len(shown["features"])
        return {each["id"]: each["geometry"]["coordinates"][0] for each in shown["features"]}

    @asynccontextmanager
    async def look(self) -> AsyncIterator[Talk]:
        """An open map."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with watch(self.server, {"Cookie": cookie}) as talk:
            yield talk


@asynccontextmanager
async def watch(server: RunningServer, headers: dict[str, str]) -> AsyncIterator[Talk]:
    origin = Origin(server.url) if "Cookie" in headers else None
    async with connect(
        f"ws://{server.address}/ws/live", additional_headers=headers, origin=origin, compression=None
    ) as ws:
        talk = Talk(ws)
        await talk.say(type="subscribe", viewport=WORLD, rate=50, events={})
        await talk.hear("snapshot", within=60)
        yield talk


Message = dict[str, Any]


async def hear_until(talk: Talk, holds: Callable[[Message], bool]) -> Message:
    """The first message of which this holds, in whatever order they come."""
    while True:
        told = await talk.hear(within=60)
        if holds(told):
            return told


async def hear_place(talk: Talk, device: str, lon: float) -> None:
    """In a snapshot, too: who sees more than before gets one."""
    await hear_until(talk, lambda told: (device, lon) in places_in(told))


def places_in(told: Message) -> list[tuple[str, float]]:
    return [(each["device"], each["lon"]) for each in told.get("positions", ())]


@pytest.fixture(scope="module")
def house(databases: Databases) -> Iterator[RunningServer]:
    """A server whose owner has a name; each story has groups and people of its own."""
    with copied(databases) as url, running(url) as server:
        with server.api() as api:
            made = api.post("/api/people", json={"email": OWNER, "name": "Mother", "password": GOOD})
            assert made.status_code == 201 and made.json()["owner"]
        yield server


@pytest.fixture
def owner(house: RunningServer) -> Iterator[Browser]:
    with closing(Browser(house)) as browser:
        yield browser.sign_in(OWNER)


@pytest.fixture
async def conn(house: RunningServer) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(house.database_url)
    yield conn
    await conn.close()


async def be(server: RunningServer, id: str, token: str, lon: float, boot: str) -> None:
    async with server.device(id, token, boot=boot) as talk:
        await talk.fixes(1, {"at": format_ms(now_ms()), "lon": lon, "lat": LAT})


async def test_a_parent_shares_a_childs_phone_with_the_grandparents_for_a_week(
    house: RunningServer, owner: Browser, conn: asyncpg.Connection
) -> None:
    """The phone is the child's own until she puts it into the family; grandma has an account, grandpa a link."""
    owner.make("/api/groups", id="family", name="Family")
    mia, grandma = Browser(house), Browser(house)
    for browser, name in ((mia, "mia"), (grandma, "grandma")):
        invited = owner.make("/api/invitations", email=f"{name}@example.org", group="family", role="viewer")
        browser.join(invited["link"], name.title())
    number = mia.get("/api/me").json()["person"]
    phone = owner.make("/api/devices", id="mias-phone", name="Mia", person=number)["token"]
    await be(house, "mias-phone", phone, 24.90, "one")
    await until(lambda: mia.where() == {"mias-phone": 24.90}, 60)
    assert owner.where() == grandma.where() == {}, "it is hers alone"
    assert mia.put("/api/groups/family/devices/mias-phone").status_code == 204
    share = owner.make(
        "/api/shares", name="Mia", until=later(7 * DAY_MS), devices=[{"id": "mias-phone", "alias": "mia"}]
    )
    opened = httpx2.post(f"{house.url}/api/session", json={"share": code_of(share)}, timeout=60).json()
    async with grandma.look() as account, watch(house, {"Authorization": f"Bearer {opened['token']}"}) as link:
        await be(house, "mias-phone", phone, 24.9001, "two")
        await hear_place(account, "mias-phone", 24.9001)
        await hear_place(link, "mia", 24.9001)
        watchers = mia.get("/api/devices/mias-phone/watchers").text
        assert "Grandma" in watchers and "Mother" in watchers
        # The week is over.
        await conn.execute("update share set until = now() where id = $1", share["id"])
        assert await link.closed(within=60) == 4501
        again = httpx2.post(f"{house.url}/api/session", json={"share": code_of(share)}, timeout=60)
        assert again.status_code == 404
        # And grandma, too, sees her no more when she takes her phone out of the family.
        assert mia.delete("/api/groups/family/devices/mias-phone").status_code == 204
        assert (await account.hear("gone", within=60))["devices"] == ["mias-phone"]
    assert grandma.where() == owner.where() == {} and mia.where() == {"mias-phone": 24.9001}
    assert grandma.get("/api/devices/mias-phone/track").status_code == 404
    for browser in (mia, grandma):
        browser.close()


async def test_a_dispatcher_of_one_depot_cannot_see_the_other(
    house: RunningServer, owner: Browser, conn: asyncpg.Connection
) -> None:
    """Neither vans nor yards nor events, by no path; a van that moves over is gone here and there with all its past."""
    people: dict[str, Browser] = {}
    tokens: dict[str, str] = {}
    square = {"type": "Polygon", "coordinates": [[[5, 50], [6, 50], [6, 51], [5, 51], [5, 50]]]}
    for depot in ("east", "west"):
        owner.make("/api/groups", id=depot, name=depot.title())
        invited = owner.make("/api/invitations", email=f"{depot}@example.org", group=depot, role="dispatcher")
        people[depot] = Browser(house).join(invited["link"], depot.title())
        tokens[depot] = owner.make("/api/devices", id=f"{depot}-van", group=depot)["token"]
        yard = {"type": "Feature", "id": f"{depot}-yard", "geometry": square, "properties": {"preset": "strict"}}
        assert owner.post(f"/api/geofences?group={depot}", json=yard).status_code == 201
    async with people["east"].look() as map_of_east, people["west"].look() as map_of_west:
        for depot, token in tokens.items():
            async with house.device(f"{depot}-van", token) as talk:
                await talk.fixes(1, {"at": format_ms(now_ms() - HOUR_MS), "lon": 4.9, "lat": 50.5})
                await talk.fixes(2, {"at": format_ms(now_ms() - 1000), "lon": 5.5, "lat": 50.5})
        for depot, talk in (("east", map_of_east), ("west", map_of_west)):
            named = list[tuple[str, str | None]]()
            wanted = {(f"{depot}-van", f"{depot}-yard"), (f"{depot}-van", None)}
            while set(named) != wanted:
                told = await talk.hear(within=60)
                named += [(told["event"]["device"], told["event"]["geofence"])] if told["type"] == "event" else []
                named += [(device, None) for device, lon in places_in(told) if lon == 5.5]
                assert set(named) <= wanted
        for depot, other in (("east", "west"), ("west", "east")):
            paths = ("/api/devices", "/api/geofences", "/api/geofences/export", "/api/positions", "/api/groups")
            texts = [people[depot].get(path).raise_for_status().text for path in (*paths, "/api/events?after=0")]
            assert not [text for text in texts if f"{other}-" in text]
            for path in ("devices/{}-van", "devices/{}-van/track", "geofences/{}-yard", "groups/{}"):
                assert people[depot].get(f"/api/{path.format(other)}").status_code == 404
            order = people[depot].post(f"/api/devices/{other}-van/commands", json={"name": "report_now"})
            assert order.status_code == 404
        assert owner.put("/api/groups/west/devices/east-van").status_code == 204
        assert owner.delete("/api/groups/east/devices/east-van").status_code == 204
        assert (await map_of_east.hear("gone", within=60))["devices"] == ["east-van"]
        await hear_place(map_of_west, "east-van", 5.5)
    assert people["west"].get("/api/devices/east-van/track").json()["properties"]["fixes"] == 2
    assert people["east"].get("/api/devices/east-van/track").status_code == 404
    for browser in people.values():
        browser.close()


async def test_a_race_is_shown_three_minutes_late_and_to_nobody_after_sunday(
    house: RunningServer, owner: Browser, conn: asyncpg.Connection
) -> None:
    """To the world, by bib numbers; what came within the last three minutes only who runs the race sees."""
    owner.make("/api/groups", id="race", name="Race")
    bibs = {"runner-a": "17", "runner-b": "18"}
    for id in bibs:
        owner.make("/api/devices", id=id, group="race")
    keys = dict(await conn.fetch("select id, key from device where id = any($1)", list(bibs)))
    now, stamp = now_ms(), now_us()
    came = {600: 25.0, 200: 25.1, 100: 25.2}  # seconds ago, and where
    rows = [
        Row(key, stamp - ago * 1_000_000 + number, Fix(now - ago * 1000, round(lon * E7), round(LAT * E7)))
        for number, key in enumerate(keys.values())
        for ago, lon in came.items()
    ]
    await store(conn, rows)
    wish = {"name": "Race", "delay": 180, "trail": 3600, "from": later(-HOUR_MS), "until": later(2 * DAY_MS)}
    shown = [{"id": id, "alias": bib} for id, bib in bibs.items()]
    share = owner.make("/api/shares", **wish, devices=shown, frames=["https://race.example"])
    opened = [
        httpx2.post(f"{house.url}/api/session", json={"share": code_of(share)}, timeout=60).json()["token"]
        for _ in range(3)
    ]
    readers = [
        httpx2.Client(base_url=house.url, headers={"Authorization": f"Bearer {each}"}, timeout=60) for each in opened
    ]
    for reader in readers:
        features = reader.get("/api/positions").raise_for_status().json()["features"]
        assert {each["id"]: each["geometry"]["coordinates"][0] for each in features} == {"17": 25.1, "18": 25.1}
        way = reader.get("/api/devices/17/track").raise_for_status().json()
        assert [lon for lon, _ in way["geometry"]["coordinates"]] == [25.0, 25.1]
        assert reader.get("/api/devices/runner-a/track").status_code == 404
        assert "runner-" not in reader.get("/api/positions").text
    framed = httpx2.get(f"{house.url}/s?embed={share['id']}", timeout=60).headers["Content-Security-Policy"]
    assert framed.endswith("frame-ancestors https://race.example")
    async with watch(house, {"Authorization": f"Bearer {opened[0]}"}) as page:
        await conn.execute("update share set until = now() where id = $1", share["id"])  # it is Sunday night
        assert await page.closed(within=60) == 4501
    for reader in readers:
        assert reader.get("/api/positions").status_code == 401
        reader.close()
    late = await asyncio.to_thread(httpx2.post, f"{house.url}/api/session", json={"share": code_of(share)}, timeout=60)
    assert late.status_code == 404
    assert owner.get("/api/devices/runner-a/track").json()["properties"]["fixes"] == 3
