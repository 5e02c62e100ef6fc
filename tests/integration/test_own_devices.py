"""A person's own device: who gives it, who sees it then, and that nobody takes it over."""

import asyncpg
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.world import build, readers


async def key_of(conn: asyncpg.Connection, email: str) -> int:
    return int(await conn.fetchval("select key from person where email = $1", email))


async def seen(caller: Caller, id: str) -> bool:
    status = (await caller.get(f"/api/devices/{id}")).status_code
    assert status in (200, 403, 404)
    return status == 200


async def test_what_is_given_to_a_person_is_seen_by_that_person_alone(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers, viewer = await readers(app, conn), await key_of(conn, "viewer")
        assert (await callers["operator"].patch("/api/devices/both-van", {"person": viewer})).status_code == 200
        assert {name for name, each in callers.items() if await seen(each, "both-van")} == {"person viewer"}
        shown = await (await callers["person viewer"].get("/api/devices/both-van")).get_json()
        assert shown["person"] == viewer
        assert (
            await conn.fetchval(
                "select count(*) from group_device where device = (select key from device where id = 'both-van')"
            )
            == 0
        )
        deed = await conn.fetchrow("select deed, object, detail from audit order by number desc offset 1 limit 1")
        assert deed is not None and (deed["deed"], deed["object"]) == ("device.given", "both-van")


async def test_one_is_made_for_a_person_and_told_to_nobody_else(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers, child = await readers(app, conn), await key_of(conn, "child")
        made = await callers["operator"].post("/api/devices", {"id": "watch", "person": child})
        assert made.status_code == 201 and (await made.get_json())["token"]
        assert {name for name, each in callers.items() if await seen(each, "watch")} == {"person child"}
        for reader in ("person manager", "manager of north", "operator"):
            answers = [
                await callers[reader].post("/api/devices", {"id": f"x-{n}", "person": n}) for n in (999, 2**31 - 1)
            ]
            assert {each.status_code for each in answers} == {404}, reader
        assert (await callers["person manager"].post("/api/devices", {"id": "y", "person": child})).status_code == 404


async def test_no_manager_takes_over_what_is_put_into_the_group(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        manager, viewer = await key_of(conn, "manager"), await key_of(conn, "viewer")
        await callers["operator"].patch("/api/devices/both-van", {"person": viewer})
        assert (await callers["person viewer"].put("/api/groups/north/devices/both-van", {})).status_code == 204
        assert await seen(callers["person manager"], "both-van")
        for person in (manager, 0):
            for reader in ("person manager", "operator"):
                answer = await callers[reader].patch("/api/devices/both-van", {"person": person})
                assert answer.status_code == 403, (reader, person)
        again = await callers["person viewer"].patch("/api/devices/both-van", {"person": viewer})
        assert again.status_code == 200 and await seen(callers["person manager"], "both-van")  # it is so already
        assert (await callers["person viewer"].patch("/api/devices/both-van", {"person": 0})).status_code == 200
        assert await seen(callers["operator"], "both-van")


async def test_what_others_hold_too_is_not_made_private_by_one_of_them(app: Quart, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        await build(conn)
        callers, manager = await readers(app, conn), await key_of(conn, "manager")
        for id, status in (
            ("both-van", 403),
            ("south-van", 404),
            ("loose-van", 404),
            ("phone", 404),
            ("north-van", 200),
        ):
            answer = await callers["person manager"].patch(f"/api/devices/{id}", {"person": manager})
            assert answer.status_code == status, id
        assert not await seen(callers["operator"], "north-van")
