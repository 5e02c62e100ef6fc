"""More cells of the matrix: what a dry run is made of, what a geofence names, and a link that somebody opens who is
signed in."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec
import pytest
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.sharing import HOUR_MS, code_of, make, report, shown_by
from tests.integration.test_rights_cells import RING
from tests.integration.test_rights_matrix import ROLES, THINGS, UNKNOWN, role_of, sees
from tests.integration.world import DEVICES, build, readers
from tracker.model.moment import format_ms, now_ms

INSIDE: Final = (7.5, 43.5)
EVERY_DEVICE: Final = (*DEVICES, "phone")
TRIED: Final = {"type": "Feature", "geometry": RING, "properties": {"name": "x", "preset": "strict"}}


def seen_devices(reader: str) -> set[str]:
    return {id for id in EVERY_DEVICE if sees(reader, "device", id)}


async def try_out(caller: Caller, **more: Any) -> tuple[int, str]:
    span = {"from": format_ms(now_ms() - HOUR_MS), "to": format_ms(now_ms() + HOUR_MS)}
    response = await caller.post("/api/geofences/dry-run", {"feature": TRIED, **span, **more})
    return response.status_code, await response.get_data(as_text=True)


def told_of(lines: str) -> set[str]:
    told = [msgspec.json.decode(line) for line in lines.splitlines()]
    assert told[-1]["type"] == "done", told[-1]
    return {each["event"]["device"] for each in told if each["type"] == "event"}


RUN: Final = ("manager of north", "person southern", "person owner")  # each is a process; the others have these sights


async def test_a_dry_run_is_of_what_its_reader_sees(app: Quart, pool: asyncpg.Pool) -> None:
    """Of all devices, and of some by name: one that is foreign, or private, is as one that is not there."""
    async with pool.acquire() as conn:
        await build(conn)
        for row in await conn.fetch("select key from device"):
            await report(conn, row["key"], INSIDE)
        callers = await readers(app, conn)
    for reader, caller in callers.items():
        may = "geofences" in ROLES[role_of(reader)]
        unknown = await try_out(caller, devices=[UNKNOWN])
        assert unknown[0] == (422 if may else 403), reader
        for id in EVERY_DEVICE:
            if not may or not sees(reader, "device", id):
                status, text = await try_out(caller, devices=[id])
                assert (status, text.replace(id, UNKNOWN)) == unknown, (reader, id)
        if reader in RUN:
            status, lines = await try_out(caller)
            assert status == 200 and told_of(lines) == seen_devices(reader), reader


SCOPED: Final = ["north-van", "south-van", "phone", UNKNOWN]
EARLY: Final = {"by": "08:15", "zone": "Europe/Berlin"}
LATE: Final = EARLY | {"by": "09:15", "days": ["mon"]}


def expect(early: Sequence[str], late: Sequence[str]) -> list[dict[str, Any]]:
    """Who is expected by when; of nobody nothing is said."""
    return [{"devices": list(ids), **by} for ids, by in ((early, EARLY), (late, LATE)) if ids]


async def name_devices(caller: Caller, fence: str, devices: list[str], **more: Any) -> dict[str, Any]:
    body = {"type": "Feature", "geometry": RING, "properties": {"name": fence, "devices": devices, **more}}
    answer = await caller.put(f"/api/geofences/{fence}", body)
    assert answer.status_code == 200, await answer.get_data(as_text=True)
    found: dict[str, Any] = await answer.get_json()
    return found


async def stored(conn: asyncpg.Connection, property: str) -> Any:
    """Of the northern yard."""
    path = ["properties", property]
    return msgspec.json.decode(await conn.fetchval("select feature #> $1 from geofence where id = 'north-yard'", path))


async def test_a_geofence_names_the_devices_its_reader_sees(app: Quart, pool: asyncpg.Pool) -> None:
    """By each path; where it names none of them a word stands for the others."""
    wrong = []
    async with pool.acquire() as conn:
        await build(conn)
        named = msgspec.json.encode({"devices": SCOPED, "expect": expect(SCOPED, ["south-van", "phone"])})
        await conn.execute("update geofence_head set revision = revision + 1")
        await conn.execute(
            """update geofence set feature = jsonb_set(feature, '{properties}', feature -> 'properties' || $1),
                      revision = (select revision from geofence_head)""",
            named,
        )
        revision = await conn.fetchval("select revision from geofence_head")
        for reader, caller in (await readers(app, conn)).items():
            is_all = role_of(reader) == "owner" or reader.endswith("of all")
            expected = [each for each in SCOPED if sees(reader, "device", each) or (is_all and each == UNKNOWN)]
            for fence in THINGS["geofence"]:
                if not sees(reader, "geofence", fence):
                    continue
                one = await (await caller.get(f"/api/geofences/{fence}")).get_json()
                past = await (await caller.get(f"/api/geofences/{fence}?revision={revision}")).get_json()
                lists = [
                    await (await caller.get(path)).get_json() for path in ("/api/geofences", "/api/geofences/export")
                ]
                found = [one, past, *(each for listed in lists for each in listed["features"] if each["id"] == fence)]
                told = [(each["properties"]["devices"], each["properties"].get("expect", [])) for each in found]
                late = [each for each in ("south-van", "phone") if each in expected]
                if told != [(expected or ["erased"], expect(expected, late))] * 4:
                    wrong.append((reader, fence, told))
    assert not wrong


async def test_who_changes_a_geofence_loses_no_device_it_does_not_see(app: Quart, pool: asyncpg.Pool) -> None:
    """Nor is it told of one: neither by a change, nor by an import of what was exported."""
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        both = expect(["north-van", "south-van"], ["south-van"])
        await name_devices(callers["operator"], "north-yard", SCOPED, expect=both)
        manager = callers["person manager"]
        told = await name_devices(manager, "north-yard", ["both-van"])
        assert (told["properties"]["devices"], "expect" in told["properties"]) == (["both-van"], False)
        assert await stored(conn, "expect") == expect(["south-van"], ["south-van"])
        told = await name_devices(manager, "north-yard", ["both-van"], expect=expect(["both-van"], []))
        assert told["properties"]["expect"] == expect(["both-van"], [])
        assert await stored(conn, "expect") == expect(["both-van", "south-van"], ["south-van"])
        assert await stored(conn, "devices") == ["both-van", "south-van", "phone", UNKNOWN]
        exported = await (await manager.get("/api/geofences/export")).get_data(as_text=False)
        for changed in (exported, exported.replace(b"both-van", b"north-van")):
            answer = await manager.call(
                "POST",
                "/api/geofences/import?on_conflict=replace",
                data=changed,
                headers={"Content-Type": "application/geo+json"},
            )
            assert answer.status_code == 201 and "south-van" not in await answer.get_data(as_text=True)
        assert await stored(conn, "devices") == ["north-van", "south-van", "phone", UNKNOWN]
        crowd = [f"van-{number}" for number in range(998)]
        too_many = {"type": "Feature", "geometry": RING, "properties": {"name": "x", "devices": crowd}}
        assert (await manager.put("/api/geofences/north-yard", too_many)).status_code == 422
        assert await stored(conn, "devices") == ["north-van", "south-van", "phone", UNKNOWN]


async def test_a_subscription_names_what_its_reader_sees(app: Quart, pool: asyncpg.Pool) -> None:
    """And loses nothing else by a change of one who sees a part."""
    async with pool.acquire() as conn:
        await build(conn)
        callers = await readers(app, conn)
        operator, manager, path = callers["operator"], callers["person manager"], "/api/subscriptions/north-wish"
        named = {"devices": ["north-van", "south-van"], "geofences": ["south-yard"]}
        assert (await operator.patch(path, named)).status_code == 200
        told = await (await manager.get(path)).get_json()
        assert (told["devices"], told["geofences"]) == (["north-van"], ["erased"])
        (listed,) = (await (await manager.get("/api/subscriptions")).get_json())["subscriptions"]
        assert (listed["devices"], listed["geofences"]) == (["north-van"], ["erased"])
        changed = await (await manager.patch(path, {"devices": ["both-van"], "geofences": ["north-yard"]})).get_json()
        assert (changed["devices"], changed["geofences"]) == (["both-van"], ["north-yard"])
        kept = await (await operator.get(path)).get_json()
        assert (kept["devices"], kept["geofences"]) == (["both-van", "south-van"], ["north-yard", "south-yard"])
        await manager.patch(path, {"devices": []})
        assert (await (await operator.get(path)).get_json())["devices"] is None  # all, and the others are among them


async def test_no_device_is_called_as_those_that_are_not_named(admin: Caller) -> None:
    assert (await admin.post("/api/devices", {"id": "erased"})).status_code == 409


@pytest.mark.parametrize("alias", ["17"])
async def test_a_link_is_the_same_for_whoever_opens_it(app: Quart, pool: asyncpg.Pool, alias: str) -> None:
    """Whoever is signed in, by whatever right: what was opened shows the link's devices by their aliases and nothing
    that the person may see; and the person stays who it is."""
    wrong = []
    async with pool.acquire() as conn:
        await build(conn)
        for row in await conn.fetch("select key from device"):
            await report(conn, row["key"], INSIDE)
        callers = await readers(app, conn)
        share = await make(callers["operator"], devices=[{"id": "north-van", "alias": alias}])
        for reader, caller in callers.items():
            before = await (await caller.get("/api/me")).get_data()
            response = await caller.post("/api/session", {"share": code_of(share)})
            assert response.status_code == 201 and "Set-Cookie" not in response.headers, reader
            bearer = Caller(app, (await response.get_json())["token"])
            shown = await shown_by(bearer)
            ways = {id: (await bearer.get(f"/api/devices/{id}/track")).status_code for id in (alias, *EVERY_DEVICE)}
            rest = {
                path: (await bearer.get(path)).status_code for path in ("/api/devices", "/api/groups", "/api/audit")
            }
            text = await (await bearer.get("/api/positions")).get_data(as_text=True)
            is_right = (
                set(shown) == {alias}
                and ways == {alias: 200} | dict.fromkeys(EVERY_DEVICE, 404)
                and set(rest.values()) == {404}
                and not [id for id in EVERY_DEVICE if id in text]
                and await (await caller.get("/api/me")).get_data() == before
            )
            if not is_right:
                wrong.append((reader, set(shown), ways, rest))
            both = bearer.headers | ({"Cookie": caller.headers["Cookie"]} if "Cookie" in caller.headers else {})
            bearer.headers = both  # a browser that is signed in sends its cookie along
            assert set(await shown_by(bearer)) == {alias}, reader
    assert not wrong
