"""Who is tracked sees who may see, and who looked."""

from typing import Any

import asyncpg
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.sharing import make, open_link
from tests.integration.world import build, readers


async def ask(caller: Caller, device: str) -> dict[str, Any]:
    response = await caller.get(f"/api/devices/{device}/watchers")
    assert response.status_code == 200, await response.get_data(as_text=True)
    found: dict[str, Any] = await response.get_json()
    return found


async def test_the_tracked_see_who_may_see_and_who_looked(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        child, operator = callers["person child"], callers["operator"]
        assert await ask(child, "phone") == {"watchers": [], "links": [], "readings": []}
        await conn.execute(
            """insert into group_device (in_group, device) select g.key, d.key from rights_group g, device d
               where g.id = 'north' and d.id = 'phone'"""
        )
        told = await ask(child, "phone")
        people = {(each["name"], each["role"], each["group"]) for each in told["watchers"] if each["kind"] == "person"}
        north = {(role, role, "north") for role in ("viewer", "dispatcher", "manager")}
        assert people == north | {("owner", "owner", None)}
        assert {each["group"] for each in told["watchers"] if each["kind"] == "token"} == {"north", None}
        assert (await callers["person viewer"].get("/api/devices/phone/track")).status_code == 200
        made = await make(operator, devices=[{"id": "phone"}], name="School")
        await open_link(app, made)
        told = await ask(child, "phone")
        assert [each["name"] for each in told["links"]] == ["School"]
        assert {(each["who"] == "viewer", each["link"]) for each in told["readings"]} == {
            (True, None),
            (False, made["id"]),
        }
        await make(operator, devices=[{"id": "phone"}], name="Fair")
        assert [each["name"] for each in (await ask(child, "phone"))["links"]] == ["Fair", "School"], "the newest first"


async def test_it_is_told_to_nobody_else(app: Quart, pool: asyncpg.Pool) -> None:
    """A device is told of itself; for all others it is not there, as an unknown one."""
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        assert (await ask(callers["device"], "north-van"))["links"] == []
        for name, caller in callers.items():
            for device in ("phone", "north-van", "south-van", "none"):
                is_own = (name, device) in (("person child", "phone"), ("device", "north-van"))
                response = await caller.get(f"/api/devices/{device}/watchers")
                assert response.status_code == (200 if is_own else 404), (name, device)
