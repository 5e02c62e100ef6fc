"""Views that a person keeps: hers alone, whatever the others may."""

import asyncpg
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tests.integration.people import Browser, make_group, make_person
from tracker.api.saved_views import MOST

NIGHT = {"name": "Night", "address": "show=moving&at=24.94,60.17,12.00"}


async def test_a_view_is_kept_renamed_and_removed_by_its_person_alone(app: Quart, conn: asyncpg.Connection) -> None:
    admin = Caller(app, ADMIN)
    await make_person(admin, "owner@example.org")
    ada = await make_person(admin, "ada@example.org")
    await make_group(conn, "north", ada="viewer")
    browser, owner = Browser(app), Browser(app)
    await browser.sign_in("ada@example.org")
    await owner.sign_in("owner@example.org")
    path = f"/api/people/{ada}/views"
    made = await browser.call("POST", path, NIGHT)
    assert made.status_code == 201
    view = await made.get_json()
    assert view == {"id": view["id"], **NIGHT}
    again = await browser.call("POST", path, NIGHT)
    assert (again.status_code, (await again.get_json())["field"]) == (409, "name")
    assert (await browser.call("POST", path, {"name": "A day", "address": ""})).status_code == 201
    assert [each["name"] for each in (await browser.json(path))["views"]] == ["A day", "Night"]
    one = f"{path}/{view['id']}"
    assert (await browser.call("PATCH", one, {"name": "A day"})).status_code == 409
    changed = await browser.call("PATCH", one, {"name": "Late", "address": None})
    assert await changed.get_json() == view | {"name": "Late"}
    for caller in (owner, admin):
        assert (await caller.call("GET", path)).status_code == 403
        assert (await caller.call("PATCH", one, json={"name": "Mine"})).status_code == 403
        assert (await caller.call("DELETE", one, json={})).status_code == 403
    assert (await browser.call("DELETE", one)).status_code == 204
    assert (await browser.call("DELETE", one)).status_code == 404
    assert (await browser.call("PATCH", f"{path}/{2**40}", {"name": "x"})).status_code == 404


async def test_what_no_address_is_and_what_is_too_much_is_refused(app: Quart, conn: asyncpg.Connection) -> None:
    ada = await make_person(Caller(app, ADMIN), "ada@example.org")
    browser = Browser(app)
    await browser.sign_in("ada@example.org")
    path = f"/api/people/{ada}/views"
    for wrong in ({"address": "a b"}, {"address": "x" * 2001}, {"name": "\u200b"}, {"address": "n\u00fc"}):
        assert (await browser.call("POST", path, NIGHT | wrong)).status_code == 422, wrong
    await conn.execute(
        "insert into saved_view (person, name, address) select $1, n, '' from generate_series(1, $2) n", ada, MOST
    )
    full = await browser.call("POST", path, NIGHT)
    assert full.status_code == 409 and str(MOST) in (await full.get_json())["detail"]
