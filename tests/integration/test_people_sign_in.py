"""People sign in by e-mail address and password; nobody learns who has an account, and nobody is locked out."""

import asyncio
import statistics
import time

import asyncpg
from argon2 import PasswordHasher
from quart import Quart

from tests.integration.conftest import Caller
from tests.integration.people import GOOD, Browser, make_group, make_person, wait_until_blocked
from tests.patience import PATIENCE_S
from tracker.access.hashing import AT_ONCE, WAITING, Hashing
from tracker.access.passwords import Passwords
from tracker.errors import NotSignedIn, TooMany
from tracker.store.people import insert_person


async def test_the_first_person_is_the_owner_and_signs_in(app: Quart, admin: Caller, conn: asyncpg.Connection) -> None:
    doors = await Caller(app, None).get("/api/doors")
    assert await doors.get_json() == {"people": False, "mail": False, "passkeys": False, "provider": None}
    key = await make_person(admin, "ann@example.org")
    doors = await Caller(app, None).get("/api/doors")
    assert await doors.get_json() == {"people": True, "mail": False, "passkeys": False, "provider": None}
    stored = await conn.fetchval("select password from person")
    assert stored.startswith("$argon2id$") and GOOD not in stored

    browser = Browser(app)
    signed = await browser.sign_in("Ann@Example.ORG")
    assert signed.status_code == 201
    assert await signed.get_json() == await browser.json("/api/me")
    expected: dict[str, object] = {
        "kind": "person",
        "name": "Ann@Example.Org",
        "device": None,
        "person": key,
        "owner": True,
        "groups": [],
        "share": None,
    }
    assert await signed.get_json() == expected
    assert (await browser.call("GET", "/api/devices")).status_code == 200
    await make_person(admin, "bob@example.org")
    assert [each["owner"] for each in (await browser.json("/api/people"))["people"]] == [True, False]


async def test_an_unknown_account_and_a_wrong_password_answer_the_same(app: Quart, admin: Caller) -> None:
    await make_person(admin, "ann@example.org")
    answers = []
    for email in ("ann@example.org", "nobody@example.org", "no address at all", "ann@example.org\x00"):
        refused = await Browser(app).sign_in(email, "not her password")
        answers.append((refused.status_code, await refused.get_data()))
    assert {status for status, _ in answers} == {401} and len(set(answers)) == 1


async def test_an_unknown_account_takes_as_long_as_a_wrong_password(
    pool: asyncpg.Pool, conn: asyncpg.Connection
) -> None:
    passwords = Passwords(pool, Hashing(PasswordHasher(time_cost=1, memory_cost=16 * 1024, parallelism=1)))
    await insert_person(conn, "ann@example.org", "Ann", await passwords.make(GOOD, ""), is_owner=True)
    times: dict[str, list[float]] = {"ann@example.org": [], "nobody@example.org": []}
    for n in range(24):
        for email, took in times.items():
            began = time.process_time()  # of all threads: on a busy machine the clock on the wall says what others do
            try:
                await passwords.admit(email, "wrong", f"192.0.2.{n}")
            except NotSignedIn:
                took.append(time.process_time() - began)
    known, unknown = (statistics.median(took) for took in times.values())
    assert len(times["ann@example.org"]) == 24 and 0.7 < known / unknown < 1.4


async def test_what_was_hashed_at_another_cost_is_hashed_anew(
    pool: asyncpg.Pool, admin: Caller, conn: asyncpg.Connection
) -> None:
    await make_person(admin, "ann@example.org")
    await Passwords(pool).admit("ann@example.org", GOOD, "192.0.2.1")
    assert str(await conn.fetchval("select password from person")).startswith("$argon2id$v=19$m=65536,t=2,p=1$")


async def test_two_are_hashed_at_a_time_and_66_are_taken() -> None:
    hashing = Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    given = [hashing.hash(f"password {n}") for n in range(AT_ONCE + WAITING + 40)]
    done = await asyncio.gather(*given, return_exceptions=True)
    refused = [each for each in done if isinstance(each, TooMany)]
    assert len(refused) == 40 and refused[0].retry_after > 0
    assert await hashing.verify(str(done[0]), "password 0") and not await hashing.verify(None, "password 0")


