import asyncio

import asyncpg
import pytest

from tests.integration.conftest import Caller
from tests.patience import PATIENCE_S
from tracker.access.gate import Gate
from tracker.access.tokens import digest
from tracker.model.device import Device


async def test_a_new_device_gets_a_token_once(admin: Caller, pool: asyncpg.Pool) -> None:
    made = await admin.post("/api/devices", json={"id": "van-1", "name": "Van 1", "category": "van", "interval": 10})
    body = await made.get_json()
    assert (made.status_code, made.headers["Location"]) == (201, "/api/devices/van-1")
    token = await Gate(pool).admit(body.pop("token"), "")
    assert token.kind == "device"
    assert body == {"id": "van-1", "name": "Van 1", "category": "van", "interval": 10}
    shown = await (await admin.get("/api/devices/van-1")).get_json()
    assert "/in/" in shown.pop("ingest_url") and shown.pop("status") is None
    assert shown.pop("may") == ["see", "command", "share", "devices"]
    assert shown == body


async def test_an_id_is_made_where_none_is_given(admin: Caller) -> None:
    made = [await (await admin.post("/api/devices", json={})).get_json() for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
    assert made[0]["name"] == made[0]["id"]


async def test_only_the_hash_of_a_token_is_kept(admin: Caller, conn: asyncpg.Connection) -> None:
    secret = (await (await admin.post("/api/devices", json={})).get_json())["token"]
    assert await conn.fetchval("select hash from token") == digest(secret)
    assert secret not in str(await conn.fetch("select * from token"))


async def test_pages_of_devices_follow_each_other(admin: Caller) -> None:
    for id in ("c", "a", "B", "d"):
        await admin.post("/api/devices", json={"id": id})
    seen, after = [], ""
    while after is not None:
        page = await (await admin.get(f"/api/devices?limit=2&after={after}")).get_json()
        seen += [each["id"] for each in page["devices"]]
        after = page["next"]
    assert seen == ["B", "a", "c", "d"]


async def test_a_device_is_renamed_and_loses_its_category(admin: Caller, device: Device) -> None:
    changed = await (await admin.patch("/api/devices/van-12", json={"name": "Bus", "category": ""})).get_json()
    assert changed == {"id": "van-12", "name": "Bus", "category": None, "interval": None}
    unchanged = await (await admin.patch("/api/devices/van-12", json={})).get_json()
    assert unchanged == changed


async def test_an_interval_is_set_kept_and_taken_away(admin: Caller, device: Device) -> None:
    for change, interval in (({"interval": 60}, 60), ({"name": "Bus"}, 60), ({"interval": 0}, None), ({}, None)):
        changed = await (await admin.patch("/api/devices/van-12", json=change)).get_json()
        assert changed["interval"] == interval, change
    for wrong in (-1, 0.5, 86_401, "60"):
        refused = await admin.patch("/api/devices/van-12", json={"interval": wrong})
        assert (refused.status_code, (await refused.get_json())["field"]) == (422, "interval"), wrong


async def test_a_device_is_told_from_others_by_colour_and_icon_and_has_notes(admin: Caller, device: Device) -> None:
    notes = "key in the office\nsecond one: Ada"
    dress = {"color": "#C0FFEE", "icon": "truck", "notes": f" {notes}\n"}
    changed = await (await admin.patch("/api/devices/van-12", json=dress)).get_json()
    assert (changed["color"], changed["icon"], "notes" in changed) == ("#c0ffee", "truck", False)
    shown = await (await admin.get("/api/devices/van-12")).get_json()
    assert (shown["color"], shown["icon"], shown["notes"]) == ("#c0ffee", "truck", notes)
    await admin.patch("/api/devices/van-12", json={"icon": ""})
    (listed,) = (await (await admin.get("/api/devices")).get_json())["devices"]
    assert listed["color"] == "#c0ffee" and "icon" not in listed and "notes" not in listed
    await admin.patch("/api/devices/van-12", json={"color": "", "notes": " "})
    shown = await (await admin.get("/api/devices/van-12")).get_json()
    assert not {"color", "icon", "notes"} & shown.keys()


WRONG_DRESS = {"color": ("red", "#12345", "#1234567", 5), "icon": ("skull", 5), "notes": ("x" * 2_001, "a\0b", 5)}


async def test_a_dress_nobody_can_wear_is_refused_by_its_field(admin: Caller, device: Device) -> None:
    for field, values in WRONG_DRESS.items():
        for value in values:
            refused = await admin.patch("/api/devices/van-12", json={field: value})
            assert (refused.status_code, (await refused.get_json())["field"]) == (422, field), value


async def test_what_would_go_with_a_device_is_counted(admin: Caller, device: Device, conn: asyncpg.Connection) -> None:
    empty = {"fixes": 0, "first": None, "last": None, "events": 0, "messages": 0, "pairs": 0}
    assert await (await admin.get("/api/devices/van-12/contents")).get_json() == empty
    await admin.post("/api/devices", json={"id": "bus"})
    await admin.post("/api/pairs", json={"devices": ["bus", "van-12"], "distance": 50})
    await admin.post("/api/devices/van-12/messages", json={"text": "hello"})
    await conn.execute(
        """create table fix_all partition of fix default;
           insert into fix (at, received_at, device, lon_e7, lat_e7)
               select now() - n * interval '1 hour', now(), 1, 0, 0 from generate_series(0, 2) n;
           insert into event (id, type, device, at, detected_at, lon, lat, evidence)
               values (1, 'enter', 1, now(), now(), 0, 0, '{}')"""
    )
    found = await (await admin.get("/api/devices/van-12/contents")).get_json()
    assert found.pop("first") < found.pop("last")
    assert found == {"fixes": 3, "events": 1, "messages": 1, "pairs": 1}
    assert (await admin.get("/api/devices/nobody/contents")).status_code == 404


async def test_a_rotated_token_ends_the_old_one(admin: Caller, van: Caller, anonymous: Caller) -> None:
    assert (await van.get("/api/me")).status_code == 200
    fresh = await (await admin.post("/api/devices/van-12/token")).get_json()
    assert (await van.get("/api/me")).status_code == 401
    assert (await anonymous.get("/api/me", Authorization=f"Bearer {fresh['token']}")).status_code == 200


async def test_erasing_a_device_erases_all_of_it(
    admin: Caller, van: Caller, device: Device, conn: asyncpg.Connection
) -> None:
    await conn.execute(
        """create table fix_all partition of fix default;
           insert into fix (at, received_at, device, lon_e7, lat_e7) values (now(), now(), 1, 0, 0);
           insert into event (id, type, device, at, detected_at, lon, lat, evidence)
               values (1, 'enter', 1, now(), now(), 0, 0, '{}')"""
    )
    assert (await admin.delete("/api/devices/van-12")).status_code == 204
    for table in ("device", "token", "fix", "event"):
        assert await conn.fetchval(f"select count(*) from {table}") == 0, table
    assert (await van.get("/api/me")).status_code == 401
    assert (await admin.delete("/api/devices/van-12")).status_code == 404


async def test_changes_are_told_to_the_other_parts(admin: Caller, conn: asyncpg.Connection) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    for channel in ("tracker_device", "tracker_revoked"):
        await conn.add_listener(channel, lambda _conn, _pid, name, payload: heard.put_nowait(f"{name} {payload}"))
    steps = {
        "POST /api/devices": {"tracker_device 1"},
        "PATCH /api/devices/a": {"tracker_device 1"},
        "POST /api/devices/a/token": {"tracker_revoked 1"},
        "DELETE /api/devices/a": {"tracker_device 1", "tracker_revoked 2"},
    }
    for step, expected in steps.items():
        method, path = step.split()
        await admin.call(method, path, json={"id": "a", "name": "b"})
        async with asyncio.timeout(PATIENCE_S):
            assert {await heard.get() for _ in expected} == expected, step


BAD = {
    "id with a slash": ({"id": "a/b"}, 422, "id"),
    "id too long": ({"id": "a" * 65}, 422, "id"),
    "id of a number": ({"id": 5}, 422, "id"),
    "empty name": ({"name": ""}, 422, "name"),
    "long name": ({"name": "x" * 201}, 422, "name"),
    "NUL in the name": ({"name": "a\0b"}, 422, "name"),
    "newline in the name": ({"name": "a\nb"}, 422, "name"),
    "a name of spaces": ({"name": "   "}, 422, "name"),
    "a name nobody sees": ({"name": "\u200b\u2060"}, 422, "name"),
    "a name of two lines": ({"name": "a\u2028b"}, 422, "name"),
    "long category": ({"category": "x" * 65}, 422, "category"),
    "interval of nothing": ({"interval": 0}, 422, "interval"),
    "interval of more than a day": ({"interval": 86_401}, 422, "interval"),
    "taken": ({"id": "van-12"}, 409, "id"),
    "not an object": ([1], 422, None),
}


async def test_a_bad_device_is_refused_with_the_field(admin: Caller, device: Device, subtests: pytest.Subtests) -> None:
    for case, (body, status, field) in BAD.items():
        with subtests.test(case):
            refused = await admin.post("/api/devices", json=body)
            problem = await refused.get_json()
            assert (refused.status_code, problem.get("field")) == (status, field), problem


async def test_a_byte_order_mark_before_a_body_is_passed_over(admin: Caller) -> None:
    for id, encoding in (("a", "utf-8-sig"), ("b", "utf-16")):
        body = f'{{"id": "{id}", "name": "Ä"}}'.encode(encoding)
        response = await admin.call("POST", "/api/devices", data=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 201 and (await response.get_json())["name"] == "Ä"
    response = await admin.call("POST", "/api/devices", data=b"\xff\xfe{", headers={"Content-Type": "application/json"})
    assert response.status_code == 400


async def test_names_of_every_script_and_markup_come_back_as_they_went(admin: Caller) -> None:
    for name in ("Čeština 中文 العربية 🚚", "<img src=x onerror=alert(1)>", "'; drop table device; --", "%s {0} $1"):
        made = await (await admin.post("/api/devices", json={"name": name})).get_json()
        assert made["name"] == name


async def test_a_device_may_not_look_at_devices(van: Caller, anonymous: Caller) -> None:
    assert (await van.get("/api/devices")).status_code == 403
    assert (await van.get("/api/devices/van-12")).status_code == 403
    assert (await anonymous.get("/api/devices/van-12")).status_code == 401


async def test_what_is_told_of_its_motion_is_asked_for(admin: Caller, viewer: Caller, device: Device) -> None:
    path = f"/api/devices/{device.id}"
    assert (await viewer.patch(path, {"guard": 50})).status_code == 403
    assert (await admin.patch(path, {"guard": -1})).status_code == 422
    assert (await admin.patch(path, {"guard": 100_001})).status_code == 422
    asked = await (await admin.patch(path, {"guard": 50, "trips": True})).get_json()
    assert asked["trips"] is True and asked["guard"]["radius"] == 50
    named = await (await admin.patch(path, {"name": "Van"})).get_json()
    assert named["guard"] == asked["guard"], "it is armed by the guard alone"
    again = await (await admin.patch(path, {"guard": 50})).get_json()
    assert again["guard"]["since"] > asked["guard"]["since"]
    (listed,) = (await (await viewer.get("/api/devices")).get_json())["devices"]
    assert listed["guard"] == again["guard"] and listed["trips"] is True
    ended = await (await admin.patch(path, {"guard": 0, "trips": False})).get_json()
    assert "guard" not in ended and "trips" not in ended
