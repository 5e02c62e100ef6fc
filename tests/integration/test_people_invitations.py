"""Invitations and new passwords: links that work once, and are worth what their maker may still do."""

import asyncio

import asyncpg
import pytest
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.people import GOOD, Browser, make_group, make_person

NEW = {"name": "Cid", "password": GOOD}


@pytest.fixture
async def manager(app: Quart, admin: Caller, conn: asyncpg.Connection) -> Browser:
    """Bob, of north; there are an owner and another group, south."""
    await make_person(admin, "ann@example.org")
    await make_person(admin, "bob@example.org")
    await make_group(conn, "north", bob="manager")
    await make_group(conn, "south")
    browser = Browser(app)
    await browser.sign_in("bob@example.org")
    return browser


async def invite(browser: Browser, email: str = "cid@example.org", role: str = "viewer") -> str:
    made = await browser.call("POST", "/api/invitations", {"email": email, "group": "north", "role": role})
    assert made.status_code == 201, await made.get_data(as_text=True)
    told = await made.get_json()
    assert told["link"].startswith("http://localhost/#invitation=trk_") and told["mailed"] is False
    return str(told["link"].partition("=")[2])


async def test_somebody_is_invited_and_joins(app: Quart, manager: Browser, conn: asyncpg.Connection) -> None:
    code = await invite(manager)
    assert code.encode() not in await conn.fetchval("select hash from invitation")
    guest = Browser(app)
    shown = await guest.call("POST", "/api/invitations/show", {"code": code})
    expected = {"email": "cid@example.org", "group": "north", "name": "North", "role": "viewer", "account": False}
    assert await shown.get_json() == expected
    assert (await guest.call("POST", "/api/invitations/accept", {"code": code})).status_code == 422
    weak = await guest.call("POST", "/api/invitations/accept", {"code": code, "name": "Cid", "password": "short"})
    assert weak.status_code == 422
    joined = await guest.call("POST", "/api/invitations/accept", {"code": code, **NEW})
    assert joined.status_code == 201
    assert (await guest.json("/api/me"))["groups"] == [{"id": "north", "role": "viewer"}]
    assert (await Browser(app).sign_in("cid@example.org")).status_code == 201
    for path, body in (("show", {}), ("accept", NEW)):
        assert (await Browser(app).call("POST", f"/api/invitations/{path}", {"code": code, **body})).status_code == 404


async def test_of_two_that_accept_at_once_one_joins(app: Quart, manager: Browser, conn: asyncpg.Connection) -> None:
    code = await invite(manager)
    answers = await asyncio.gather(
        *(Browser(app).call("POST", "/api/invitations/accept", {"code": code, **NEW}) for _ in range(3))
    )
    assert sorted(each.status_code for each in answers)[0] == 201
    assert [each.status_code for each in answers].count(201) == 1
    assert await conn.fetchval("select count(*) from person") == 3


async def test_who_has_an_account_signs_in_first_and_loses_no_role(
    app: Quart, manager: Browser, conn: asyncpg.Connection
) -> None:
    higher, lower = await invite(manager, "ann@example.org", "manager"), await invite(manager, "ANN@example.org")
    guest = Browser(app)
    assert (await guest.call("POST", "/api/invitations/accept", {"code": higher, **NEW})).status_code == 409
    await guest.sign_in("ann@example.org")
    for code in (higher, lower):
        assert (await guest.call("POST", "/api/invitations/accept", {"code": code})).status_code == 201
    assert (await guest.json("/api/me"))["groups"] == [{"id": "north", "role": "manager"}]