async def test_who_leaves_while_it_is_hashed_makes_room_only_when_the_thread_is_done() -> None:
    hashing = Hashing(PasswordHasher(time_cost=2, memory_cost=16 * 1024, parallelism=1))
    for _ in range(2 * (AT_ONCE + WAITING)):  # each gone at once: none of them may stay counted
        task = asyncio.ensure_future(hashing.hash("gone"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                assert (await hashing.hash("a password")).startswith("$argon2id$")
                break
            except TooMany:
                await asyncio.sleep(0.01)


async def test_a_guesser_waits_and_the_person_gets_in_from_elsewhere(app: Quart, admin: Caller) -> None:
    await make_person(admin, "ann@example.org")
    thief = Browser(app, "203.0.113.7")
    answers = [(await thief.sign_in("ann@example.org", f"guess number {n}")).status_code for n in range(9)]
    assert answers == [401] * 6 + [429] * 3
    right = await thief.sign_in("ann@example.org")
    assert right.status_code == 429 and int(right.headers["Retry-After"]) >= 1
    assert (await Browser(app, "192.0.2.1").sign_in("ann@example.org")).status_code == 201


async def test_guesses_made_at_once_count_as_those_made_one_by_one(app: Quart, admin: Caller) -> None:
    await make_person(admin, "ann@example.org")
    thief = Browser(app, "203.0.113.7")
    answers = await asyncio.gather(*(thief.sign_in("ann@example.org", f"guess number {n}") for n in range(30)))
    assert sorted(each.status_code for each in answers) == [401] * 6 + [429] * 24


async def test_a_sign_in_is_a_new_session_and_ends_the_one_before(
    app: Quart, admin: Caller, conn: asyncpg.Connection
) -> None:
    """What somebody planted in the browser is worth nothing afterwards."""
    await make_person(admin, "ann@example.org")
    browser = Browser(app)
    await browser.sign_in("ann@example.org")
    planted = browser.cookie
    await browser.sign_in("ann@example.org")
    assert browser.cookie != planted
    stolen = Caller(app, None)
    assert (await stolen.get("/api/me", Cookie=f"tracker_session={planted}")).status_code == 401
    assert (await stolen.get("/api/me", Cookie=f"tracker_session={browser.cookie}")).status_code == 200
    assert await conn.fetchval("select count(*) from session") == 1


async def test_sessions_are_listed_and_ended(app: Quart, admin: Caller) -> None:
    ann, bob = await make_person(admin, "ann@example.org"), await make_person(admin, "bob@example.org")
    here, there, other = Browser(app, "192.0.2.1"), Browser(app, "192.0.2.2"), Browser(app, "192.0.2.3")
    for browser, email in ((here, "ann@example.org"), (there, "ann@example.org"), (other, "bob@example.org")):
        assert (await browser.sign_in(email)).status_code == 201
    sessions = (await here.json(f"/api/people/{ann}/sessions"))["sessions"]
    assert [(each["address"], each["program"], each["current"]) for each in sessions] == [
        ("192.0.2.2", "Test Browser 1.0", False),
        ("192.0.2.1", "Test Browser 1.0", True),
    ]
    path = f"/api/people/{ann}/sessions/{sessions[0]['id']}"
    assert (await other.call("GET", f"/api/people/{ann}/sessions")).status_code == 404
    assert (await other.call("DELETE", path)).status_code == 404
    assert (await other.call("DELETE", f"/api/people/{bob}/sessions/{sessions[0]['id']}")).status_code == 404
    assert (await here.call("DELETE", path)).status_code == 204
    assert (await there.call("GET", "/api/me")).status_code == 401
    assert (await here.call("DELETE", path)).status_code == 404
    assert (await here.call("DELETE", f"/api/people/{bob}/sessions")).status_code == 204  # she is the owner
    assert (await other.call("GET", "/api/me")).status_code == 401
    assert (await here.call("DELETE", "/api/session")).status_code == 204
    assert (await here.call("GET", "/api/me")).status_code == 401


async def test_a_new_password_ends_the_other_sessions(app: Quart, admin: Caller) -> None:
    ann = await make_person(admin, "ann@example.org")
    here, there = Browser(app), Browser(app)
    await here.sign_in("ann@example.org")
    await there.sign_in("ann@example.org")
    path, new = f"/api/people/{ann}", "quite another password"
    for body in ({"password": new}, {"password": new, "current": "wrong"}, {"email": "eve@example.org"}):
        assert (await there.call("PATCH", path, body)).status_code == 422, body
    weak = await there.call("PATCH", path, {"password": "short", "current": GOOD})
    assert weak.status_code == 422 and (await weak.get_json())["field"] == "password"
    assert (await there.call("PATCH", path, {"password": new, "current": GOOD})).status_code == 200
    assert (await here.call("GET", "/api/me")).status_code == 401
    assert (await there.call("GET", "/api/me")).status_code == 200
    assert (await Browser(app).sign_in("ann@example.org")).status_code == 401
    assert (await Browser(app).sign_in("ann@example.org", new)).status_code == 201


async def test_a_password_that_changes_while_one_signs_in_opens_nothing(
    app: Quart, admin: Caller, conn: asyncpg.Connection
) -> None:
    await make_person(admin, "ann@example.org")
    browser = Browser(app)
    async with conn.transaction():
        await conn.execute("update person set name = name")  # holds the row: the session waits for it
        signing = asyncio.ensure_future(browser.sign_in("ann@example.org"))
        await wait_until_blocked(conn)
        await conn.execute("update person set password = '$argon2id$other'")
    assert (await signing).status_code == 401
    assert await conn.fetchval("select count(*) from session") == 0


async def test_who_may_change_whom(app: Quart, admin: Caller, conn: asyncpg.Connection) -> None:
    ann, bob = await make_person(admin, "ann@example.org"), await make_person(admin, "bob@example.org")
    cid = await make_person(admin, "cid@example.org")
    await make_group(conn, "north", bob="manager", cid="viewer")
    owner, manager, viewer = Browser(app), Browser(app), Browser(app)
    for browser, email in ((owner, "ann"), (manager, "bob"), (viewer, "cid")):
        await browser.sign_in(f"{email}@example.org")
    listed = {
        name: (await each.json("/api/people"))["people"]
        for name, each in (("owner", owner), ("manager", manager), ("viewer", viewer))
    }
    assert [[each["id"] for each in people] for people in listed.values()] == [[ann, bob, cid], [bob, cid], [cid]]
    assert [each["groups"] for each in listed["manager"]] == [
        [{"id": "north", "role": "manager"}],
        [{"id": "north", "role": "viewer"}],
    ]
    assert listed["owner"][2]["groups"] == [{"id": "north", "role": "viewer"}]
    for browser, path, body, expected in (
        (viewer, cid, {"name": "Cid", "language": "de"}, 200),
        (viewer, cid, {"language": "xx"}, 422),
        (manager, cid, {"language": "en"}, 403),
        (viewer, cid, {"owner": True}, 403),
        (viewer, bob, {"name": "Bob"}, 404),
        (viewer, 999, {"name": "Bob"}, 404),
        (manager, cid, {"name": "Not Cid"}, 403),
        (manager, cid, {"owner": True}, 403),
        (manager, ann, {"name": "Ann"}, 404),
        (owner, cid, {"name": "Cid C"}, 200),
        (owner, cid, {"password": "a password by the owner"}, 403),
        (owner, cid, {"email": "dan@example.org"}, 403),
        (owner, cid, {"owner": True}, 200),
    ):
        answered = await browser.call("PATCH", f"/api/people/{path}", body)
        assert answered.status_code == expected, (path, body)
    assert (await viewer.json(f"/api/people/{cid}"))["language"] == "de"  # what is absent stays
    assert (await owner.json(f"/api/people/{ann}"))["language"] is None
    other = Browser(app)
    await make_person(admin, "dan@example.org")
    await other.sign_in("dan@example.org")
    known, unknown = [await (await other.call("GET", f"/api/people/{n}")).get_json() for n in (bob, 999)]
    assert known | {"detail": ""} == unknown | {"detail": ""} and unknown["status"] == 404
    assert known["detail"].replace(str(bob), "N") == unknown["detail"].replace("999", "N")


async def test_the_last_owner_stays(app: Quart, admin: Caller, conn: asyncpg.Connection) -> None:
    ann, bob = await make_person(admin, "ann@example.org"), await make_person(admin, "bob@example.org", owner=True)
    one, two = Browser(app), Browser(app)
    await one.sign_in("ann@example.org")
    await two.sign_in("bob@example.org")
    both = await asyncio.gather(
        one.call("DELETE", f"/api/people/{ann}"), two.call("PATCH", f"/api/people/{bob}", {"owner": False})
    )
    assert sorted(each.status_code for each in both)[1] == 409 and {each.status_code for each in both} & {200, 204}
    assert await conn.fetchval("select count(*) from person where is_owner") == 1
    (left,) = await conn.fetchrow("select key from person where is_owner")
    assert (await admin.delete(f"/api/people/{left}")).status_code == 409


async def test_ones_own_devices_go_with_oneself_and_are_nobody_elses(
    app: Quart, admin: Caller, conn: asyncpg.Connection
) -> None:
    bob = await make_person(admin, "bob@example.org", owner=True)
    browser = Browser(app)
    await browser.sign_in("bob@example.org")
    await conn.execute("insert into device (id, name, person) values ('phone', 'Phone', $1), ('van', 'Van', null)", bob)
    await make_person(admin, "ann@example.org", owner=True)
    assert (await browser.call("DELETE", f"/api/people/{bob}")).status_code == 204
    assert (await admin.get("/api/devices/phone")).status_code == 404
    assert await conn.fetchval("select array_agg(id) from device") == ["van"]


async def test_another_origins_page_does_nothing_with_the_cookie(app: Quart, admin: Caller) -> None:
    ann = await make_person(admin, "ann@example.org")
    browser = Browser(app)
    await browser.sign_in("ann@example.org")
    evil = {"Origin": "https://evil.example"}
    for method, path, body in (
        ("POST", "/api/session", {"email": "ann@example.org", "password": GOOD}),
        ("DELETE", "/api/session", None),
        ("PATCH", f"/api/people/{ann}", {"name": "Eve"}),
        ("DELETE", f"/api/people/{ann}/sessions", None),
        ("POST", "/api/invitations", {"email": "eve@example.org", "group": "north", "role": "viewer"}),
        ("POST", "/api/invitations/accept", {"code": "x"}),
    ):
        assert (await browser.call(method, path, body, **evil)).status_code == 403, path
    assert (await browser.call("GET", "/api/me")).status_code == 200
