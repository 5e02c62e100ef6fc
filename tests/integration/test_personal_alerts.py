"""Alerts of one's own: whoever sees something may be told of it, alone, and in no other place than one's own."""

from typing import Any

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tests.integration.people import GOOD, Browser, make_person
from tests.integration.test_api_channels import PUSH
from tests.integration.world import build, readers
from tracker.access.gate import Gate
from tracker.access.passwords import Passwords
from tracker.access.tokens import digest, new_secret
from tracker.alerts.carriers.build import build_carriers
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.vapid import Vapid, new_key
from tracker.api.app import Parts, build_app
from tracker.api.personal_alerts import MOST
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.settings import Remote
from tracker.store.subscriptions import select_enabled_subscriptions

MAIL = {"kind": "email"}
HOOK = {"kind": "webhook", "url": "https://1.1.1.1/hook"}


@pytest.fixture
def app(gate: Gate, ready: Any, passwords: Passwords) -> Quart:
    """With a mail server that is only ever named."""
    smtp = Remote("smtp", "mail.example.org", 587)
    carriers = build_carriers(Dialer(), Vapid(new_key()), smtp=smtp, smtp_from="Tracker <a@example.org>")
    parts = Parts(gate=gate, table=Table(), metrics=Metrics(), ready=ready, passwords=passwords, carriers=carriers)
    return build_app(parts)


async def ids(caller: Caller) -> list[str]:
    response = await caller.get("/api/subscriptions")
    assert response.status_code == 200
    return [each["id"] for each in (await response.get_json())["subscriptions"]]


@pytest.fixture
async def callers(app: Quart, conn: asyncpg.Connection) -> dict[str, Caller]:
    await build(conn)
    await conn.execute("update person set email = email || '@example.org'")
    found = await readers(app, conn)
    for name in ("owner", "nobody", "child", "southern", "viewer", "dispatcher", "manager"):
        key = await conn.fetchval("select key from person where email = $1", f"{name}@example.org")
        found[f"person {name}"].headers = await sign_in(conn, key)
    return found


async def sign_in(conn: asyncpg.Connection, person: int) -> dict[str, str]:
    secret = new_secret()
    await conn.execute(
        "insert into session (hash, person, expires_at) values ($1, $2, now() + interval '1 hour')",
        digest(secret),
        person,
    )
    return {"Cookie": f"tracker_session={secret}", "Origin": "http://localhost"}


async def test_what_a_manager_makes_for_others_is_in_its_language(
    app: Quart, callers: dict[str, Caller], conn: asyncpg.Connection
) -> None:
    admin = Caller(app, ADMIN)
    await conn.execute("update person set language = 'de' where email = 'manager@example.org'")
    letter = {**MAIL, "to": ["nobody-here@example.net"]}
    for caller, language in ((callers["person manager"], "de"), (admin, None)):
        made = await caller.post("/api/subscriptions", {"id": f"of-{language}", "channel": letter})
        assert (await made.get_json())["language"] is None, "none was set"
        (found,) = [each for each in await select_enabled_subscriptions(conn) if each.id == f"of-{language}"]
        assert found.language == language


