"""What is done to a group and to the secrets of devices is noted, once each, for its owner and the group's managers."""

import asyncpg
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.world import build, readers


async def deeds(caller: Caller) -> list[tuple[str, str, str | None]]:
    entries = (await (await caller.get("/api/audit?limit=1000")).get_json())["entries"]
    return [(each["deed"], each["object"], each["group"]) for each in entries]


async def test_what_is_done_to_a_group_is_noted(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        nobody = str(await conn.fetchval("select key from person where email = 'nobody'"))
    owner = callers["person owner"]
    done = [
        ("PUT", "/api/groups/north/devices/loose-van", None),
        ("DELETE", "/api/groups/north/devices/loose-van", None),
        ("PUT", "/api/groups/north/geofences/loose-yard", None),
        ("PUT", "/api/groups/south/subscriptions/loose-wish", None),
        ("PUT", f"/api/groups/north/people/{nobody}", {"role": "viewer"}),
        ("DELETE", f"/api/groups/north/people/{nobody}", None),
        ("PATCH", "/api/groups/north", {"name": "N2"}),
    ]
    for method, path, body in done:
        assert (await owner.call(method, path, json=body)).status_code < 300, path
    refused = await callers["person viewer"].put("/api/groups/north/devices/both-van", {})
    assert refused.status_code == 403
    north = [
        ("group.device_put_in", "loose-van", "north"),
        ("group.device_taken_out", "loose-van", "north"),
        ("group.geofence_put_in", "loose-yard", "north"),
        ("group.person_put_in", nobody, "north"),
        ("group.person_taken_out", nobody, "north"),
        ("group.changed", "north", "north"),
    ]
    assert await deeds(callers["person manager"]) == north
    assert await deeds(callers["person southern"]) == [("group.subscription_put_in", "loose-wish", "south")]
    assert (await owner.delete("/api/groups/south")).status_code == 204
    assert (await owner.post("/api/groups", {"id": "west", "name": "W"})).status_code == 201
    assert (await deeds(owner))[-2:] == [("group.erased", "south", None), ("group.made", "west", "west")]


async def test_that_secrets_of_devices_were_made_is_noted_without_them(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        owner = (await readers(app, conn))["person owner"]
    key = (await (await owner.post("/api/devices/north-van/ingest")).get_json())["ingest_url"].rpartition("/")[2]
    code = (await (await owner.post("/api/devices/north-van/pairing")).get_json())["code"]
    assert (await owner.put("/api/devices/north-van/owntracks-secret", {"secret": "very secret"})).status_code == 204
    names = [deed for deed, object, _ in await deeds(owner) if object == "north-van"]
    assert names == ["device.address_made", "device.pairing_made", "device.secret_set"]
    text = await owner.text("/api/audit?limit=1000")
    assert key not in text and code not in text and "very secret" not in text
