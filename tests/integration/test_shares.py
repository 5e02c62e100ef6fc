"""Sharing links over HTTP: who may make one, what it shows, and when it ends."""

from typing import Any

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.sharing import HOUR_MS, code_of, later, make, open_link, report, shown_by, store, way_of
from tests.integration.world import build, readers, sign_in
from tracker.links.grid import find_cell
from tracker.model.device import Device
from tracker.model.fix import E7, Fix, Row
from tracker.model.moment import now_ms, now_us

HOME = (24.9384, 60.1699)
AWAY = (24.9900, 60.2000)
YARD = {
    "type": "Polygon",
    "coordinates": [[[24.937, 60.169], [24.940, 60.169], [24.940, 60.171], [24.937, 60.171], [24.937, 60.169]]],
}
DEVICES = {"devices": [{"id": "van-12", "alias": "17", "name": "Mia"}]}


async def test_a_link_shows_its_device_by_another_name(
    app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    await report(conn, device.key, HOME, AWAY, speed=3.0, battery=0.5)
    made = await make(admin, **DEVICES, trail=3600)
    assert made["devices"] == [{"id": "van-12", "alias": "17", "name": "Mia"}] and "/s#trk_" in made["url"]
    reader = await open_link(app, made)
    shown = await shown_by(reader)
    assert shown.keys() == {"17"} and shown["17"]["geometry"]["coordinates"] == list(AWAY)
    assert (
        shown["17"]["properties"] | {"name": "Mia", "speed": 3.0, "battery": 0.5, "status": "moving"}
        == shown["17"]["properties"]
    )
    everything = await (await reader.get("/api/positions")).get_data(as_text=True)
    assert "van-12" not in everything and "Van 12" not in everything
    me = await (await reader.get("/api/me")).get_json()
    assert me["kind"] == "link" and me["share"]["devices"] == ["17"] and me["share"]["live"]


async def test_its_secret_is_shown_once_and_kept_by_its_hash(
    admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    made = await make(admin, **DEVICES, password="open sesame")
    for path in ("/api/shares", f"/api/shares/{made['id']}"):
        text = await admin.text(path)
        assert made["id"] in text and "trk_" not in text and "sesame" not in text
    kept = await conn.fetchval("select string_agg(s::text, '') from share s")
    assert code_of(made) not in kept and "sesame" not in kept


async def test_all_else_is_not_there(app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device) -> None:
    """Also what there is: a link opens four calls, and neither a session nor a device."""
    await report(conn, device.key, HOME)
    reader = await open_link(app, await make(admin, **DEVICES))
    unknown = await reader.get("/api/nothing")
    for path in ("/api/devices", "/api/devices/van-12", "/api/shares", "/api/events", "/api/geofences", "/api/people"):
        response = await reader.get(path)
        assert response.status_code == unknown.status_code == 404, path
    for alias in ("van-12", "18"):
        assert (await reader.get(f"/api/devices/{alias}/track")).status_code == 404
    assert (await Caller(app, None).post("/api/session", {"token": reader.secret})).status_code == 401
    assert (await reader.get("/api/devices/17/track?format=csv")).status_code == 422


async def test_a_delay_counts_from_when_it_came(
    app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    """Not from when it was measured: what comes late is shown as much later."""
    now, stamp = now_ms(), now_us()
    rows = [(-900, -900, HOME), (-400, -400, AWAY), (-390, -100, (25.5, 60.5)), (-10, -10, (26.0, 61.0))]
    await store(
        conn,
        [
            Row(device.key, stamp + came * 1_000_000, Fix(now + at * 1000, round(lon * E7), round(lat * E7)))
            for at, came, (lon, lat) in rows
        ],
    )
    reader = await open_link(app, await make(admin, **DEVICES, delay=180, trail=3600, **{"from": later(-HOUR_MS)}))
    assert (await shown_by(reader))["17"]["geometry"]["coordinates"] == list(AWAY)
    assert await way_of(reader, "17") == [list(HOME), list(AWAY)]


async def test_what_was_before_is_not_shown(
    app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    await report(conn, device.key, HOME, AWAY, every=600_000)
    now = await open_link(app, await make(admin, **DEVICES, trail=86_400))
    assert (await shown_by(now)).keys() == {"17"}  # where it is now
    assert await way_of(now, "17") == []
    soon = await open_link(app, await make(admin, **DEVICES, **{"from": later(HOUR_MS)}, until=later(2 * HOUR_MS)))
    assert await shown_by(soon) == {} and await way_of(soon, "17") == []
    trail = await open_link(app, await make(admin, **DEVICES, **{"from": later(-HOUR_MS)}, trail=60))
    assert await way_of(trail, "17") == [list(AWAY)] * 2
    past = await make(admin, **DEVICES, live=False, **{"from": later(-HOUR_MS)})
    await report(conn, device.key, (26.0, 61.0))
    reader = await open_link(app, past)
    assert await way_of(reader, "17") == [list(HOME), list(AWAY)]
    assert (await shown_by(reader))["17"]["geometry"]["coordinates"] == list(AWAY)


async def test_a_blurred_place_is_the_middle_of_its_cell_and_no_more(
    app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    await report(conn, device.key, HOME, speed=3.0, heading=90.0, accuracy=5.0, altitude=7.0, battery=0.5)
    made = await make(admin, **DEVICES, blur=300, trail=3600)
    assert made["blur"] == 500
    shown = (await shown_by(await open_link(app, made)))["17"]
    lon_e7, lat_e7 = find_cell((round(HOME[0] * E7), round(HOME[1] * E7)), 1)
    assert shown["geometry"]["coordinates"] == [lon_e7 / E7, lat_e7 / E7]
    properties = shown["properties"]
    assert all(properties[name] is None for name in ("speed", "heading", "accuracy", "altitude", "battery"))
    assert properties["at"].endswith(":00.000Z") and properties["received_at"].endswith(":00.000Z")
    assert properties["geofences"] == [] and properties["status"] == "unknown"


async def test_a_tiny_box_finds_the_cell_only(
    app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    """A filter on true places would tell of them by what it leaves out; and so would a total."""
    await report(conn, device.key, HOME)
    reader = await open_link(app, await make(admin, **DEVICES, blur=1000))
    middle = [each / E7 for each in find_cell((round(HOME[0] * E7), round(HOME[1] * E7)), 2)]
    for (lon, lat), total in ((HOME, 0), (middle, 1)):
        box = f"{lon - 0.0001},{lat - 0.0001},{lon + 0.0001},{lat + 0.0001}"
        found = await (await reader.get(f"/api/positions?bbox={box}")).get_json()
        assert found["total"] == len(found["features"]) == total


async def test_nothing_is_shown_in_and_near_a_hidden_place(
    app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    yard = {"type": "Feature", "id": "home", "geometry": YARD, "properties": {"name": "Home"}}
    assert (await admin.post("/api/geofences", yard)).status_code == 201
    made = await make(admin, **DEVICES, hide=["home"], trail=3600, **{"from": later(-HOUR_MS)})
    await report(conn, device.key, AWAY, HOME, every=300_000)
    reader = await open_link(app, made)
    assert await way_of(reader, "17") == [list(AWAY)] * 2
    await conn.execute("delete from geofence")
    assert await way_of(reader, "17") == [list(AWAY)] * 2, "a hole stays though its geofence is gone"
    assert (await admin.patch(f"/api/shares/{made['id']}", {"hide": []})).status_code == 200
    assert await way_of(reader, "17") == [list(AWAY), list(HOME)]


async def test_a_password_is_asked_for(app: Quart, admin: Caller, device: Device) -> None:
    made = await make(admin, **DEVICES, password="open sesame")
    assert made["protected"]
    stranger = Caller(app, None)
    for password in (None, "sesame"):
        response = await stranger.post("/api/session", {"share": code_of(made), "password": password})
        assert response.status_code == 401
    await open_link(app, made, "open sesame")
    await admin.patch(f"/api/shares/{made['id']}", {"password": ""})
    await open_link(app, made)


async def test_codes_cannot_be_guessed_at_leisure(app: Quart, admin: Caller, device: Device) -> None:
    made, stranger = await make(admin, **DEVICES), Caller(app, None)
    told = [(await stranger.post("/api/session", {"share": f"guess-{number}"})).status_code for number in range(40)]
    assert told[0] == 404 and told[-1] == 429
    await open_link(app, made)  # whoever has the address does not wait for those who have not


async def test_a_link_that_ended_is_none(app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device) -> None:
    await report(conn, device.key, HOME)
    for end in ("revoke", "expire"):
        made = await make(admin, **DEVICES)
        reader = await open_link(app, made)
        assert await shown_by(reader)
        if end == "revoke":
            assert (await admin.delete(f"/api/shares/{made['id']}")).status_code == 204
        else:
            await conn.execute("update share set until = now() where id = $1", made["id"])
        assert (await reader.get("/api/positions")).status_code == 401
        assert (await Caller(app, None).post("/api/session", {"share": code_of(made)})).status_code == 404
        assert (await admin.get(f"/api/shares/{made['id']}")).status_code == 404
        assert await (await admin.get("/api/shares")).get_json() == {"shares": []}


async def test_it_ends_when_its_device_arrives(
    app: Quart, admin: Caller, conn: asyncpg.Connection, device: Device
) -> None:
    await admin.post(
        "/api/geofences", {"type": "Feature", "id": "school", "geometry": YARD, "properties": {"name": "S"}}
    )
    await report(conn, device.key, AWAY)
    made = await make(admin, **DEVICES, stop="school")
    reader = await open_link(app, made)
    assert await shown_by(reader)
    await conn.execute(
        """insert into event (id, type, device, geofence, at, detected_at, lon, lat, evidence)
           values (1, 'enter', $1, 'school', now(), now(), 24.9, 60.1, '{}')""",
        device.key,
    )
    assert (await reader.get("/api/positions")).status_code == 404
    assert (await reader.get("/api/me")).status_code == 401


async def test_who_looked_is_told(app: Quart, admin: Caller, device: Device) -> None:
    made = await make(admin, **DEVICES)
    await open_link(app, made)
    looks = (await (await admin.get(f"/api/shares/{made['id']}/looks")).get_json())["looks"]
    assert len(looks) == 1 and looks[0]["since"] <= looks[0]["seen"]


async def test_what_makes_no_link_is_said(admin: Caller, device: Device) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "devices"),
        (DEVICES | {"group": "north"}, "devices"),
        ({"devices": [{"id": "none"}]}, "devices[0].id"),
        ({"devices": [{"id": "van-12"}, {"id": "van-12", "alias": "2"}]}, "devices"),
        ({"group": "none"}, "group"),
        (DEVICES | {"hide": ["none"]}, "hide"),
        (DEVICES | {"stop": "none"}, "stop"),
        (DEVICES | {"blur": 256_001}, "blur"),
        (DEVICES | {"delay": -1}, "delay"),
        (DEVICES | {"until": "2020-01-01T00:00:00Z"}, "until"),
        (DEVICES | {"password": "abc"}, "password"),
        (DEVICES | {"frames": ["https://a.example; script-src *"]}, "frames"),
        (DEVICES | {"devices": [{"id": "van-12", "alias": "no alias"}]}, "devices[0].alias"),
    ]
    for wish, field in cases:
        response = await admin.post("/api/shares", {"until": later(), **wish})
        assert response.status_code == 422, wish
        assert (await response.get_json())["field"] == field


async def test_only_who_may_share_a_device_makes_a_link_of_it(app: Quart, pool: asyncpg.Pool) -> None:
    """And what is not one's own is not there."""
    makers = {"dispatcher of north", "manager of north", "person dispatcher", "person manager"}
    of_all = {"operator", "person owner", "dispatcher of all", "manager of all"}
    expected = {
        "north-van": makers | of_all | {"device"},
        "south-van": of_all | {"person southern"},
        "loose-van": of_all,
        "phone": {"person child"},
    }
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        for id, able in expected.items():
            wish = {"until": later(HOUR_MS), "devices": [{"id": id}]}
            told = {name: await caller.post("/api/shares", wish) for name, caller in callers.items()}
            assert {name for name, each in told.items() if each.status_code == 201} == able, id
            assert {each.status_code for name, each in told.items() if name not in able} <= {403, 422}
        for group in ("north", "south"):
            wish = {"until": later(HOUR_MS), "group": group}
            told = {name: await caller.post("/api/shares", wish) for name, caller in callers.items()}
            able = of_all | (makers if group == "north" else {"person southern"})
            assert {name for name, each in told.items() if each.status_code == 201} == able, group


async def test_a_link_of_a_group_shows_who_is_in_it_now(app: Quart, pool: asyncpg.Pool, admin: Caller) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        for row in await conn.fetch("select key from device"):
            await report(conn, row["key"], HOME)
        reader = await open_link(app, await make(admin, group="north"))
        assert (await shown_by(reader)).keys() == {"north-van", "both-van"}
        await admin.put("/api/groups/north/devices/loose-van", {})
        assert (await shown_by(reader)).keys() == {"north-van", "both-van", "loose-van"}
        await admin.delete("/api/groups/north/devices/north-van")
        assert (await shown_by(reader)).keys() == {"both-van", "loose-van"}


@pytest.mark.parametrize(
    "loss",
    [
        "delete from group_person where person = (select key from person where email = 'dispatcher')",
        "update group_person set role = 'viewer' where person = (select key from person where email = 'dispatcher')",
        "delete from group_device where device = (select key from device where id = 'north-van')",
        "delete from person where email = 'dispatcher'",
        "delete from rights_group where id = 'north'",
    ],
)
async def test_it_is_worth_what_its_maker_may(app: Quart, pool: asyncpg.Pool, loss: str) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        maker = Caller(app, None)
        maker.headers = await sign_in(conn, "dispatcher")
        key = await conn.fetchval("select key from device where id = 'north-van'")
        await report(conn, key, HOME)
        made = await make(maker, devices=[{"id": "north-van"}])
        reader = await open_link(app, made)
        assert await shown_by(reader)
        await conn.execute(loss)
        assert (await reader.get("/api/positions")).status_code in (401, 404)
        assert (await Caller(app, None).post("/api/session", {"share": code_of(made)})).status_code == 404


async def test_a_device_shares_itself_for_a_day(
    app: Quart, van: Caller, conn: asyncpg.Connection, device: Device, admin: Caller
) -> None:
    await report(conn, device.key, HOME)
    long = await van.post("/api/shares", {"until": later(25 * HOUR_MS), "devices": [{"id": "van-12"}]})
    assert long.status_code == 422
    made = await make(van, until=later(HOUR_MS), devices=[{"id": "van-12", "name": "Me"}])
    assert (await shown_by(await open_link(app, made))).keys() == {"van-12"}
    listed = (await (await van.get("/api/shares")).get_json())["shares"]
    assert [each["id"] for each in listed] == [made["id"]]
    other = await make(admin, **DEVICES)
    assert (await van.get(f"/api/shares/{other['id']}")).status_code == 404
    await conn.execute("update token set revoked_at = now() where kind = 'device'")
    assert (await Caller(app, None).post("/api/session", {"share": code_of(made)})).status_code == 404


async def test_links_of_others_are_none_of_ones_business(app: Quart, pool: asyncpg.Pool, admin: Caller) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        made = await make(admin, devices=[{"id": "south-van"}])
        for name in ("dispatcher of north", "person manager", "person child"):
            for method, path in (("GET", ""), ("DELETE", ""), ("PATCH", ""), ("GET", "/looks")):
                response = await callers[name].call(
                    method, f"/api/shares/{made['id']}{path}", json={} if method == "PATCH" else None
                )
                assert response.status_code == 404, (name, method)


async def test_the_page_of_a_link_may_be_framed_where_the_link_says_so(
    admin: Caller, anonymous: Caller, device: Device, web: Any
) -> None:
    (web / "s.html").write_bytes(b"<!doctype html><title>Shared</title>")
    made = await make(admin, **DEVICES, frames=["https://race.example"])
    free = await make(admin, **DEVICES)
    for path, frames in {
        "/s": "'none'",
        "/s?embed": "*",
        f"/s?embed={made['id']}": "https://race.example",
        f"/s?embed={free['id']}": "*",
        "/s?embed=none": "'none'",
        "/s?embed=a%20b": "'none'",
        "/": "'none'",
    }.items():
        response = await anonymous.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert policy.endswith(f"; frame-ancestors {frames}"), path
        assert ("X-Frame-Options" in response.headers) == (path in ("/s", "/")), path
        assert "script-src 'self'" in policy