async def test_a_viewer_is_told_in_its_own_places_and_nowhere_else(callers: dict[str, Caller]) -> None:
    viewer = callers["person viewer"]
    for channel, status, field in (
        (PUSH, 201, None),
        (MAIL, 201, None),
        ({**MAIL, "to": ["Viewer@Example.ORG"]}, 201, None),
        ({**MAIL, "to": ["eve@example.org"]}, 422, "channel.to"),
        ({**MAIL, "to": ["viewer@example.org", "eve@example.org"]}, 422, "channel.to"),
        (HOOK, 403, None),
        ({"kind": "mqtt", "topic": "t"}, 403, None),
    ):
        made = await viewer.post("/api/subscriptions", {"channel": channel})
        said = await made.get_json()
        assert (made.status_code, said.get("field")) == (status, field), (channel, said)
        if status == 201 and channel["kind"] == "email":
            assert said["personal"] and [each.casefold() for each in said["channel"]["to"]] == ["viewer@example.org"]
        if status == 201:
            path = f"/api/subscriptions/{said['id']}"
            assert (await viewer.patch(path, {"channel": HOOK})).status_code == 403
            assert (await viewer.patch(path, {"channel": {**MAIL, "to": ["eve@example.org"]}})).status_code == 422
            assert (await viewer.patch(path, {"name": "mine", "cooldown": 60})).status_code == 200
    for group in ("north", "south", "none"):
        refused = await viewer.post("/api/subscriptions", {"channel": MAIL, "in_group": group})
        assert refused.status_code == 403, group
    for reader in ("viewer of all", "dispatcher of north"):
        assert (await callers[reader].post("/api/subscriptions", {"channel": PUSH})).status_code == 403
    for reader in ("manager of north", "operator"):
        assert (
            await callers[reader].post("/api/subscriptions", {"channel": PUSH, "personal": True})
        ).status_code == 422


async def test_it_is_seen_by_its_person_alone(callers: dict[str, Caller]) -> None:
    owners = {"person viewer": "v", "person manager": "m", "person owner": "o"}
    for reader, id in owners.items():
        made = await callers[reader].post("/api/subscriptions", {"id": id, "channel": MAIL, "personal": True})
        assert made.status_code == 201, await made.get_data(as_text=True)
    for reader, caller in callers.items():
        if (await caller.get("/api/subscriptions")).status_code == 403:
            continue
        expected = {owners[reader]} if reader in owners else set()
        assert set(owners.values()) & set(await ids(caller)) == expected, reader
        for whose, id in owners.items():
            path, other = f"/api/subscriptions/{id}", "/api/subscriptions/unknown"
            for way in ("", "/deliveries"):
                given, unknown = await caller.get(path + way), await caller.get(other + way)
                assert given.status_code == (200 if whose == reader else 404), (reader, id)
                if whose != reader:
                    assert await given.get_data() == await unknown.get_data()
            if whose != reader:
                assert (await caller.delete(path)).status_code == 404
                taken = await caller.post("/api/subscriptions", {"id": id, "channel": PUSH})
                assert (await taken.get_json())["detail"] == "choose another id"
    manager = callers["person manager"]
    assert (await manager.put("/api/groups/north/subscriptions/m", {})).status_code == 409
    assert (await callers["person viewer"].delete("/api/subscriptions/v")).status_code == 204


async def test_one_has_so_many(callers: dict[str, Caller]) -> None:
    viewer, nobody = callers["person viewer"], callers["person nobody"]
    answers = [(await viewer.post("/api/subscriptions", {"channel": PUSH})).status_code for _ in range(MOST + 1)]
    assert answers == [201] * MOST + [422]
    assert (await nobody.post("/api/subscriptions", {"channel": PUSH})).status_code == 201


async def test_it_goes_with_its_person_and_its_letters_follow(app: Quart, conn: asyncpg.Connection) -> None:
    admin = Caller(app, ADMIN)
    await make_person(admin, "owner@example.org")
    ann = await make_person(admin, "ann@example.org")
    browser = Browser(app)
    await browser.sign_in("ann@example.org")
    for channel in (MAIL, PUSH):
        assert (await browser.call("POST", "/api/subscriptions", {"channel": channel})).status_code == 201
    before = await conn.fetchval("select revision from subscription_head")
    changed = await browser.call("PATCH", f"/api/people/{ann}", {"email": "anna@example.org", "current": GOOD})
    assert changed.status_code == 200
    assert await conn.fetch(
        "select channel ->> 'kind' as kind, channel -> 'to' as to from subscription order by key"
    ) == [
        ("email", b'["anna@example.org"]'),
        ("webpush", None),
    ]
    assert (await browser.call("DELETE", f"/api/people/{ann}")).status_code == 204
    assert await conn.fetchval("select count(*) from subscription") == 0
    assert await conn.fetchval("select revision from subscription_head") > before + 1  # who sends reads them anew