async def test_nobody_invites_beyond_what_she_may(
    app: Quart, admin: Caller, manager: Browser, conn: asyncpg.Connection
) -> None:
    await make_person(admin, "vic@example.org")
    await conn.execute(
        "insert into group_person select g.key, p.key, 'dispatcher' from rights_group g, person p "
        "where g.id = 'north' and p.email = 'vic@example.org'"
    )
    dispatcher, owner = Browser(app), Browser(app)
    await dispatcher.sign_in("vic@example.org")
    await owner.sign_in("ann@example.org")
    body = {"email": "cid@example.org", "role": "viewer"}
    for browser, group, expected in (
        (dispatcher, "north", 403),
        (dispatcher, "south", 404),
        (dispatcher, "west", 404),
        (manager, "south", 404),
        (manager, "west", 404),
        (owner, "south", 201),
        (owner, "west", 404),
    ):
        assert (await browser.call("POST", "/api/invitations", body | {"group": group})).status_code == expected, group
    for wrong in ({"email": "no address"}, {"role": "owner"}, {"group": "no/slug"}, {"email": "a@b\r\nBcc: c@d"}):
        answered = await manager.call("POST", "/api/invitations", body | {"group": "north"} | wrong)
        assert answered.status_code == 422, wrong


@pytest.mark.parametrize(
    "end",
    [
        "update invitation set expires_at = now() - interval '1 second'",
        "update group_person set role = 'viewer'",
        "delete from group_person",
        "delete from person where email = 'bob@example.org'",
        "delete from rights_group where id = 'north'",
    ],
)
async def test_an_invitation_ends_with_the_right_to_make_it(
    app: Quart, manager: Browser, conn: asyncpg.Connection, end: str
) -> None:
    code = await invite(manager)
    await conn.execute(end)
    answered = await Browser(app).call("POST", "/api/invitations/accept", {"code": code, **NEW})
    assert answered.status_code == 404
    assert await conn.fetchval("select count(*) from person where email = 'cid@example.org'") == 0


async def test_guessed_codes_have_to_wait(app: Quart) -> None:
    for path in ("invitations/accept", "invitations/show", "password-resets/accept"):
        answers = [
            await Browser(app, f"{path[:1]}.{len(path)}").call("POST", f"/api/{path}", {"code": f"guess {n}", **NEW})
            for n in range(13)
        ]
        assert [each.status_code for each in answers] == [404] * 11 + [429] * 2


async def test_an_owner_hands_over_a_link_for_a_new_password(
    app: Quart, admin: Caller, manager: Browser, conn: asyncpg.Connection
) -> None:
    key = await conn.fetchval("select key from person where email = 'bob@example.org'")
    assert (await manager.call("POST", f"/api/people/{key}/reset")).status_code == 403
    links = [await (await admin.post(f"/api/people/{key}/reset")).get_json() for _ in range(2)]
    codes = [each["link"].partition("#password=")[2] for each in links]
    ann = await conn.fetchval("select key from person where email = 'ann@example.org'")
    others = (await (await admin.post(f"/api/people/{ann}/reset")).get_json())["link"].partition("#password=")[2]
    new = "another long password"
    for body, expected in (
        ({"code": codes[0], "password": "short"}, 422),
        ({"code": codes[0][:-1], "password": new}, 404),
        ({"code": codes[0], "password": new}, 204),
        ({"code": codes[0], "password": new}, 404),
        ({"code": codes[1], "password": new}, 404),  # with one all are used
        ({"code": others, "password": new}, 204),  # but for those of others
    ):
        assert (await Browser(app).call("POST", "/api/password-resets/accept", body)).status_code == expected
    assert (await manager.call("GET", "/api/me")).status_code == 401
    assert (await Browser(app).sign_in("bob@example.org")).status_code == 401
    assert (await Browser(app).sign_in("bob@example.org", new)).status_code == 201
    late = (await (await admin.post(f"/api/people/{key}/reset")).get_json())["link"].partition("#password=")[2]
    await conn.execute("update password_reset set expires_at = now() - interval '1 second'")
    used = await Browser(app).call("POST", "/api/password-resets/accept", {"code": late, "password": GOOD})
    assert used.status_code == 404


async def test_the_audit_says_who_did_what_and_cannot_be_changed(
    app: Quart, admin: Caller, manager: Browser, conn: asyncpg.Connection
) -> None:
    code = await invite(manager)
    await Browser(app, "192.0.2.9").call("POST", "/api/invitations/accept", {"code": code, **NEW})
    owner, guest = Browser(app), Browser(app)
    await owner.sign_in("ann@example.org")
    await guest.sign_in("cid@example.org")
    page = await owner.json("/api/audit")
    deeds = [(each["number"], each["who"], each["deed"], each["group"]) for each in page["entries"]]
    assert [each for each in deeds if each[2] != "session.opened"] == [
        (1, "operator", "person.made", None),
        (2, "operator", "person.made", None),
        *[each for each in deeds if each[2] in ("person.invited", "person.joined")],
    ]
    seen = await manager.json("/api/audit")
    assert [(each["who"], each["deed"], each["address"], each["detail"]) for each in seen["entries"]] == [
        ("Bob@Example.Org", "person.invited", "192.0.2.1", {"role": "viewer"}),
        ("Cid", "person.joined", "192.0.2.9", {"role": "viewer"}),
    ]
    rest = await manager.json(f"/api/audit?after={seen['entries'][0]['number']}&limit=1")
    assert [each["deed"] for each in rest["entries"]] == ["person.joined"]
    assert (await manager.json(f"/api/audit?after={rest['next']}")) == {"entries": [], "next": rest["next"]}
    assert (await guest.call("GET", "/api/audit")).status_code == 403
    for statement in ("update audit set person = 1", "delete from audit", "truncate audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(statement)


async def test_the_audit_is_numbered_without_gaps_in_the_order_of_commit(pool: asyncpg.Pool, admin: Caller) -> None:
    await asyncio.gather(*(make_person(admin, f"p{n}@example.org") for n in range(12)))
    taken = await admin.post("/api/people", {"email": "P1@example.org", "password": GOOD})
    assert taken.status_code == 409  # and leaves no number out
    await make_person(admin, "last@example.org")
    page = await (await admin.get("/api/audit")).get_json()
    assert [each["number"] for each in page["entries"]] == list(range(1, 14))


async def test_what_is_done_to_things_is_noted_and_what_fails_is_not(admin: Caller, viewer: Caller) -> None:
    await make_person(admin, "ann@example.org")
    await admin.post("/api/devices", {"id": "phone"})
    await admin.post("/api/devices", {"id": "phone"})  # is there already
    await admin.patch("/api/devices/phone", {"name": "Ann's phone"})
    await admin.post("/api/devices/phone/token")
    assert (await viewer.get("/api/devices/phone/track")).status_code == 200  # nobody's own
    fence = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.4, 43.7]}}
    await admin.post("/api/geofences", fence | {"id": "home", "properties": {"radius": 50}})
    await admin.put("/api/geofences/home", fence | {"properties": {"radius": 60}})
    await admin.put("/api/geofences/home", fence | {"properties": {"radius": -1}})
    await admin.delete("/api/geofences/home")
    made = await (await admin.post("/api/tokens", {"kind": "viewer"})).get_json()
    await admin.delete(f"/api/tokens/{made['id']}")
    await admin.delete("/api/devices/phone")
    await admin.delete("/api/devices/phone")
    entries = (await (await admin.get("/api/audit?after=1")).get_json())["entries"]
    assert [(each["deed"], each["object"]) for each in entries] == [
        ("device.made", "phone"),
        ("device.changed", "phone"),
        ("device.token_made", "phone"),
        ("geofence.made", "home"),
        ("geofence.changed", "home"),
        ("geofence.erased", "home"),
        ("token.made", str(made["id"])),
        ("token.revoked", str(made["id"])),
        ("device.erased", "phone"),
    ]


async def test_reading_where_somebody_was_is_noted(app: Quart, admin: Caller, conn: asyncpg.Connection) -> None:
    ann, bob = await make_person(admin, "ann@example.org"), await make_person(admin, "bob@example.org", owner=True)
    await admin.post("/api/devices", {"id": "phone"})
    await conn.execute("update device set person = $1", bob)
    family = await make_group(conn, "family", ann="viewer")
    await conn.execute("insert into group_device select $1, key from device", family)
    seen = (await conn.fetchval("select max(number) from audit")) or 0
    for email in ("ann@example.org", "bob@example.org"):
        browser = Browser(app)
        await browser.sign_in(email)
        await browser.call("GET", "/api/devices/phone/track")
    rows = await conn.fetch("select person, deed, object, detail from audit where number > $1", seen)
    noted = [(row["person"], row["deed"], row["object"]) for row in rows]
    assert noted == [(ann, "history.read", "phone")]
